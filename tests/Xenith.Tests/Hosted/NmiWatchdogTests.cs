using Xenith.Hypervisor;
using Xenith.Hypervisor.Interrupts;
using Xenith.Machine;
using Xenith.Machine.Simulation;
using Xunit;

namespace Xenith.Tests.Hosted;

public sealed class NmiWatchdogTests
{
    private const ulong Second = 1_000_000_000;

    [Fact]
    public void CPUs_that_get_on_are_left_in_peace()
    {
        using var hypervisor = new HostedHypervisor("loglvl=all watchdog watchdog_timeout=3", cpus: 3);
        Assert.Contains("(XEN) Watchdog: each CPU watches the next, 3 seconds", hypervisor.Log, StringComparison.Ordinal);
        for (int i = 0; i < 100; i++)
            Pass(hypervisor, hypervisor.Machine.Cpus);
        Assert.DoesNotContain("stuck", hypervisor.Log, StringComparison.Ordinal);
    }

    [Fact]
    public void A_CPU_that_does_not_get_on_is_found_by_the_one_before_it_and_tells_where_it_is()
    {
        using var hypervisor = new HostedHypervisor("loglvl=all watchdog watchdog_timeout=3 noreboot", cpus: 3);
        SimulatedCpu stuck = hypervisor.Machine.Cpus[2];
        for (int i = 0; i < 20 && !stuck.NmiIsPending; i++)
            Pass(hypervisor, hypervisor.Machine.Cpus.Where(cpu => cpu != stuck));
        stuck.Step();
        Assert.True(stuck.IsStopped);
        Assert.Contains("(XEN) Watchdog timer detects that CPU2 is stuck!", hypervisor.Log, StringComparison.Ordinal);
        Assert.Contains("(XEN) CPU:    2", hypervisor.Log, StringComparison.Ordinal);
        Assert.Contains("(XEN) Panic on CPU 2:", hypervisor.Log, StringComparison.Ordinal);
        Assert.True(hypervisor.Machine.Cpus[1].IsStopped);
    }

    [Fact]
    public void A_CPU_that_does_not_even_take_the_NMI_is_reported_by_its_neighbour()
    {
        using var hypervisor = new HostedHypervisor("loglvl=all watchdog watchdog_timeout=3 noreboot", cpus: 3);
        for (int i = 0; i < 20 && !hypervisor.Machine.Cpus[1].IsStopped; i++)
            Pass(hypervisor, hypervisor.Machine.Cpus.Where(cpu => cpu.Id == 1));
        Assert.True(hypervisor.Machine.Cpus[1].IsStopped);
        Assert.Contains("Watchdog timer detects that CPU2 is stuck!", hypervisor.Log, StringComparison.Ordinal);
        Assert.Contains("Panic on CPU 1", hypervisor.Log, StringComparison.Ordinal);
        Assert.InRange(hypervisor.Machine.Clock.Now, 3 * Second, 12 * Second);
    }

    [Fact]
    public void One_CPU_has_nobody_to_watch_it()
    {
        using var hypervisor = new HostedHypervisor("loglvl=all watchdog");
        Assert.Contains("The watchdog needs two CPUs", hypervisor.Log, StringComparison.Ordinal);
        Assert.Null(hypervisor.Host.Pcpus.Find(0)!.Watchdog);
    }

    /// <summary>Half a second passes, and some CPUs get on.</summary>
    private static void Pass(HostedHypervisor hypervisor, IEnumerable<SimulatedCpu> cpus)
    {
        hypervisor.Machine.Clock.Advance(Second / 2);
        foreach (SimulatedCpu cpu in cpus)
            cpu.Step();
    }
}
