// The multiple APIC description table: CPUs, interrupt controllers, and how the old ISA interrupts are wired to them (ACPI 6.5, 5.2.12).

namespace Xenith.Hypervisor.Boot;

internal enum MadtEntry : byte
{
    LocalApic = 0,
    IoApic = 1,
    InterruptOverride = 2,
    NmiSource = 3,
    LocalApicNmi = 4,
    LocalApicAddress = 5,
    LocalX2Apic = 9,
    LocalX2ApicNmi = 10,
}

/// <summary>A CPU.</summary>
internal struct MadtCpu
{
    internal uint ApicId;
    internal uint ProcessorId;

    /// <summary>There now.</summary>
    internal bool IsEnabled;

    /// <summary>Not there, but may come.</summary>
    internal bool IsOnlineCapable;
}

/// <summary>An I/O APIC.</summary>
internal struct MadtIoApic
{
    internal byte Id;
    internal uint Address;

    /// <summary>Global system interrupt of its first pin.</summary>
    internal uint FirstGsi;
}

/// <summary>How an interrupt line is driven (MPS INTI flags, ACPI 6.5, 5.2.12.5).</summary>
internal readonly struct MadtLine(ushort flags)
{
    private readonly ushort _flags = flags;

    /// <summary>The polarity as ACPI's words for it.</summary>
    internal string Polarity => (_flags & 3) switch { 0 => "dfl", 1 => "high", 3 => "low", _ => "res" };

    /// <summary>The trigger mode as ACPI's words for it.</summary>
    internal string Trigger => ((_flags >> 2) & 3) switch { 0 => "dfl", 1 => "edge", 3 => "level", _ => "res" };

    /// <summary>Active low; what conforms to the ISA bus is not.</summary>
    internal bool IsActiveLow => (_flags & 3) == 3;

    /// <summary>Level-triggered; what conforms to the ISA bus is not.</summary>
    internal bool IsLevel => ((_flags >> 2) & 3) == 3;
}

/// <summary>An ISA interrupt that is not wired to the pin of its number.</summary>
internal struct MadtOverride
{
    internal byte Irq;
    internal uint Gsi;
    internal MadtLine Line;
}

/// <summary>A pin of local APICs to which NMI is wired.</summary>
internal struct MadtLocalNmi
{
    internal const uint AllProcessors = uint.MaxValue;

    /// <summary>ACPI's number of the CPU, or <see cref="AllProcessors"/>.</summary>
    internal uint ProcessorId;

    /// <summary>LINT0 or LINT1.</summary>
    internal byte Pin;

    internal MadtLine Line;
}

/// <summary>A view of the table.</summary>
internal readonly ref struct Madt(TableBytes table)
{
    private const int FirstEntry = 44;

    private readonly TableBytes _table = table;

    /// <summary>Address of the local APIC's registers: the 64-bit one of an override entry, if there is one.</summary>
    internal ulong LocalApicAddress
    {
        get
        {
            ulong address = _table.U32(36);
            AcpiEntries entries = Entries;
            while (entries.MoveNext())
            {
                if (entries.Type == (byte)MadtEntry.LocalApicAddress)
                {
                    address = entries.Current.U64(4);
                }
            }

            return address;
        }
    }

    /// <summary>Whether there are two 8259s, which must be masked.</summary>
    internal bool HasLegacyPics => (_table.U32(40) & 1) != 0;

    /// <summary>All entries; the methods below read them.</summary>
    internal AcpiEntries Entries => new(_table, FirstEntry);

    internal static bool TryCpu(in AcpiEntries entries, out MadtCpu cpu)
    {
        TableBytes entry = entries.Current;
        cpu = default;
        uint flags;
        if (entries.Type == (byte)MadtEntry.LocalApic && entry.Length >= 8)
        {
            cpu.ProcessorId = entry.U8(2);
            cpu.ApicId = entry.U8(3);
            flags = entry.U32(4);
        }
        else if (entries.Type == (byte)MadtEntry.LocalX2Apic && entry.Length >= 16)
        {
            cpu.ApicId = entry.U32(4);
            flags = entry.U32(8);
            cpu.ProcessorId = entry.U32(12);
        }
        else
        {
            return false;
        }

        cpu.IsEnabled = (flags & 1) != 0;
        cpu.IsOnlineCapable = !cpu.IsEnabled && (flags & 2) != 0;
        return true;
    }

    internal static bool TryIoApic(in AcpiEntries entries, out MadtIoApic ioApic)
    {
        TableBytes entry = entries.Current;
        ioApic = new MadtIoApic { Id = entry.U8(2), Address = entry.U32(4), FirstGsi = entry.U32(8) };
        return entries.Type == (byte)MadtEntry.IoApic && entry.Length >= 12;
    }

    internal static bool TryOverride(in AcpiEntries entries, out MadtOverride change)
    {
        TableBytes entry = entries.Current;
        change = new MadtOverride { Irq = entry.U8(3), Gsi = entry.U32(4), Line = new MadtLine(entry.U16(8)) };
        return entries.Type == (byte)MadtEntry.InterruptOverride && entry.Length >= 10;
    }

    /// <summary>An I/O APIC's pin that is an NMI.</summary>
    internal static bool TryNmiSource(in AcpiEntries entries, out uint gsi, out MadtLine line)
    {
        TableBytes entry = entries.Current;
        line = new MadtLine(entry.U16(2));
        gsi = entry.U32(4);
        return entries.Type == (byte)MadtEntry.NmiSource && entry.Length >= 8;
    }

    internal static bool TryLocalNmi(in AcpiEntries entries, out MadtLocalNmi nmi)
    {
        TableBytes entry = entries.Current;
        nmi = default;
        if (entries.Type == (byte)MadtEntry.LocalApicNmi && entry.Length >= 6)
        {
            nmi.ProcessorId = entry.U8(2) == byte.MaxValue ? MadtLocalNmi.AllProcessors : entry.U8(2);
            nmi.Line = new MadtLine(entry.U16(3));
            nmi.Pin = entry.U8(5);
            return true;
        }

        if (entries.Type == (byte)MadtEntry.LocalX2ApicNmi && entry.Length >= 12)
        {
            nmi.Line = new MadtLine(entry.U16(2));
            nmi.ProcessorId = entry.U32(4);
            nmi.Pin = entry.U8(8);
            return true;
        }

        return false;
    }
}
