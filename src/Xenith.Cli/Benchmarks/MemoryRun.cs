using System.Globalization;
using System.Text.RegularExpressions;
using Xenith.Cli.Emulation;

namespace Xenith.Cli.Benchmarks;

/// <summary>
/// How much memory the hypervisor keeps for itself: the RAM that the firmware describes, less what dom0 has, less what is free. RAM is in the boot log, the rest is printed
/// by debug keys that both hypervisors have ('m' and 'q'). Nothing is scrubbed, so that a machine with more memory than this host has can be looked at.
/// </summary>
internal static partial class MemoryRun
{
    private const string Guest = "NOTE xenith-guest-pv", CtrlA = "\u0001\u0001\u0001", ToXen = "*** Serial input to Xen";

    public static IReadOnlyList<int> MachineSizes { get; } = [1024, 8192, 32768];

    public static MachineSettings Settings(HypervisorImage hypervisor, string guest, int memoryMiB) => new()
    {
        Hypervisor = hypervisor,
        Modules = new BootModules(guest, BootModules.None),
        MemoryMiB = memoryMiB,
        HypervisorOptions = "sched=credit bootscrub=no dom0_mem=256M,max:256M dom0_max_vcpus=2",
        // The host may have less: only what is touched has to be there.
        ExtraArguments = ["-object", string.Create(CultureInfo.InvariantCulture, $"memory-backend-ram,id=ram,size={memoryMiB}M,reserve=off"), "-machine", "memory-backend=ram"],
        // Something to do while the keys are typed.
        KernelOptions = "bench",
        Operator = new ConsoleOperator(new ConsoleOperator.Step(Guest).Type(CtrlA), new ConsoleOperator.Step(ToXen).Type("mq")),
    };

    /// <returns>Kilobytes held, or null if the log does not say.</returns>
    public static async Task<(long? Held, MachineEnd End)> RunAsync(Workshop workshop, MachineSettings settings, TimeSpan limit, CancellationToken cancel)
    {
        var end = await new Machine(settings, await workshop.UserlandAsync(cancel))
            .RunAsync(new Session.Watch(Stream.Null, line => DomainPages().IsMatch(line)), limit, cancel);
        return (Held(end.Log), end);
    }

    /// <summary>RAM, less dom0's pages, less free memory, in kilobytes.</summary>
    public static long? Held(IReadOnlyList<string> log)
    {
        var bytes = log.Select(line => Ram().Match(line)).Where(match => match.Success).Sum(match => Pages(Hex(match.Groups[1]), Hex(match.Groups[2]))) * Page;
        var free = log.Select(line => Free().Match(line)).Where(match => match.Success).Select(match => Number(match.Groups[1])).ToList();
        var pages = log.Select(line => DomainPages().Match(line)).FirstOrDefault(match => match.Success);
        return bytes == 0 || free.Count < 2 || pages is null ? null : bytes / 1024 - Number(pages.Groups[1]) * 4 - free.Sum();
    }

    /// <summary>The size of both files of an image: what the boot loader loads, unpacked, and what lies on the disk.</summary>
    public static IEnumerable<KeyValuePair<string, Cost>> ImageSizes(HypervisorImage image)
    {
        yield return Row("image_elf_bytes", new FileInfo(image.Elf).Length);
        if (image.Packed is { } packed)
            yield return Row("image_gz_bytes", new FileInfo(packed).Length);
    }

    public static KeyValuePair<string, Cost> Row(string name, long value) => new(name, new Cost(value, value, value));

    private const long Page = 4096;

    /// <summary>Whole pages of a range, given by its first and last byte.</summary>
    private static long Pages(long first, long last) => (last + 1) / Page - (first + Page - 1) / Page;

    private static long Hex(Group digits) => long.Parse(digits.ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static long Number(Group digits) => long.Parse(digits.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\[([0-9a-f]{16}), ([0-9a-f]{16})\] \(usable\)")]
    private static partial Regex Ram();

    [GeneratedRegex(@"(?:Xen|Dom) heap: (\d{1,15})kB free")]
    private static partial Regex Free();

    [GeneratedRegex(@"\bnr_pages=(\d{1,12})\b")]
    private static partial Regex DomainPages();
}
