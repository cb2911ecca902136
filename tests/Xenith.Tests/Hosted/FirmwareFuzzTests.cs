// Boots on machines whose firmware or boot loader tells nonsense. Each has to end in a running dom0 or in a panic that says why: never in a
// trap of the hypervisor, an exception, or a boot that does not end.

using CsCheck;
using Xenith.Machine.Simulation;
using Xunit;
using static Xenith.Tests.Boot.AcpiBuilder;

namespace Xenith.Tests.Hosted;

public sealed class FirmwareFuzzTests
{
    private const ulong MemoryBytes = 64UL << 20;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    // More tables than the usual ones, so that there is something to damage.
    private static readonly (string, byte[])[] Tables =
    [
        ("HPET", [0x01, 0xa2, 0x86, 0x80, .. Address(0, 0, 0xfed0_0000), 0, 0, 0, 0]),
        ("MCFG", [.. new byte[8], .. U64(0xb000_0000), 0, 0, 0, 255, 0, 0, 0, 0]),
        ("SRAT", [.. U32(1), .. new byte[8], 0, 16, 0, 0, .. U32(1), .. U32(0), .. U32(0),
            1, 40, .. U32(0), 0, 0, .. U64(0), .. U64(MemoryBytes / 2), .. U32(0), .. U32(1), .. U64(0),
            1, 40, .. U32(1), 0, 0, .. U64(MemoryBytes / 2), .. U64(MemoryBytes / 2), .. U32(0), .. U32(1), .. U64(0)]),
        ("SLIT", [.. U64(2), 10, 20, 20, 10]),
        ("DMAR", [38, 1, .. new byte[10], 0, 0, 16, 0, 1, 0, 0, 0, .. U64(0xfed9_0000), 1, 0, 24, 0, 0, 0, 0, 0, .. U64(0x1000), .. U64(0x1fff)]),
        ("IVRS", [.. U32(0x2030), .. new byte[8], 0x10, 0, 24, 0, 0x10, 0, 0x40, 0, .. U64(0xfed8_0000), 0, 0, 0, 0, 0, 0, 0, 0]),
    ];

    private static readonly Gen<ulong> AnyValue = Gen.OneOf(
        Gen.ULong, Gen.Byte.Select(value => (ulong)value), Gen.OneOf<ulong>(0, 1, 2, 0xff, 0xffff, 0xffff_ffff, ulong.MaxValue, 1UL << 63, 0x10_0000, 0xfee0_0000, 0xfec0_0000, MemoryBytes));

    [Fact]
    public void Damaged_ACPI_tables() =>
        Gen.Select(Gen.Int[0, 0x700], AnyValue, Gen.Int[1, 8], Gen.Bool).Array[1, 6].Sample(changes => _ = Boot(machine =>
        {
            foreach ((int at, ulong value, int length, _) in changes)
                BitConverter.GetBytes(value)[..length].CopyTo(machine.Memory.Bytes(Firmware.TablesAddress + (ulong)at, length));
            // Half of the time the checksums are made right again, or nobody would look inside.
            if (changes[0].Item4)
                Repair(machine);
        }), iter: FullCount.Or(40, 2000), threads: 1);

    [Fact]
    public void A_damaged_root_pointer() =>
        Gen.Select(Gen.Int[0, 35], AnyValue, Gen.Int[1, 8], Gen.Bool).Array[1, 3].Sample(changes => _ = Boot(machine =>
        {
            Span<byte> pointer = machine.Memory.Bytes(Firmware.RootPointerAddress, 64);
            foreach ((int at, ulong value, int length, _) in changes)
                BitConverter.GetBytes(value)[..length].CopyTo(pointer[at..]);
            if (changes[0].Item4)
            {
                pointer[8] -= Sum(pointer[..20]);
                pointer[32] -= Sum(pointer[..36]);
            }
        }), iter: FullCount.Or(15, 500), threads: 1);

    [Fact]
    public void Absurd_memory_maps()
    {
        Gen<ulong> address = Gen.OneOf(
            Gen.ULong[0, MemoryBytes], Gen.ULong[0, MemoryBytes / 4096].Select(page => page * 4096), Gen.OneOf<ulong>(0, 0x10_0000, MemoryBytes, 1UL << 32, 1UL << 46, 1UL << 52, ulong.MaxValue), Gen.ULong);
        Gen<(ulong, ulong, uint)> range = Gen.Select(address, address, Gen.OneOf(Gen.UInt[0, 8], Gen.UInt, Gen.OneOf(1u)));
        Gen.Select(range.Array[0, 20], Gen.Bool, Gen.Int[0, 200]).Sample((ranges, isReal, small) => _ = Boot(machine => Firmware.WriteMap(machine,
        [
            // Half of the time there is enough memory somewhere, whatever is laid over it.
            .. isReal ? [(0UL, 0x9_f000UL, 1u), (0x10_0000UL, MemoryBytes - 0x10_0000, 1u)] : Array.Empty<(ulong, ulong, uint)>(),
            .. ranges.Select(item => item.Item3 == 1 && item.Item1 < MemoryBytes ? (item.Item1, Math.Min(item.Item2, MemoryBytes - item.Item1), 1u) : item.Item1 >= MemoryBytes || item.Item3 != 1 ? (item.Item1, item.Item2, item.Item3 == 1 ? 2u : item.Item3) : item),
            .. Enumerable.Range(0, small).Select(i => (0x200_0000UL + (ulong)i * 0x2000, 0x1000UL, 2u)),
        ])), iter: FullCount.Or(25, 1000), threads: 1);
    }

