using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>
/// Devices behind an index port and a data port: PCI configuration mechanism 1 (PCI local bus specification 3.0, 3.2.2.3.2) and the CMOS clock (MC146818). The pair has to
/// be used without another CPU coming between.
/// </summary>
public sealed class PairedPorts
{
    private const ushort PciAddress = 0xcf8, PciData = 0xcfc;
    private const ushort CmosIndex = 0x70, CmosData = 0x71;
    private const uint PciEnable = 1U << 31;

    private readonly SpinLock _lock = new(LockRank.Ports);

    /// <summary>Reads 1, 2 or 4 bytes at an offset of the 32-bit register that an address for port 0xcf8 names; ones if its enable bit is clear.</summary>
    public uint ReadPci(uint address, int offset, int size)
    {
        if ((address & PciEnable) == 0)
            return uint.MaxValue >> (32 - size * 8);
        ushort port = (ushort)(PciData + offset);
        using (_lock.EnterInterruptSafe())
        {
            Port.Out32(PciAddress, address);
            return size switch { 1 => Port.In8(port), 2 => Port.In16(port), _ => Port.In32(port) };
        }
    }

    /// <summary>Writes 1, 2 or 4 bytes.</summary>
    public void WritePci(uint address, int offset, int size, uint value)
    {
        if ((address & PciEnable) == 0)
            return;
        ushort port = (ushort)(PciData + offset);
        using (_lock.EnterInterruptSafe())
        {
            Port.Out32(PciAddress, address);
            switch (size)
            {
                case 1:
                    Port.Out8(port, unchecked((byte)value));
                    break;
                case 2:
                    Port.Out16(port, unchecked((ushort)value));
                    break;
                default:
                    Port.Out32(port, value);
                    break;
            }
        }
    }

    /// <summary>Reads a CMOS register.</summary>
    public byte ReadCmos(byte index)
    {
        using (_lock.EnterInterruptSafe())
        {
            Port.Out8(CmosIndex, index);
            return Port.In8(CmosData);
        }
    }

    /// <summary>Writes a CMOS register.</summary>
    public void WriteCmos(byte index, byte value)
    {
        using (_lock.EnterInterruptSafe())
        {
            Port.Out8(CmosIndex, index);
            Port.Out8(CmosData, value);
        }
    }
}
