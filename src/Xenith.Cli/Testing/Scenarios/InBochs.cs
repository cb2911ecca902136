using Xenith.Cli.Debian;
using Xenith.Cli.Emulation;

namespace Xenith.Cli.Testing.Scenarios;

/// <summary>
/// The machines that QEMU's translator cannot be: an Intel CPU with SMAP on and AVX-512 there, an AMD CPU of another family, on an older chip set behind an older BIOS. The boot to a shell, and the
/// registers of AVX-512 over switches: those of two vCPUs of our PV kernel on one CPU, and those of processes on four vCPUs of two CPUs.
/// </summary>
internal sealed class InBochs : Scenario
{
    /// <summary>A boot takes about 100 CPU seconds; the rest is patience with a busy machine.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1500);

    public override string Name => "bochs";

    public override string Point => "Debian's kernel boots on an Intel CPU in Bochs with SMAP, SMEP and x2APIC on, and on an AMD CPU, to a shell and powers off; vCPUs keep the registers of AVX-512; a null reference does not reach a guest's page 0";

    public override IEnumerable<TestCase> Cases(Scale scale) =>
    [
        Case(BochsConfiguration.DefaultCpu, "GenuineIntel", x2Apic: true),
        new("AVX-512 over switches of vCPUs", SwitchesAsync),
        new("a null reference while the guest maps page 0", NullReferenceAsync),
        .. scale == Scale.Full ? [Case("ryzen", "AuthenticAMD", x2Apic: false), new("AVX-512 of processes on 4 vCPUs of 2 CPUs", ProcessesAsync)] : (TestCase[])[],
    ];

    private static async Task SwitchesAsync(TestBench bench)
    {
        await bench.Workshop.EnsureAsync([Purpose.Bochs, Purpose.BootDisc], bench.Cancel);
        var folder = await bench.BuildAsync("guests", "pv", "Xenith.Guest.Pv.csproj");
        var settings = PvGuest.TwoVcpus(bench.Standard) with
        {
            Emulator = EmulatorKind.Bochs, Boot = BootPath.Multiboot1, MemoryMiB = 512, Modules = new BootModules(Path.Combine(folder, "xenith-guest-pv.elf"), BootModules.None),
        };
        var end = await bench.WatchAsync(settings, line => line.StartsWith("DONE passed ", StringComparison.Ordinal), Limit);
        PvGuest.CheckPassed(end, "switch.vectors", "switch.components", "switch.user_mode", "switch.breakpoints");
        TestBench.Check(end.Log.Contains("VALUE switch.vectors components = 0xe7"), "the guest has no AVX-512");
        CheckInterruptController(end);
    }

    /// <summary>
    /// The page is there and may be written, but it is the guest's: SMAP stops the hypervisor's access (error code 3: a write to a page that is present). A domain that the hypervisor makes for it ends by that, and
    /// dom0 goes on; then dom0 does the same, and the host ends.
    /// </summary>
    private static async Task NullReferenceAsync(TestBench bench)
    {
        await bench.Workshop.EnsureAsync([Purpose.Bochs, Purpose.BootDisc], bench.Cancel);
        var image = await bench.CheckedHypervisorAsync();
        var folder = await bench.BuildAsync("guests", "pv", "Xenith.Guest.Pv.csproj");
        var settings = bench.Standard with
        {
            Emulator = EmulatorKind.Bochs, Boot = BootPath.Multiboot1, MemoryMiB = 512, Hypervisor = image, KernelOptions = "tests=none victims=24 zero bug=6",
            Modules = new BootModules(Path.Combine(folder, "xenith-guest-pv.elf"), BootModules.None),
        };
        var end = await bench.WatchAsync(settings, line => line.Contains("Hardware Dom0 crashed", StringComparison.Ordinal) || line.StartsWith("DONE passed ", StringComparison.Ordinal), Limit);
        var log = string.Join('\n', end.Log);
        var at = 0;
        foreach (var word in (string[])[
            "vector 14 error 0003", "FaultInjection.OnCall", "while serving d600v0: that domain ends here", "Fault test: a null reference with page 0 mapped, point 1: trapped;", "NOTE victims: 1 families, ", " 0 wrong",
            "NOTE page 0 is mapped", "vector 14 error 0003", "while serving d0v0: that domain ends here", "Hardware Dom0 crashed"])
        {
            at = log.IndexOf(word, at, StringComparison.Ordinal);
            TestBench.Check(at >= 0, $"'{word}' is not in the log, or too early; it ends:\n{string.Join('\n', end.Log.TakeLast(40))}");
        }
    }

