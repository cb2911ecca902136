using System.Threading;
using Xenith.Machine;

namespace Xenith.Hypervisor.Interrupts;

/// <summary>
/// Configuration space in memory (PCI Express Base Specification 5.0, 7.2.2; the table that names the windows: PCI Firmware Specification 3.3, 4.1.2): 4 KiB for each function, 1 MiB for each bus. All windows of the
/// firmware's table are mapped while booting. One is used only once something else confirms it: the memory map reserves it, or dom0 has found it among the reserved resources of the
/// firmware's AML. For guests the frames are read-only: their writes go through <see cref="PciConfigFilter"/>.
/// </summary>
public sealed class PciWindows
{
    private const int Capacity = 8;
    private const int BusShift = 20, FunctionShift = 12;

    private readonly Window[] _windows = new Window[Capacity];

    /// <summary>Number of windows.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a window while booting. <paramref name="address"/> is that of bus 0, mapped is what lies from the first bus on. False if there are too many.</summary>
    internal bool TryAdd(ulong address, ushort segment, byte firstBus, byte lastBus, MmioRegion registers, bool isReserved)
    {
        if (Count == Capacity)
            return false;
        _windows[Count++] = new Window
        {
            Address = address, Segment = segment, FirstBus = firstBus, LastBus = lastBus, Registers = registers, IsUsed = isReserved ? 1 : 0,
        };
        return true;
    }

    /// <summary>dom0 confirms a window or takes that back. <see cref="XenError.NoDevice"/> if the firmware's table has none of the same place.</summary>
    internal XenError Confirm(ulong address, ushort segment, byte firstBus, byte lastBus, bool isReserved)
    {
        for (int i = 0; i < Count; i++)
        {
            ref Window window = ref _windows[i];
            if (window.Address != address || window.Segment != segment || window.FirstBus != firstBus || window.LastBus != lastBus)
                continue;
            Volatile.Write(ref window.IsUsed, isReserved ? 1 : 0);
            return XenError.None;
        }
        return XenError.NoDevice;
    }

    /// <summary>Registers of the window that has a function, and where it begins there. False if there is none in use.</summary>
    internal bool TryFind(PciSbdf function, out MmioRegion registers, out uint offset)
    {
        for (int i = 0; i < Count; i++)
        {
            ref Window window = ref _windows[i];
            if (window.Segment != function.Segment || function.Bus < window.FirstBus || function.Bus > window.LastBus || Volatile.Read(ref window.IsUsed) == 0)
                continue;
            registers = window.Registers;
            offset = (uint)(function.Bus - window.FirstBus) << BusShift | (uint)function.DeviceAndFunction << FunctionShift;
            return true;
        }
        registers = default;
        offset = 0;
        return false;
    }

    /// <summary>The function whose configuration space a frame is, whether or not the window is in use. False if it is none.</summary>
    internal bool TryDecode(Mfn frame, out PciSbdf function)
    {
        for (int i = 0; i < Count; i++)
        {
            ref Window window = ref _windows[i];
            ulong first = (window.Address + ((ulong)window.FirstBus << BusShift)) / AddressSpace.PageSize;
            ulong count = (ulong)(window.LastBus - window.FirstBus + 1) << (BusShift - FunctionShift);
            if (frame.Value < first || frame.Value - first >= count)
                continue;
            ulong place = frame.Value - first;
            function = new PciSbdf(window.Segment, (byte)(window.FirstBus + (place >> 8)), (byte)(place & 0xff));
            return true;
        }
        function = default;
        return false;
    }

    private struct Window
    {
        internal ulong Address;
        internal MmioRegion Registers;
        internal ushort Segment;
        internal byte FirstBus, LastBus;
        internal int IsUsed;
    }
}
