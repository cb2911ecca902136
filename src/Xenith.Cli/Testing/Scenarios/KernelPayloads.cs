using System.Buffers.Binary;
using Xenith.Cli.Debian;
using Xenith.Cli.Emulation;

namespace Xenith.Cli.Testing.Scenarios;

/// <summary>
/// Debian's kernel, packed anew by each of the tools that Linux's build can use, as a bzImage; unpacked, as an ELF file; and packed as a
/// whole, as some boot loaders leave a module.
/// </summary>
internal sealed class KernelPayloads : Scenario
{
    public override string Name => "kernel-payloads";

    public override string Point => "dom0's kernel boots whichever way it is packed";

    public override IEnumerable<TestCase> Cases(Scale scale) => scale == Scale.Full
        ? [
            Payload("gzip", "gzip", "-6"), Payload("zstd", "zstd", "-12"), Payload("LZ4", "lz4", "-l -9"), Payload("LZMA", "xz", "--format=lzma -1"),
            Payload("bzip2", "bzip2", "-9"), Case("ELF, not packed", (_, elf, _) => File.ReadAllBytesAsync(elf)),
            Whole("bzImage inside gzip"),
        ]
        : [Payload("zstd", "zstd", "-3"), Whole("bzImage inside gzip")];

    private static TestCase Payload(string name, string tool, string arguments) => Case(name, async (bzImage, elf, cancel) =>
    {
        var packed = await PackAsync(elf, tool, arguments, cancel);

        // The length of the unpacked kernel stands behind the payload; gzip has it as its own last bytes.
        if (tool != "gzip")
            packed = [.. packed, .. BitConverter.GetBytes((uint)new FileInfo(elf).Length)];
        var (start, _) = Place(bzImage);
        byte[] made = [.. bzImage.AsSpan(0, start), .. packed];
        BinaryPrimitives.WriteInt32LittleEndian(made.AsSpan(PayloadLength), packed.Length);
        return made;
    });

    private static TestCase Whole(string name) => Case(name, async (bzImage, elf, cancel) =>
    {
        var file = elf + ".bz";
        await File.WriteAllBytesAsync(file, bzImage, cancel);
        return await PackAsync(file, "gzip", "-1", cancel);
    });

    private const int SetupSectors = 0x1f1, PayloadOffset = 0x248, PayloadLength = 0x24c;

    private static (int Start, int Length) Place(byte[] kernel) => (
        (kernel[SetupSectors] + 1) * 512 + BinaryPrimitives.ReadInt32LittleEndian(kernel.AsSpan(PayloadOffset)),
        BinaryPrimitives.ReadInt32LittleEndian(kernel.AsSpan(PayloadLength)));

    private static TestCase Case(string name, Func<byte[], string, CancellationToken, Task<byte[]>> make) => new(name, async bench =>
    {
        await HostPackages.EnsureAsync([Purpose.Test], _ => { }, bench.Cancel);
        var folder = Directory.CreateTempSubdirectory("xenith-payload-");
        try
        {
            var bzImage = await File.ReadAllBytesAsync(bench.KernelFile, bench.Cancel);
            var elf = Path.Combine(folder.FullName, "vmlinux");
            await UnpackAsync(bzImage, elf, bench.Cancel);
            var made = Path.Combine(folder.FullName, "kernel");
            await File.WriteAllBytesAsync(made, await make(bzImage, elf, bench.Cancel), bench.Cancel);
            File.Delete(elf);
            var boot = await bench.BootAsync("uname -r", machine => machine with { Modules = new BootModules(made, null), HypervisorOptions = "loglvl=all" });
            TestBench.CheckOrderly(boot);
            TestBench.Check($"vmlinuz-{boot.Lines[0]}" == Path.GetFileName(bench.KernelFile), $"'uname -r' printed {boot.Text}");
            var unpacked = boot.End.Log.FirstOrDefault(line => line.Contains("unpacked to", StringComparison.Ordinal));
            bench.Note($"{new FileInfo(made).Length >> 10} kB, {boot.End.CpuSeconds:f1} CPU s{(unpacked is null ? ", used where it lay" : "")}");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    });

    /// <summary>Debian's payload is XZ data with four bytes behind it.</summary>
    private static async Task UnpackAsync(byte[] bzImage, string elf, CancellationToken cancel)
    {
        var (start, length) = Place(bzImage);
        await File.WriteAllBytesAsync(elf + ".xz", bzImage[start..(start + length - 4)], cancel);
        await HostCommand.CheckAsync("xz", ["--decompress", "--quiet", elf + ".xz"], cancel: cancel);
    }

    private static async Task<byte[]> PackAsync(string file, string tool, string arguments, CancellationToken cancel)
    {
        var packed = file + ".packed";
        await HostCommand.CheckAsync("sh", ["-c", $"{tool} {arguments} -c \"$0\" > \"$1\"", file, packed], cancel: cancel);
        return await File.ReadAllBytesAsync(packed, cancel);
    }
}
