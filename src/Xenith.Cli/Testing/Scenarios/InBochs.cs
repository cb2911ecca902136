using Xenith.Cli.Debian;
using Xenith.Cli.Emulation;

namespace Xenith.Cli.Testing.Scenarios;

/// <summary>
/// The boot to a shell on the machines that QEMU's translator cannot be: an Intel CPU with SMAP on and AVX-512 there, an AMD CPU of
/// another family, on an older chip set behind an older BIOS.
/// </summary>
internal sealed class InBochs : Scenario
{
    /// <summary>A boot takes about 100 CPU seconds; the rest is patience with a busy machine.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1500);

    public override string Name => "bochs";

    public override string Point => "Debian's kernel boots on an Intel CPU in Bochs with SMAP, SMEP and x2APIC on, and on an AMD CPU, to a shell and powers off";

    public override IEnumerable<TestCase> Cases(Scale scale) =>
        [Case(BochsConfiguration.DefaultCpu, "GenuineIntel", x2Apic: true), .. scale == Scale.Full ? [Case("ryzen", "AuthenticAMD", x2Apic: false)] : (TestCase[])[]];

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
        }
        bench.Note($"{boot.End.CpuSeconds:f1} CPU s");
    });
}
