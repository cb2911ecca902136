using Xenith.Cli.Emulation;

namespace Xenith.Cli.Testing.Scenarios;

/// <summary>A whole distribution in dom0: systemd, udev and some thirty services instead of one shell, from each kind of disk.</summary>
internal sealed class WholeDebian : Scenario
{
    public override string Name => "debian";

    public override string Point => "Debian boots from a disk to systemd's login prompt with no unit failed, from virtio, NVMe and AHCI disks";

    public override IEnumerable<TestCase> Cases(Scale scale) =>
        scale == Scale.Full ? [Case(DiskBus.Virtio), Case(DiskBus.Nvme), Case(DiskBus.Ahci)] : [];

    private static TestCase Case(DiskBus bus) => new($"{bus}", async bench =>
    {
        var boot = await RootSession.BootAsync(bench, """
            systemctl is-system-running
            systemctl list-units --failed --plain --no-legend
            systemctl show -P SubState serial-getty@hvc0.service
            findmnt -no FSTYPE,OPTIONS / | cut -d, -f1
            """, bus);
        TestBench.CheckOrderly(boot);
        TestBench.Check(boot.Lines is ["running", "running", _], $"systemd reports\n{boot.Text}");
        TestBench.Check(boot.Lines[2].Split(' ', StringSplitOptions.RemoveEmptyEntries) is ["ext4", "rw"], $"the root file system is '{boot.Lines[2]}'");
        bench.Note($"{boot.End.CpuSeconds:f0} CPU s");
    });
}