    [Fact]
    public void Damaged_boot_information() =>
        Gen.Select(Gen.OneOf(Gen.Int[0, 0x70], Gen.Int[0x3000, 0x3010], Gen.Int[0x4000, 0x4060]), AnyValue, Gen.OneOf(1, 2, 4)).Array[1, 4].Sample(changes => _ = Boot(machine =>
        {
            foreach ((int at, ulong value, int length) in changes)
                BitConverter.GetBytes(value)[..length].CopyTo(machine.Memory.Bytes(Firmware.InformationAddress + (ulong)at, length));
        }, mayNameMissingMemory: true), iter: FullCount.Or(25, 1000), threads: 1);

    // Each entry by itself is well formed or nearly so: what it says of CPUs, IO-APICs and interrupts is not.
    [Fact]
    public void Interrupt_tables_that_describe_no_machine()
    {
        Gen<byte> id = Gen.OneOf(Gen.Byte[0, 5], Gen.Byte[0, 5], Gen.Byte, Gen.OneOf<byte>(254, 255));
        Gen<uint> wide = Gen.OneOf(Gen.UInt[0, 5], Gen.UInt[0, 300], Gen.UInt, Gen.OneOf(0xffff_ffffu, 0x100_0000u));
        Gen<uint> address = Gen.OneOf(Gen.OneOf(0xfec0_0000u, 0xfee0_0000u, 0u, 0x100_0000u, 0xffff_f000u, 0xffff_fff0u), Gen.UInt);
        Gen<byte[]> entry = Gen.OneOf<byte[]>(
            Gen.Select(id, id, wide, (cpu, apic, flags) => (byte[])[0, 8, cpu, apic, .. U32(flags & 3)]),
            Gen.Select(id, address, wide, (apic, at, first) => (byte[])[1, 12, apic, 0, .. U32(at), .. U32(first)]),
            Gen.Select(id, wide, id, (source, gsi, flags) => (byte[])[2, 10, 0, source, .. U32(gsi), flags, 0]),
            Gen.Select(id, wide, (flags, gsi) => (byte[])[3, 8, flags, 0, .. U32(gsi)]),
            Gen.Select(id, id, (cpu, pin) => (byte[])[4, 6, cpu, 5, 0, pin]),
            Gen.Select(AnyValue, at => (byte[])[5, 12, 0, 0, .. U64(at)]),
            Gen.Select(wide, wide, wide, (apic, flags, cpu) => (byte[])[9, 16, 0, 0, .. U32(apic), .. U32(flags & 3), .. U32(cpu)]),
            Gen.Select(wide, id, (cpu, pin) => (byte[])[10, 12, 5, 0, .. U32(cpu), pin, 0, 0, 0]),
            Gen.Select(id, id, Gen.Byte.Array[0, 20], (kind, length, rest) => (byte[])[kind, length, .. rest]));
        Gen.Select(entry.Array[0, 16], Gen.Bool, address, Gen.Int[1, 4]).Sample(
            (entries, hasCpus, local, cpus) => _ = Boot(_ => { }, [("APIC", [.. U32(hasCpus ? 0xfee0_0000 : local), .. U32(1),
                .. hasCpus ? Enumerable.Range(0, cpus).SelectMany(cpu => (byte[])[0, 8, (byte)cpu, (byte)cpu, 1, 0, 0, 0]) : [], .. entries.SelectMany(bytes => bytes)])], cpus: cpus),
            iter: FullCount.Or(25, 1000), threads: 1);
    }