    /// <summary>Bochs 2.7 puts AVX at a wrong place in the compacted format, which Linux would use: it is told to do without XSAVEC.</summary>
    private static async Task ProcessesAsync(TestBench bench)
    {
        await bench.Workshop.EnsureAsync([Purpose.Bochs, Purpose.BootDisc], bench.Cancel);
        var programs = (await Processes.BuildAsync(bench)).Where(program => program.Path is "processes/vectors-64" or "processes/checksums-64").ToList();
        var boot = await bench.BootAsync(
            "nproc; /processes/vectors-64; /processes/checksums-64 8 10000",
            machine => machine with
            {
                Emulator = EmulatorKind.Bochs, Boot = BootPath.Multiboot1, Cpus = 2, Programs = programs,
                HypervisorOptions = "dom0_max_vcpus=4 sched_credit_tslice_ms=1", KernelOptions = "quiet clearcpuid=321",
            }, Limit);
        TestBench.CheckOrderly(boot);
        foreach (var line in (string[])["4", "AVX-512 in five processes, wrong 0", "six processes and their parent, wrong 0", "four threads, wrong 0", "8 processes at once, wrong 0"])
            TestBench.Check(boot.Lines.Contains(line), $"missing: {line}\n{boot.Text}");
        TestBench.Check(boot.Lines.Any(line => line.StartsWith("avx-512 alone: ", StringComparison.Ordinal)), "no sum in the registers of AVX-512");
        CheckInterruptController(boot.End);
        bench.Note($"{boot.End.CpuSeconds:f1} CPU s");
    }

    /// <summary>What the hypervisor says about its local APIC.</summary>
    private static void CheckInterruptController(MachineEnd end)
    {
        foreach (var words in (string[])["Switched to APIC driver x2apic_phys", "TSC deadline timer enabled"])
            TestBench.Check(end.Log.Any(line => line.Contains(words, StringComparison.Ordinal)), $"'{words}' is not in the log");
    }

    private static TestCase Case(string model, string vendor, bool x2Apic) => new(model, async bench =>
    {
        await bench.Workshop.EnsureAsync([Purpose.Bochs, Purpose.BootDisc], bench.Cancel);
        var boot = await bench.BootAsync(
            "cat /sys/hypervisor/type; sed -n 's/^vendor_id.*: //p' /proc/cpuinfo; seq 1 2000 | md5sum",
            machine => machine with { Emulator = EmulatorKind.Bochs, Boot = BootPath.Multiboot1, CpuModel = model, KernelOptions = "quiet" }, Limit);
        TestBench.CheckOrderly(boot);
        var sum = Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData(
            System.Text.Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(1, 2000).Select(number => $"{number}\n")))));
        TestBench.Check(boot.Lines is ["xen", _, _], $"printed '{boot.Text}'");
        TestBench.Check(boot.Lines[1] == vendor, $"the CPU is '{boot.Lines[1]}', not '{vendor}'");
        TestBench.Check(boot.Lines[2] == $"{sum}  -", $"md5sum printed '{boot.Lines[2]}'");
        // The emulator's word, not the hypervisor's: CR4 when the machine ended (SDM volume 3, 2.5), and the APIC's mode (10.12.1).
        var cr4 = BochsLog.Cr4(boot.End.EmulatorMessages) ?? 0;
        TestBench.Check((cr4 & 1u << 20) != 0, $"SMEP is off: CR4 was {cr4:x8}");
        TestBench.Check((cr4 & 1u << 21) != 0, $"SMAP is off: CR4 was {cr4:x8}");
        if (x2Apic)
        {
            var mode = BochsLog.ApicMode(boot.End.EmulatorMessages) ?? 0;
            TestBench.Check((mode & 0xc00) == 0xc00, $"the local APIC is not in x2APIC mode: {mode:x8}");
            CheckInterruptController(boot.End);
        }
        bench.Note($"{boot.End.CpuSeconds:f1} CPU s");
    });
}
