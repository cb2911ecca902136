using System.Buffers.Binary;
using CsCheck;
using Xenith.Hypervisor.Boot;
using Xunit;

namespace Xenith.Tests.Boot;

public class AcpiTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ListsTheTables(bool wide)
    {
        AcpiTables<ArrayMemory> tables = Open(AcpiBuilder.Q35().Build(wide));
        Assert.Equal(AcpiBuilder.RootPointer, (int)tables.Root.Address);
        Assert.Equal(wide ? 2 : 0, tables.Root.Revision);
        List<string> names = [];
        for (int i = 0; i < tables.Count; i++)
        {
            byte[] name = new byte[4];
            tables[i].WriteSignature(name);
            names.Add(System.Text.Encoding.ASCII.GetString(name));
            Assert.Equal(AcpiError.None, tables[i].Error);
            Assert.Equal(3, tables[i].Revision);
        }

        Assert.Equal(["FACP", "APIC", "HPET", "MCFG", "SRAT", "SLIT"], names);
    }

    [Fact]
    public void FindsTheRootPointer()
    {
        byte[] memory = AcpiBuilder.Q35().Build(true, 0x11_0008);
        Assert.Equal(AcpiError.NoRootPointer, AcpiTables<ArrayMemory>.Open(new ArrayMemory(memory), 0, out _));
        Assert.Equal(AcpiError.None, AcpiTables<ArrayMemory>.Open(new ArrayMemory(memory), 0x11_0008, out _));
        Assert.Equal(AcpiError.NoRootPointer, AcpiTables<ArrayMemory>.Open(new ArrayMemory(memory), 0x11_0000, out _));

        memory = AcpiBuilder.Q35().Build(true, 0x9_fc20);
        Assert.Equal(AcpiError.NoRootPointer, AcpiTables<ArrayMemory>.Open(new ArrayMemory(memory), 0, out _));
        BinaryPrimitives.WriteUInt16LittleEndian(memory.AsSpan(0x40e), 0x9fc0);
        Assert.Equal(AcpiError.None, AcpiTables<ArrayMemory>.Open(new ArrayMemory(memory), 0, out _));
    }

    [Fact]
    public void FallsBackToTheShortRootTable()
    {
        AcpiBuilder builder = AcpiBuilder.Q35();
        byte[] memory = builder.Build();
        ulong xsdt = Open(memory).Root.Xsdt;
        memory[xsdt + 20] ^= 1;
        AcpiTables<ArrayMemory> tables = Open(memory);
        Assert.Equal(6, tables.Count);
        memory[tables.Root.Rsdt] ^= 1;
        Assert.Equal(AcpiError.NoRootTable, AcpiTables<ArrayMemory>.Open(new ArrayMemory(memory), 0, out _));
    }

    [Fact]
    public void DamagedTablesDoNotHideTheOthers()
    {
        AcpiBuilder builder = AcpiBuilder.Q35().Entry(0xffff_fff0).Entry(0).Table("SSDT", [1, 2, 3]);
        uint damaged = builder.Last;
        builder.Table("SSDT", [4, 5, 6]).Table("BERT", []);
        uint shortened = builder.Last;
        byte[] memory = builder.Build();
        memory[damaged + 36] ^= 1;
        BinaryPrimitives.WriteUInt32LittleEndian(memory.AsSpan((int)shortened + 4), 35);
        AcpiTables<ArrayMemory> tables = Open(memory);
        Assert.Equal(AcpiError.NotReadable, tables[6].Error);
        Assert.Equal(AcpiError.NotReadable, tables[7].Error);
        Assert.Equal(AcpiError.BadChecksum, tables[8].Error);
        Assert.Equal(AcpiError.None, tables.Find("SSDT"u8, out TableBytes table));
        Assert.Equal(4, table.U8(36));
        Assert.Equal(AcpiError.BadLength, tables.Find("BERT"u8, out _));
        Assert.Equal(AcpiError.NotFound, tables.Find("DMAR"u8, out _));
    }

    [Fact]
    public void ReadsTheMadt()
    {
        Assert.Equal(AcpiError.None, Open(AcpiBuilder.Q35().Build()).Find("APIC"u8, out TableBytes table));
        Madt madt = new(table);
        Assert.Equal(0xfee0_0000u, madt.LocalApicAddress);
        Assert.True(madt.HasLegacyPics);
        List<string> found = [];
        AcpiEntries entries = madt.Entries;
        while (entries.MoveNext())
        {
            if (Madt.TryCpu(entries, out MadtCpu cpu))
            {
                found.Add($"cpu {cpu.ProcessorId} {cpu.ApicId:x} {cpu.IsEnabled} {cpu.IsOnlineCapable}");
            }

            if (Madt.TryIoApic(entries, out MadtIoApic ioApic))
            {
                found.Add($"ioapic {ioApic.Id} {ioApic.Address:x} {ioApic.FirstGsi}");
            }

            if (Madt.TryOverride(entries, out MadtOverride change))
            {
                found.Add($"override {change.Irq} {change.Gsi} {change.Line.IsLevel} {change.Line.IsActiveLow}");
            }

            if (Madt.TryNmiSource(entries, out uint gsi, out MadtLine line))
            {
                found.Add($"nmi {gsi} {line.IsLevel} {line.IsActiveLow}");
            }

            if (Madt.TryLocalNmi(entries, out MadtLocalNmi nmi))
            {
                found.Add($"lint {nmi.ProcessorId == MadtLocalNmi.AllProcessors} {nmi.Pin}");
            }
        }

        Assert.False(entries.IsDamaged);
        Assert.Equal(
            [
                "cpu 0 0 True False", "cpu 1 2 True False", "cpu 2 4 False True", "cpu 7 100 True False", "ioapic 0 fec00000 0",
                "override 0 2 False False", "override 9 9 True True", "nmi 23 False False", "lint True 1",
            ],
            found);
    }

    [Fact]
    public void ReadsTheFadt()
    {
        Assert.Equal(AcpiError.None, Open(AcpiBuilder.Q35().Build()).Find("FACP"u8, out TableBytes table));
        Fadt fadt = new(table);
        Assert.Equal(0x608, fadt.PmTimer.Port);
        Assert.Equal(32, fadt.PmTimerBits);
        Assert.Equal(0x600, fadt.Pm1aEvent.Port);
        Assert.Equal(32, fadt.Pm1aEvent.BitWidth);
        Assert.Equal(0x604, fadt.Pm1aControl.Port);
        Assert.False(fadt.Pm1bControl.IsPresent);
        Assert.Equal(9, fadt.SciInterrupt);
        Assert.Equal(0xb2u, fadt.SmiCommandPort);
        Assert.Equal(2, fadt.AcpiEnable);
        Assert.Equal(0x32, fadt.CenturyIndex);
        Assert.Equal(2, fadt.BootFlags);
        Assert.Equal(0xcf9, fadt.ResetRegister.Port);
        Assert.Equal(0x0f, fadt.ResetValue);
        Assert.Equal(0x7fe_0000u, fadt.Facs);
        Assert.Equal(0x7fe_1000u, fadt.Dsdt);
        Assert.False(fadt.HardwareReduced);
        Assert.False(fadt.SleepControl.IsPresent);
    }

    [Fact]
    public void ReadsTheOtherTables()
    {
        AcpiTables<ArrayMemory> tables = Open(AcpiBuilder.Q35().Build());
        Assert.Equal(AcpiError.None, tables.Find("HPET"u8, out TableBytes table));
        Assert.Equal(0xfed0_0000u, new HpetTable(table).Address);
        Assert.Equal(0x8086_a201u, new HpetTable(table).BlockId);

        Assert.Equal(AcpiError.None, tables.Find("MCFG"u8, out table));
        McfgTable mcfg = new(table);
        Assert.Equal(1, mcfg.Count);
        Assert.True(mcfg.TryRange(0, out McfgRange range));
        Assert.Equal<(ulong, int, int, int)>((0xb000_0000, 0, 0, 255), (range.Address, range.Segment, range.FirstBus, range.LastBus));

        Assert.Equal(AcpiError.None, tables.Find("SRAT"u8, out table));
        AcpiEntries entries = new SratTable(table).Entries;
        Assert.True(entries.MoveNext());
        Assert.True(SratTable.TryCpu(entries, out SratCpu cpu));
        Assert.Equal((2u, 1u, true), (cpu.ApicId, cpu.Domain, cpu.IsEnabled));
        Assert.True(entries.MoveNext());
        Assert.True(SratTable.TryCpu(entries, out cpu));
        Assert.Equal((0x100u, 3u, true), (cpu.ApicId, cpu.Domain, cpu.IsEnabled));
        Assert.True(entries.MoveNext());
        Assert.True(SratTable.TryMemory(entries, out SratMemory memory));
        Assert.Equal<(ulong, ulong, uint, bool)>((0x1000_0000, 0x3000_0000, 1, true), (memory.Start, memory.End, memory.Domain, memory.IsEnabled));
        Assert.False(entries.MoveNext());

        Assert.Equal(AcpiError.None, tables.Find("SLIT"u8, out table));
        SlitTable slit = new(table);
        Assert.Equal(2u, slit.Count);
        Assert.Equal(20, slit.Distance(0, 1));
        Assert.Equal(10, slit.Distance(1, 1));
        Assert.Equal(0, slit.Distance(2, 0));
    }

    [Fact]
    public void EveryErrorHasASentence()
    {
        foreach (AcpiError error in Enum.GetValues<AcpiError>())
        {
            Assert.NotEqual("unknown ACPI error", error.Message());
        }
    }

    // The checksum is put right again, so that the damage reaches the readers.
    [Fact]
    public void DamagedTablesNeverTrap()
    {
        byte[] sound = AcpiBuilder.Q35().Build();
        Gen<(int, byte)[]> changes = Gen.Select(Gen.Int[0, 0x500], Gen.OneOf(Gen.Byte, Gen.OneOf<byte>(0, 1, 2, 0xff))).Array[1, 10];
        changes.Sample(
            list =>
            {
                byte[] memory = sound[..];
                foreach ((int at, byte value) in list)
                {
                    memory[0x10_0000 + at] = value;
                }

                for (int at = 0x10_0000; at < 0x10_0600; at += 16)
                {
                    int length = Math.Clamp(BinaryPrimitives.ReadInt32LittleEndian(memory.AsSpan(at + 4)), 0, 0x600);
                    memory[at + 9] -= (byte)memory.AsSpan(at, length).ToArray().Sum(value => value);
                }

                ReadEverything(memory);
            },
            iter: 300);
    }

    private static AcpiTables<ArrayMemory> Open(byte[] memory)
    {
        Assert.Equal(AcpiError.None, AcpiTables<ArrayMemory>.Open(new ArrayMemory(memory), 0, out AcpiTables<ArrayMemory> tables));
        return tables;
    }

    private static void ReadEverything(byte[] memory)
    {
        if (AcpiTables<ArrayMemory>.Open(new ArrayMemory(memory), 0, out AcpiTables<ArrayMemory> tables) != AcpiError.None)
        {
            return;
        }

        for (int i = 0; i < tables.Count; i++)
        {
            AcpiTable entry = tables[i];
            if (entry.Error != AcpiError.None)
            {
                continue;
            }

            // Whatever the table is, every reader must survive it.
            TableBytes table = new(memory.AsSpan((int)entry.Address, (int)entry.Length));
            Madt madt = new(table);
            ulong sum = madt.LocalApicAddress + (madt.HasLegacyPics ? 1u : 0u);
            AcpiEntries entries = madt.Entries;
            while (entries.MoveNext())
            {
                Madt.TryCpu(entries, out _);
                Madt.TryIoApic(entries, out _);
                Madt.TryOverride(entries, out _);
                Madt.TryNmiSource(entries, out _, out _);
                Madt.TryLocalNmi(entries, out _);
                SratTable.TryCpu(entries, out _);
                SratTable.TryMemory(entries, out _);
            }

            Fadt fadt = new(table);
            sum += fadt.PmTimer.Value + fadt.Pm1bEvent.Port + fadt.ResetRegister.Value + fadt.SleepStatus.Value + fadt.Facs + fadt.Dsdt;
            McfgTable mcfg = new(table);
            for (int range = 0; range < mcfg.Count; range++)
            {
                mcfg.TryRange(range, out _);
            }

            SlitTable slit = new(table);
            Assert.True(slit.Count == 0 || slit.Distance(slit.Count - 1, slit.Count - 1) <= 255);
            Assert.True(new HpetTable(table).Address + sum >= 0);
        }
    }
}
