using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;

namespace Xenith.Hypervisor.Interrupts;

/// <summary>
/// Configuration space of PCI functions (PCI Local Bus Specification 3.0, chapter 6). The first 256 bytes of segment 0 are reached by ports 0xcf8 and 0xcfc, all else through a window in
/// memory. What cannot be reached reads as ones, as where no function is, and swallows writes. Accesses do not cross a 32-bit register.
/// </summary>
public sealed class PciConfiguration
{
    private const uint PortEnable = 1U << 31;

    private readonly PairedPorts _ports;
    private readonly PciWindows _windows;

    /// <summary>Configuration space by these ports and windows.</summary>
    internal PciConfiguration(PairedPorts ports, PciWindows windows)
    {
        _ports = ports;
        _windows = windows;
    }

    /// <summary>Reads a byte.</summary>
    public byte Read8(PciSbdf function, uint offset) => (byte)(Read(function, offset, 1) & 0xff);

    /// <summary>Reads a word.</summary>
    public ushort Read16(PciSbdf function, uint offset) => (ushort)(Read(function, offset, 2) & 0xffff);

    /// <summary>Reads a doubleword.</summary>
    public uint Read32(PciSbdf function, uint offset) => Read(function, offset, 4);

    /// <summary>Writes a word.</summary>
    public void Write16(PciSbdf function, uint offset, ushort value) => Write(function, offset, 2, value);

    /// <summary>Writes a doubleword.</summary>
    public void Write32(PciSbdf function, uint offset, uint value) => Write(function, offset, 4, value);

    /// <summary>Reads 1, 2 or 4 bytes.</summary>
    public uint Read(PciSbdf function, uint offset, int size)
    {
        if (IsByPort(function, offset))
            return _ports.ReadPci(PortAddress(function, offset), (int)(offset & 3), size);
        if (!_windows.TryFind(function, out MmioRegion window, out uint start))
            return uint.MaxValue >> (32 - size * 8);
        return size switch { 1 => window.Read8(start + offset), 2 => window.Read16(start + offset), _ => window.Read32(start + offset) };
    }

    /// <summary>Writes 1, 2 or 4 bytes.</summary>
    public void Write(PciSbdf function, uint offset, int size, uint value)
    {
        if (IsByPort(function, offset))
        {
            _ports.WritePci(PortAddress(function, offset), (int)(offset & 3), size, value);
            return;
        }
        if (!_windows.TryFind(function, out MmioRegion window, out uint start))
            return;
        switch (size)
        {
            case 1:
                window.Write8(start + offset, (byte)(value & 0xff));
                break;
            case 2:
                window.Write16(start + offset, (ushort)(value & 0xffff));
                break;
            default:
                window.Write32(start + offset, value);
                break;
        }
    }

    private static bool IsByPort(PciSbdf function, uint offset) => function.Segment == 0 && offset < 256;

    private static uint PortAddress(PciSbdf function, uint offset) => PortEnable | function.Bits << 8 | offset & 0xfc;
}
