namespace Xenith.Hypervisor.Interrupts;

/// <summary>A PCI function by segment, bus, device and function number (PCI Firmware Specification 3.3, 4.1; PCI Local Bus Specification 3.0, 3.2.2.3).</summary>
public readonly struct PciSbdf
{
    private readonly uint _bits;

    /// <summary>Device and function number in one byte: five bits, then three.</summary>
    public PciSbdf(ushort segment, byte bus, byte deviceAndFunction) => _bits = (uint)segment << 16 | (uint)bus << 8 | deviceAndFunction;

    /// <summary>All four as one number: segment, bus, device, function.</summary>
    public uint Bits => _bits;

    /// <summary>Segment group.</summary>
    public ushort Segment => (ushort)(_bits >> 16);

    /// <summary>Bus.</summary>
    public byte Bus => (byte)(_bits >> 8 & 0xff);

    /// <summary>Device.</summary>
    public byte Device => (byte)(_bits >> 3 & 0x1f);

    /// <summary>Function.</summary>
    public byte Function => (byte)(_bits & 7);

    /// <summary>Device and function.</summary>
    public byte DeviceAndFunction => (byte)(_bits & 0xff);
}
