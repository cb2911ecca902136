using System.Buffers.Binary;
using Xenith.Cli.Emulation;

namespace Xenith.Cli.Testing.Scenarios;

/// <summary>
/// What the boot loader hands over may be anything: nothing, rubbish, a damaged kernel, an ELF file made to hurt, a good kernel
/// and too little memory. Each has to end in one clear line, soon, and never in a hang or a triple fault.
/// </summary>
internal sealed class BadKernels : Scenario
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public override string Name => "bad-kernels";

    public override string Point => "a missing, damaged or hostile dom0 kernel and too little memory each give one clear line and stop";

    public override IEnumerable<TestCase> Cases(Scale scale) =>
    [
        new("no module", bench => ExpectPanicAsync(bench, bench.Standard with { Modules = null })),
        Rubbish("an empty file", _ => []),
        Rubbish("a text", _ => "root:x:0:0:root:/root:/bin/sh\n"u8.ToArray()),
        Rubbish("random bytes", _ => RandomBytes(1 << 20)),
        .. Damaged(),
        .. Enumerable.Range(0, scale == Scale.Full ? 24 : 3).Select(Flipped),
        .. Hostile(),
        .. (scale == Scale.Full ? [40, 64, 80, 96] : (int[])[64]).Select(mebibytes =>
            new TestCase($"{mebibytes} MB of memory", bench => ExpectPanicAsync(bench, bench.Standard with { MemoryMiB = mebibytes }))),
    ];

    private static IEnumerable<TestCase> Damaged() =>
    [
        Rubbish("kernel cut inside its boot sector", kernel => kernel[..300]),
        Rubbish("kernel cut inside its set-up code", kernel => kernel[..4000]),
        Rubbish("kernel cut in half", kernel => kernel[..(kernel.Length / 2)]),
        Rubbish("kernel that lacks the end of its payload", kernel =>
        {
            var (start, length) = Payload(kernel);
            return kernel[..(start + length - 1000)];
        }),
        Rubbish("payload offset beyond the file", kernel => Change32(kernel, PayloadOffset, 0xfffffff0)),
        Rubbish("payload length beyond the file", kernel => Change32(kernel, PayloadLength, 0xfffffff0)),
        Rubbish("payload of no length", kernel => Change32(kernel, PayloadLength, 0)),
        Rubbish("unpacked length of 4 GB", kernel =>
        {
            var (start, length) = Payload(kernel);
            return Change32(kernel, start + length - 4, 0xffffffff);
        }),
    ];

    /// <summary>One flipped bit, at a fixed place of its own, somewhere in the compressed kernel; its checksum covers them all.</summary>
    private static TestCase Flipped(int number) => Rubbish($"flipped bit {number}", kernel =>
    {
        var (start, length) = Payload(kernel);
        var random = new Random(number);
        kernel[start + random.Next(length - 4)] ^= (byte)(1 << random.Next(8));
        return kernel;
    });

    private static IEnumerable<TestCase> Hostile() =>
    [
        Elf("without Xen's notes", () => HostileElf.Create(withNotes: false)),
        Elf("of 32 bits", () => HostileElf.Create().Set8(HostileElf.Class, 1)),
        Elf("big-endian", () => HostileElf.Create().Set8(HostileElf.Endianness, 2)),
        Elf("for another processor", () => HostileElf.Create().Set16(HostileElf.Machine, 183)),
        Elf("segment table beyond the file", () => HostileElf.Create().Set64(HostileElf.SegmentTable, 0x7fffffff)),
        Elf("segment table at the end of the address space", () => HostileElf.Create().Set64(HostileElf.SegmentTable, ulong.MaxValue - 8)),
        Elf("65535 segments", () => HostileElf.Create().Set16(HostileElf.SegmentCount, 0xffff)),
        Elf("segment headers of one byte", () => HostileElf.Create().Set16(HostileElf.SegmentEntrySize, 1)),
        Elf("segment beyond the file", () => HostileElf.Create().Set64(Code(HostileElf.SegmentOffset), 0x10000000)),
        Elf("segment offset that wraps", () => HostileElf.Create().Set64(Code(HostileElf.SegmentOffset), ulong.MaxValue - 0xfff)),
        Elf("more bytes in the file than in memory", () => HostileElf.Create().Set64(Code(HostileElf.SegmentMemorySize), 1)),
        Elf("segment of 2^60 bytes", () => HostileElf.Create().Set64(Code(HostileElf.SegmentMemorySize), 1UL << 60)),
        Elf("segment larger than memory", () => HostileElf.Create().Set64(Code(HostileElf.SegmentMemorySize), 1UL << 34)),
        Elf("segment that wraps", () => HostileElf.Create().Set64(Code(HostileElf.SegmentVirtual), ulong.MaxValue - 0xfff).Set64(Code(HostileElf.SegmentPhysical), ulong.MaxValue - 0xfff)),
        Elf("segment in the hypervisor's space", () => HostileElf.Create().Set64(Code(HostileElf.SegmentVirtual), HostileElf.HypervisorHole)),
        Elf("base in the hypervisor's space", () => HostileElf.Create(virtualBase: HostileElf.HypervisorHole)),
        Elf("entry in the hypervisor's space", () => HostileElf.Create(entry: HostileElf.HypervisorHole + 0x1000)),
        Elf("entry at no canonical address", () => HostileElf.Create(entry: 0x8000000000000000)),
        Elf("entry at zero", () => HostileElf.Create(entry: 0)),
        Elf("hypercall page outside the image", () => HostileElf.Create(elf => elf.Note(HypercallPageNote, HostileElf.HypervisorHole))),
        Elf("frame list in the hypervisor's space", () => HostileElf.Create(elf => elf.Note(FrameListNote, HostileElf.HypervisorHole))),
        Elf("note with a name of 4 GB", () => HostileElf.Create().Set32(HostileElf.FirstNote(0), uint.MaxValue)),
        Elf("note with a description of 4 GB", () => HostileElf.Create().Set32(HostileElf.FirstNote(1), uint.MaxValue)),
        Elf("notes beyond the file", () => HostileElf.Create().Set64(HostileElf.Segment(1, HostileElf.SegmentOffset), 0x10000000)),
        Elf("that faults at once", () => HostileElf.Create()),
    ];

    private const uint HypercallPageNote = 2, FrameListNote = 15;
    private const int SetupSectors = 0x1f1, PayloadOffset = 0x248, PayloadLength = 0x24c;

    private static int Code(int field) => HostileElf.Segment(0, field);

    /// <summary>Where a bzImage has its compressed kernel (Linux Documentation/arch/x86/boot.rst).</summary>
    private static (int Start, int Length) Payload(byte[] kernel) => (
        (kernel[SetupSectors] + 1) * 512 + BinaryPrimitives.ReadInt32LittleEndian(kernel.AsSpan(PayloadOffset)),
        BinaryPrimitives.ReadInt32LittleEndian(kernel.AsSpan(PayloadLength)));

    private static byte[] Change32(byte[] kernel, int at, uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(kernel.AsSpan(at), value);
        return kernel;
    }

    private static byte[] RandomBytes(int count)
    {
        var bytes = new byte[count];
        new Random(1).NextBytes(bytes);
        return bytes;
    }

    private static TestCase Elf(string what, Func<HostileElf> make) => Rubbish($"ELF {what}", _ => make().Image);

    /// <param name="make">Gets the good kernel and gives the bad one.</param>
    private static TestCase Rubbish(string name, Func<byte[], byte[]> make) => new(name, async bench =>
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(file, make(await File.ReadAllBytesAsync(bench.KernelFile)));
            await ExpectPanicAsync(bench, bench.Standard with { Modules = new BootModules(file, null) });
        }
        finally
        {
            File.Delete(file);
        }
    });

    private static async Task ExpectPanicAsync(TestBench bench, MachineSettings settings)
    {
        var boot = await bench.BootAsync("echo unexpected", _ => settings, Limit);
        TestBench.Check(boot.End.Cause == EndCause.Panicked, $"no clear end: {boot.End.Cause}\n{boot.Tail()}");
        var announced = boot.End.Log.Count(line => line.Contains("Panic on CPU", StringComparison.Ordinal));
        TestBench.Check(announced <= 1, $"{announced} panics, one after the other\n{boot.Tail(30)}");
        TestBench.Check(!boot.End.EmulatorMessages.Contains("Triple fault", StringComparison.Ordinal), $"a triple fault after the panic\n{boot.Tail()}");
        // A fault of the hypervisor itself also ends in a panic, but says nothing about what is wrong with the kernel.
        var ownFault = boot.End.Log.FirstOrDefault(line => line.Contains("FATAL", StringComparison.Ordinal) || line.Contains("Xen BUG", StringComparison.Ordinal));
        TestBench.Check(ownFault is null, $"the hypervisor faulted: {ownFault}");
        var reason = boot.End.Log.FirstOrDefault(line => line.Contains("dom0 kernel: ", StringComparison.Ordinal));
        bench.Note(reason is null ? boot.End.Detail! : $"{reason.Replace("(XEN) ", "", StringComparison.Ordinal)}; {boot.End.Detail}");
    }
}
