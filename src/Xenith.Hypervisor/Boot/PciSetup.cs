using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Interrupts;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Boot;

/// <summary>Maps the windows of PCI configuration space that the firmware describes; which of them are used, <see cref="PciWindows"/> says.</summary>
internal static class PciSetup
{
    /// <summary>Maps them. One for which there is no memory is not used.</summary>
    internal static PciWindows MapWindows(ConsoleLog log, EarlyMemory early, PlatformInformation platform, in MemoryMap map)
    {
        PciWindows windows = new();
        if (!platform.Options.Mmcfg)
            return windows;
        for (int i = 0; i < platform.PciWindowCount; i++)
        {
            McfgRange range = platform.PciWindows[i];
            ulong start = range.Address + ((ulong)range.FirstBus << 20);
            ulong bytes = (ulong)(range.LastBus - range.FirstBus + 1) << 20;
            if (!HypervisorAddressSpace.TryMapLargeDevice(early, (uint)i, start, bytes, out MmioRegion registers))
            {
                log.Warning($"PCI: no memory to map MCFG area at {range.Address:x}");
                continue;
            }
            bool isReserved = map.Contains(start, start + bytes, MemoryKind.Reserved);
            windows.TryAdd(range.Address, range.Segment, range.FirstBus, range.LastBus, registers, isReserved);
            if (!isReserved)
            {
                log.Info($"PCI: MCFG area at {range.Address:x} is not reserved in E820");
                continue;
            }
            log.Info($"PCI: MCFG area at {range.Address:x} reserved in E820");
            log.Info($"PCI: Using MCFG for segment {range.Segment:x4} bus {range.FirstBus:x2}-{range.LastBus:x2}");
        }
        return windows;
    }

    /// <summary>dom0 reads configuration space in memory, and its writes are looked at.</summary>
    internal static void KeepWindows(PlatformInformation platform, DeviceFrames devices)
    {
        for (int i = 0; i < platform.PciWindowCount; i++)
        {
            McfgRange range = platform.PciWindows[i];
            devices.MakeReadOnly(Mfn.FromAddress(range.Address + ((ulong)range.FirstBus << 20)), (ulong)(range.LastBus - range.FirstBus + 1) << 8);
        }
    }
}
