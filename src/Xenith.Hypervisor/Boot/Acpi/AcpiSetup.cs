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
        AcpiReport.PrintList(log, tables);
        if (TryFind(log, tables, "FACP"u8, out TableBytes table))
        {
            Fadt fadt = new(table);
            AcpiReport.Print(log, fadt);
            platform.PmTimerPort = fadt.PmTimer.Port;
            platform.Pm1aControl = fadt.Pm1aControl.Port;
            platform.Pm1bControl = fadt.Pm1bControl.Port;
            platform.ResetPort = fadt.ResetRegister.Port;
            platform.ResetValue = fadt.ResetValue;
        }

        if (TryFind(log, tables, "APIC"u8, out table))
        {
            AddInterrupts(log, new Madt(table), platform);
        }

        if (tables.Find("HPET"u8, out table) == AcpiError.None)
        {
            HpetTable hpet = new(table);
            platform.HpetAddress = hpet.Address;
            log.Info($"ACPI: HPET id: 0x{hpet.BlockId:x} base: 0x{hpet.Address:x}");
        }

        if (tables.Find("DMAR"u8, out table) == AcpiError.None)
        {
            platform.IommuCount += AcpiReport.Print(log, new DmarTable(table));
        }

        if (tables.Find("IVRS"u8, out table) == AcpiError.None)
        {
            platform.IommuCount += AcpiReport.Print(log, new IvrsTable(table));
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

    /// <summary>The affinity tables, for <see cref="NumaSetup"/>.</summary>
    internal static NumaTables FindNuma(PlatformInformation platform)
    {
        NumaTables numa = default;
        if (platform.AcpiRoot != 0 && AcpiTables<FirmwareMemory>.Open(default, platform.AcpiRoot, out AcpiTables<FirmwareMemory> tables) == AcpiError.None)
        {
            numa.HasSrat = tables.Find("SRAT"u8, out numa.Srat) == AcpiError.None;
            numa.HasSlit = tables.Find("SLIT"u8, out numa.Slit) == AcpiError.None;
        }

        return numa;
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

    private static void AddInterrupts(ConsoleLog log, Madt madt, PlatformInformation platform)
    {
        platform.LocalApicAddress = madt.LocalApicAddress;
        log.Info($"ACPI: Local APIC address 0x{platform.LocalApicAddress:x8}");
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
                log.Info($"ACPI: IOAPIC (id[0x{ioApic.Id:x2}] address[0x{ioApic.Address:x}] gsi_base[{ioApic.FirstGsi}])");
                AddIoApic(log, ioApic, platform);
            }
            else if (Madt.TryOverride(entries, out MadtOverride change))
            {
                log.Info($"ACPI: INT_SRC_OVR (bus 0 bus_irq {change.Irq} global_irq {change.Gsi} {change.Line.Polarity} {change.Line.Trigger})");
                AddOverride(log, change, platform);
            }
        }

        if (entries.IsDamaged)
        {
            log.Warning($"ACPI: the list of interrupt controllers is damaged; its beginning is used");
        }

        if (platform.IoApicCount != 0)
        {
            log.Always($"Using ACPI (MADT) for SMP configuration information");
        }
    }

    private static void AddIoApic(ConsoleLog log, MadtIoApic ioApic, PlatformInformation platform)
    {
        if (platform.IoApicCount == IoApicDescriptions.Capacity)
        {
            log.Warning($"ACPI: IO-APIC {ioApic.Id} is not used: there are too many");
            return;
        }

        platform.IoApics[platform.IoApicCount] = new IoApicDescription { Id = ioApic.Id, Address = ioApic.Address, FirstGsi = ioApic.FirstGsi };
        platform.IoApicCount++;
    }

    private static void AddOverride(ConsoleLog log, MadtOverride change, PlatformInformation platform)
    {
        if (platform.OverrideCount == InterruptOverrides.Capacity)
        {
            log.Warning($"ACPI: the override of IRQ {change.Irq} is not used: there are too many");
            return;
        }

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