    [Fact]
    public void Machines_with_odd_tables()
    {
        (string, byte[])[][] machines =
        [
            // Thousands of CPUs; 300 IO-APICs, all at one place, at the end of address space, or with interrupts of no machine; a list that ends in the middle.
            [("APIC", [.. U32(0xfee0_0000), .. U32(1), .. Enumerable.Range(0, 3000).SelectMany(cpu => (byte[])[9, 16, 0, 0, .. U32((uint)cpu + 1000), .. U32(1), .. U32((uint)cpu)])])],
            [("APIC", [.. U32(0xfee0_0000), .. U32(1), .. Enumerable.Range(0, 300).SelectMany(i => (byte[])[1, 12, (byte)i, 0, .. U32(0xfec0_0000), .. U32(0)])])],
            [("APIC", [.. U32(0xfee0_0000), .. U32(1), 1, 12, 0, 0, .. U32(0xffff_fff0), .. U32(0xffff_fff0), 1, 12, 1, 0, .. U32(0xfec0_0000), .. U32(0xffff_fff0), 1, 12, 2, 0, .. U32(0x100_0000), .. U32(0)])],
            [("APIC", [.. U32(0), .. U32(0), 0, 8, 0])],
            [("APIC", [])],
            [("FACP", [])],
            [("FACP", new byte[8])],
            [("HPET", [0, 0, 0, 0, .. Address(0, 0, ulong.MaxValue - 7), 0, 0, 0, 0])],
            [("HPET", [0, 0, 0, 0, .. Address(0, 0, 0x100_0000), 0, 0, 0, 0])],
            [("HPET", [0, 0, 0, 0, .. Address(0, 0, 0xfed0_0ffc), 0, 0, 0, 0])],
            [("HPET", [0, 0, 0, 0, .. Address(1, 0, 0x40), 0, 0, 0, 0])],
            [.. Enumerable.Range(0, 400).Select(i => ("OEM" + (char)('0' + i % 10), new byte[4]))],
        ];
        foreach ((string, byte[])[] tables in machines)
            Boot(_ => { }, tables);
        // Two where no registers can be: local APICs are there, or what was RAM once.
        foreach (uint address in (uint[])[0xfee0_0000, 0xa_d900])
            Assert.Contains($"address 0x{address:x}, GSI 0 cannot be, skipping!", Boot(_ => { }, [("APIC", [.. U32(0xfee0_0000), .. U32(1), 1, 12, 0, 0, .. U32(address), .. U32(0)])]));
        // The one that boots is none of them, and takes the place of another.
        Assert.Contains("WARNING: NR_CPUS limit of 256 reached - ignoring 2745 further processors", Boot(_ => { }, machines[0]));
        // Twelve CPUs that do not answer.
        string log = Boot(_ => { }, [("APIC", [.. U32(0xfee0_0000), .. U32(1), .. Enumerable.Range(0, 13).SelectMany(cpu => (byte[])[0, 8, (byte)cpu, (byte)cpu, 1, 0, 0, 0])])]);
        Assert.Contains("Failed to bring up CPU 12 (error -5)", log);
        Assert.Contains("Brought up 1 CPUs", log);
    }

    [Fact]
    public void Tables_that_point_to_each_other() => Boot(machine =>
    {
        // The list's entries are the list itself, and tables that begin inside each other.
        machine.Memory.Write(Firmware.TablesAddress + 36, Firmware.TablesAddress);
        machine.Memory.Write(Firmware.TablesAddress + 44, Firmware.TablesAddress + 8);
        Repair(machine);
    });

    /// <summary>Boots a machine that a test has changed, and looks how that ended.</summary>
    private static string Boot(Action<SimulatedMachine> change, (string, byte[])[]? tables = null, bool mayNameMissingMemory = false, int cpus = 1)
    {
        Exception? failure = null;
        string log = "";
        Thread thread = new(() =>
        {
            using var machine = new SimulatedMachine(MemoryBytes, cpus);
            try
            {
                Firmware.Write(machine, TestKernel.Create(), "loglvl=all", "", tables ?? Tables);
                change(machine);
                using (machine.Cpus[0].Enter())
                    HostedHypervisor.Start(machine);
            }
            catch (CpuStopped)
            {
                // A panic.
            }
            catch (BusError) when (mayNameMissingMemory)
            {
                // RAM that the map promises and the machine does not have: nobody can tell before it is used.
            }
            catch (Exception other)
            {
                failure = other;
            }
            log = machine.Com1.Text;
        }) { IsBackground = true };
        thread.Start();
        Assert.True(thread.Join(Limit), "the boot does not end");
        Assert.True(failure is null, $"{failure}\n{log}");
        Assert.DoesNotContain("FATAL", log);
        Assert.DoesNotContain("Xen BUG", log);
        Assert.DoesNotContain("The trap was raised", log);
        return log;
    }

    /// <summary>Makes the checksums of all tables right that lie where they should.</summary>
    private static void Repair(SimulatedMachine machine)
    {
        Span<byte> area = machine.Memory.Bytes(Firmware.TablesAddress, 0x1000);
        for (int at = 0; at < 0x1000 - 36; at += 16)
        {
            int length = BitConverter.ToInt32(area[(at + 4)..]);
            if (area[at] is >= (byte)'A' and <= (byte)'Z' && area[at + 1] is >= (byte)'A' and <= (byte)'Z' && length >= 36 && length <= 0x1000 - at)
                area[at + 9] -= Sum(area.Slice(at, length));
        }
    }

    private static byte Sum(ReadOnlySpan<byte> bytes)
    {
        byte sum = 0;
        foreach (byte value in bytes)
            sum += value;
        return sum;
    }
}
