// Puts what the hypervisor needs of ACPI where the rest of boot looks for it. Whatever cannot be read is a line in the log, and boot
// goes on with what a PC without ACPI would have.

using Xenith.Hypervisor.Console;

namespace Xenith.Hypervisor.Boot;

internal static class AcpiSetup
{
    /// <summary>Fills in the platform's interrupt controllers, timers and power registers.</summary>
    /// <param name="log">For what is found and what is wrong.</param>
    /// <param name="rootHint">Where the boot loader says that the root pointer is, 0 if it does not.</param>
    /// <param name="platform">To be filled in.</param>
    internal static void Read(ConsoleLog log, ulong rootHint, PlatformInformation platform)
    {
        AcpiError error = AcpiTables<FirmwareMemory>.Open(default, rootHint, out AcpiTables<FirmwareMemory> tables);
        if (error != AcpiError.None)
        {
            log.Warning($"ACPI: {error.Message()}");
            return;
        }

        platform.AcpiRoot = tables.Root.Address;
        log.Info($"ACPI: RSDP {tables.Root.Address:x8}, r{tables.Root.Revision}");
        for (int i = 0; i < tables.Count; i++)
        {
            Print(log, tables[i]);
        }

        if (TryFind(log, tables, "FACP"u8, out TableBytes table))
        {
            AddFixed(new Fadt(table), platform);
        }

        if (TryFind(log, tables, "APIC"u8, out table))
        {
            AddInterrupts(log, new Madt(table), platform);
        }

        if (tables.Find("HPET"u8, out table) == AcpiError.None)
        {
            platform.HpetAddress = new HpetTable(table).Address;
        }

        if (tables.Find("MCFG"u8, out table) == AcpiError.None)
        {
            AddWindows(log, new McfgTable(table), platform);
        }
    }

    private static void AddWindows(ConsoleLog log, McfgTable mcfg, PlatformInformation platform)
    {
        for (int i = 0; i < mcfg.Count; i++)
        {
            if (!mcfg.TryRange(i, out McfgRange range) || platform.PciWindowCount == McfgRanges.Capacity)
            {
                log.Warning($"PCI: MCFG configuration {i} is not used: it is damaged, or there are too many");
                continue;
            }

            log.Info($"PCI: MCFG configuration {i}: base {range.Address:x} segment {range.Segment:x4} buses {range.FirstBus:x2} - {range.LastBus:x2}");
            platform.PciWindows[platform.PciWindowCount] = range;
            platform.PciWindowCount++;
        }
    }

    private static void Print(ConsoleLog log, AcpiTable table)
    {
        System.Span<byte> signature = stackalloc byte[4];
        table.WriteSignature(signature);
        if (table.Error == AcpiError.None)
        {
            log.Info($"ACPI: {(System.ReadOnlySpan<byte>)signature} {table.Address:x8}, {table.Length:x4} (r{table.Revision})");
        }
        else
        {
            log.Warning($"ACPI: {(System.ReadOnlySpan<byte>)signature} at {table.Address:x8} is not used: {table.Error.Message()}");
        }
    }

    private static bool TryFind(ConsoleLog log, AcpiTables<FirmwareMemory> tables, System.ReadOnlySpan<byte> signature, out TableBytes table)
    {
        AcpiError error = tables.Find(signature, out table);
        if (error == AcpiError.NotFound)
        {
            log.Warning($"ACPI: no {signature} table");
        }

        return error == AcpiError.None;
    }

    private static void AddFixed(Fadt fadt, PlatformInformation platform)
    {
        platform.PmTimerPort = fadt.PmTimer.Port;
        platform.Pm1aControl = fadt.Pm1aControl.Port;
        platform.Pm1bControl = fadt.Pm1bControl.Port;
        platform.ResetPort = fadt.ResetRegister.Port;
        platform.ResetValue = fadt.ResetValue;
    }

    private static void AddInterrupts(ConsoleLog log, Madt madt, PlatformInformation platform)
    {
        platform.LocalApicAddress = madt.LocalApicAddress;
        AcpiEntries entries = madt.Entries;
        while (entries.MoveNext())
        {
            if (Madt.TryCpu(entries, out MadtCpu cpu))
            {
                if (cpu.IsEnabled)
                    platform.AddCpu(cpu.ApicId, cpu.ProcessorId);
                else if (cpu.IsOnlineCapable)
                    platform.CpusToCome++;
            }
            else if (Madt.TryIoApic(entries, out MadtIoApic ioApic))
            {
                if (platform.IoApicCount < 8)
                {
                    platform.IoApics[platform.IoApicCount] =
                        new IoApicDescription { Id = ioApic.Id, Address = ioApic.Address, FirstGsi = ioApic.FirstGsi };
                    platform.IoApicCount++;
                }
                else
                {
                    log.Warning($"ACPI: IO-APIC {ioApic.Id} is not used: there are too many");
                }
            }
            else if (Madt.TryOverride(entries, out MadtOverride change) && platform.OverrideCount < 16)
            {
                platform.Overrides[platform.OverrideCount] = new InterruptOverride
                {
                    Irq = change.Irq,
                    Gsi = change.Gsi,
                    IsLevel = change.Line.IsLevel,
                    IsActiveLow = change.Line.IsActiveLow,
                };
                platform.OverrideCount++;
            }
        }

        if (entries.IsDamaged)
        {
            log.Warning($"ACPI: the list of interrupt controllers is damaged; its beginning is used");
        }
    }
}
