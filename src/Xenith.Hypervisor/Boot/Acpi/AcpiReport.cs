// What the log says of ACPI's tables: the list of them, and the lines about single ones, in the words that people and tools know from Xen.

using System;
using Xenith.Hypervisor.Console;

namespace Xenith.Hypervisor.Boot;

internal static class AcpiReport
{
    // A machine has some thirty tables; a damaged list may claim millions.
    private const int MostListed = 256;

    /// <summary>Lists the root pointer, the root table and all tables.</summary>
    internal static void PrintList(ConsoleLog log, AcpiTables<FirmwareMemory> tables)
    {
        Span<byte> maker = stackalloc byte[6];
        AcpiTable.WriteText(tables.Root.Maker, maker);
        log.Info($"ACPI: RSDP {tables.Root.Address:X8}, {tables.Root.Length:X4} (r{tables.Root.Revision} {(ReadOnlySpan<byte>)maker})");
        Print(log, tables.List);
        for (int i = 0; i < tables.Count; i++)
        {
            if (i == MostListed)
            {
                log.Warning($"ACPI: {tables.Count - i} more tables are not listed");
                break;
            }

            AcpiTable table = tables[i];
            Print(log, table);
            if (table.Error == AcpiError.None && table.Signature == 0x5043_4146 && tables.Find("FACP"u8, out TableBytes bytes) == AcpiError.None)
            {
                Fadt fadt = new(bytes);
                PrintIfPresent(log, tables, fadt.Dsdt);
                if (fadt.Facs != 0)
                {
                    // This one has no checksum and a shorter header.
                    TableBytes facs = new(default(FirmwareMemory).Bytes(fadt.Facs, 64));
                    log.Info($"ACPI: FACS {fadt.Facs:X8}, {facs.U32(4):X4}");
                }
            }
        }
    }

    private static void PrintIfPresent(ConsoleLog log, AcpiTables<FirmwareMemory> tables, ulong address)
    {
        if (address != 0)
        {
            Print(log, tables.At(address));
        }
    }

    private static void Print(ConsoleLog log, AcpiTable table)
    {
        Span<byte> text = stackalloc byte[22];
        Span<byte> signature = text.Slice(0, 4), maker = text.Slice(4, 6), name = text.Slice(10, 8), creator = text.Slice(18, 4);
        table.WriteSignature(signature);
        if (table.Error != AcpiError.None)
        {
            log.Warning($"ACPI: {(ReadOnlySpan<byte>)signature} at {table.Address:X8} is not used: {table.Error.Message()}");
            return;
        }

        AcpiTable.WriteText(table.Maker, maker);
        AcpiTable.WriteText(table.Name, name);
        AcpiTable.WriteText(table.Creator, creator);
        log.Info($"ACPI: {(ReadOnlySpan<byte>)signature} {table.Address:X8}, {table.Length:X4} (r{table.Revision} {(ReadOnlySpan<byte>)maker} {(ReadOnlySpan<byte>)name} {table.MakerRevision,8:X} {(ReadOnlySpan<byte>)creator} {table.CreatorRevision,8:X})");
    }

    /// <summary>The registers that exist once per machine.</summary>
    internal static void Print(ConsoleLog log, Fadt fadt)
    {
        if (fadt.PmTimer.Port != 0)
        {
            log.Info($"ACPI: PM-Timer IO Port: 0x{fadt.PmTimer.Port:x} ({fadt.PmTimerBits} bits)");
        }

        AcpiAddress a = fadt.Pm1aControl, b = fadt.Pm1bControl, c = fadt.Pm1aEvent, d = fadt.Pm1bEvent;
        log.Info($"ACPI: SLEEP INFO: pm1x_cnt[{(byte)a.Space}:{a.Value:x},{(byte)b.Space}:{b.Value:x}], pm1x_evt[{(byte)c.Space}:{c.Value:x},{(byte)d.Space}:{d.Value:x}]");
    }

    /// <summary>Intel's IOMMUs. The answer is their number.</summary>
    internal static int Print(ConsoleLog log, DmarTable table)
    {
        int units = 0;
        log.Info($"[VT-D]Host address width {table.AddressWidth}");
        int at = 0;
        while (table.MoveNext(ref at, out TableBytes entry))
        {
            if (DmarTable.TryUnit(entry, out DmarUnit unit))
            {
                log.Info($"[VT-D]found ACPI_DMAR_DRHD: segment {unit.Segment:x4}, address = {unit.Address:x}{(unit.ServesRest ? ", all other devices" : "")}");
                units++;
            }
            else if (DmarTable.TryReserved(entry, out DmarReserved reserved))
            {
                log.Info($"[VT-D]found ACPI_DMAR_RMRR: segment {reserved.Segment:x4}, [{reserved.First:x},{reserved.Last:x}]");
            }
        }

        return units;
    }

    /// <summary>AMD's IOMMUs. The answer is their number.</summary>
    internal static int Print(ConsoleLog log, IvrsTable table)
    {
        int units = 0;
        int at = 0;
        while (table.MoveNext(ref at, out TableBytes entry))
        {
            if (!IvrsTable.TryUnit(entry, out IvrsUnit unit) || WasDescribed(table, at, unit))
            {
                continue;
            }

            log.Info($"AMD-Vi: IOMMU {units}: device {unit.Segment:x4}:{unit.Device >> 8:x2}:{unit.Device >> 3 & 31:x2}.{unit.Device & 7}, address = {unit.Address:x} (IVHD type {unit.Kind:x2}h)");
            units++;
        }

        return units;
    }

    private static bool WasDescribed(IvrsTable table, int before, IvrsUnit unit)
    {
        int at = 0;
        while (table.MoveNext(ref at, out TableBytes entry) && at < before)
        {
            if (IvrsTable.TryUnit(entry, out IvrsUnit other) && other.Segment == unit.Segment && other.Device == unit.Device)
            {
                return true;
            }
        }

        return false;
    }
}
