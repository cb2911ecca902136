using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Interrupts;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>
/// A PV guest's access to I/O ports. Ports that it may not use read as ones and swallow writes, as empty ports do. The pairs 0xcf8/0xcfc and 0x70/0x71
/// select a register by one port and access it by another; since several domains and the hypervisor use them, each domain has a latch of its own.
/// </summary>
internal static class PortEmulation
{
    private const ushort PciAddress = 0xcf8, PciData = 0xcfc;
    private const ushort CmosIndex = 0x70, CmosData = 0x71;
    private const uint PciEnable = 1U << 31, PciExtended = 0x7f00_0000;

    /// <summary>Reads 1, 2 or 4 bytes.</summary>
    internal static uint Read(Domain domain, ushort port, int size)
    {
        if (!IsSpecial(port, size))
            return domain.Pv.Ports.IsAllowed(port, size) ? ReadNative(port, size) : ReadDenied(domain, port, size);
        if (port == PciAddress && size == 4)
            return domain.Pv.PciAddress;
        if (port >= PciData && port + size <= PciData + 4)
            return domain.Pv.Ports.IsAllowed(port, size) ? Host.Current.PairedPorts.ReadPci(domain.Pv.PciAddress, port - PciData, size) : Ones(size);
        if (size == 1 && port is CmosIndex or CmosData)
        {
            if (!domain.Pv.Ports.IsAllowed(port, size))
                return Ones(size);
            return port == CmosData ? Host.Current.PairedPorts.ReadCmos(domain.Pv.CmosIndex) : domain.Pv.CmosIndex;
        }
        uint value = 0;
        for (int i = 0; i < size; i++)
            value |= Read(domain, (ushort)(port + i & 0xffff), 1) << (i * 8);
        return value;
    }

    /// <summary>Writes 1, 2 or 4 bytes.</summary>
    internal static void Write(Domain domain, ushort port, int size, uint value)
    {
        if (!IsSpecial(port, size))
        {
            if (domain.Pv.Ports.IsAllowed(port, size))
                WriteNative(port, size, value);
            else
                WriteDenied(domain, port, size, value);
            return;
        }
        if (port == PciAddress && size == 4)
        {
            domain.Pv.PciAddress = value;
            return;
        }
        if (port >= PciData && port + size <= PciData + 4)
        {
            if (domain.Pv.Ports.IsAllowed(port, size))
                WriteConfiguration(domain.Pv.PciAddress, port - PciData, size, value);
            return;
        }
        if (size == 1 && port is CmosIndex or CmosData)
        {
            if (!domain.Pv.Ports.IsAllowed(port, size))
                return;
            if (port == CmosIndex)
                domain.Pv.CmosIndex = (byte)(value & 0x7f);
            else
                Host.Current.PairedPorts.WriteCmos(domain.Pv.CmosIndex, (byte)(value & 0xff));
            return;
        }
        for (int i = 0; i < size; i++)
            Write(domain, (ushort)(port + i & 0xffff), 1, value >> (i * 8) & 0xff);
    }

    /// <summary>Ports that the hypervisor keeps: dom0 gets at a part of the interval timer, byte by byte; all else reads as ones.</summary>
    private static uint ReadDenied(Domain domain, ushort port, int size)
    {
        uint value = Ones(size);
        for (int i = 0; domain.IsPrivileged && i < size; i++)
        {
            ushort at = (ushort)(port + i & 0xffff);
            if (IntervalTimerChannel.Has(at))
                value = (value & ~(0xffU << (i * 8))) | ((uint)IntervalTimerChannel.Read(at) << (i * 8));
        }
        return value;
    }

    private static void WriteDenied(Domain domain, ushort port, int size, uint value)
    {
        for (int i = 0; domain.IsPrivileged && i < size; i++)
        {
            ushort at = (ushort)(port + i & 0xffff);
            if (IntervalTimerChannel.Has(at))
                IntervalTimerChannel.Write(at, (byte)(value >> (i * 8) & 0xff));
        }
    }

    /// <summary>Writes to the register that an address for port 0xcf8 names. Addresses of some AMD chipsets, with register bits above the bus, go through as they are.</summary>
    private static void WriteConfiguration(uint address, int offset, int size, uint value)
    {
        if ((address & PciEnable) == 0)
            return;
        if ((address & PciExtended) != 0)
            Host.Current.PairedPorts.WritePci(address, offset, size, value);
        else
            PciConfigFilter.Write(Host.Current, new PciSbdf(0, (byte)(address >> 16 & 0xff), (byte)(address >> 8 & 0xff)), (address & 0xfc) + (uint)offset, size, value);
    }

    /// <summary>True if the access touches a port of one of the pairs. A byte or word at 0xcf8 is another device's (0xcf9 resets the machine).</summary>
    private static bool IsSpecial(uint port, int size)
    {
        uint end = port + (uint)size;
        return (port < CmosData + 1 && end > CmosIndex)
            || (port < PciData + 4 && end > PciData)
            || (port == PciAddress && size == 4);
    }

    private static uint Ones(int size) => uint.MaxValue >> (32 - size * 8);

    private static uint ReadNative(ushort port, int size) => size switch { 1 => Port.In8(port), 2 => Port.In16(port), _ => Port.In32(port) };

    private static void WriteNative(ushort port, int size, uint value)
    {
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
