using Xenith.Abi;
using Xenith.Hypervisor;
using Xenith.Hypervisor.Scheduling;
using Xenith.Machine;
using Xenith.Machine.Simulation;
using Xunit;

namespace Xenith.Tests.Hosted;

public sealed class CpuHotplugTests
{
    private const ulong Argument = TestKernel.VirtualStart + 0x3000;

    [Fact]
    public void A_CPU_leaves_and_comes_back()
    {
        using var hypervisor = new HostedHypervisor(cpus: 3);
        SimulatedCpu second = hypervisor.Machine.Cpus[1];
        for (int round = 0; round < 3; round++)
        {
            Assert.Equal(0, Change(hypervisor, PlatformOp.CpuOffline, 1));
            Assert.False(hypervisor.Host.Pcpus.Online.Contains(1));
            Assert.True(second.IsStopped);
            Assert.Equal(0, Change(hypervisor, PlatformOp.CpuOffline, 1));

            // Nobody waits for one that is not there.
            hypervisor.Host.Memory.Tlb.FlushSince(hypervisor.Host.Memory.Tlb.Now);
            hypervisor.Host.CpuCalls.Run(CpuSet.All, new Nothing());

            Assert.Equal(0, Change(hypervisor, PlatformOp.CpuOnline, 1));
            Assert.True(hypervisor.Host.Pcpus.Online.Contains(1));
            Assert.False(second.IsStopped);
            Assert.True(second.IsAsleep);
            Assert.Equal(0, Change(hypervisor, PlatformOp.CpuOnline, 1));
        }
    }

    // A CPU that idles when it is told to leave has to be taken out of the scheduler, too, or who wakes up for it waits for ever. (On the machine it leaves from within its idle loop; the simulated one enters anew. So the scenario irq-affinity
    // has the last word.)
    [Fact]
    public void Nobody_is_queued_on_a_CPU_that_has_left_while_it_idled()
    {
        using var hypervisor = new HostedHypervisor(cpus: 3);
        Assert.True(hypervisor.Machine.Cpus[1].IsAsleep);
        Scheduler scheduler = hypervisor.Host.Scheduler;
        using (hypervisor.Cpu.Enter())
        {
            SchedulingUnit tied = scheduler.CreateUnit(scheduler.CreateDomain(99), 0, 1);
            tied.HardAffinity = CpuSet.Of(1);
            Assert.Equal(1u, scheduler.PickCpu(tied));
            Assert.Equal(0, Change(hypervisor, PlatformOp.CpuOffline, 1));
            Assert.NotEqual(1u, scheduler.PickCpu(tied));
            Assert.Equal(0, Change(hypervisor, PlatformOp.CpuOnline, 1));
            Assert.Equal(1u, scheduler.PickCpu(tied));
        }
    }

    [Fact]
    public void What_cannot_be_is_refused()
    {
        using var hypervisor = new HostedHypervisor(cpus: 2);
        Assert.Equal(-95, Change(hypervisor, PlatformOp.CpuOffline, 0));
        Assert.Equal(-22, Change(hypervisor, PlatformOp.CpuOffline, 2));
        Assert.Equal(-22, Change(hypervisor, PlatformOp.CpuOnline, 2));
        Assert.Equal(-22, Change(hypervisor, PlatformOp.CpuOnline, uint.MaxValue));
        Assert.Equal(0, Change(hypervisor, PlatformOp.CpuOnline, 0));
    }

    [Fact]
    public void One_that_does_not_come_back_is_an_IO_error_and_can_be_tried_again()
    {
        using var hypervisor = new HostedHypervisor(cpus: 2);
        Assert.Equal(0, Change(hypervisor, PlatformOp.CpuOffline, 1));
        hypervisor.Machine.Cpus[1].NeverStarts = true;
        Assert.Equal(-5, Change(hypervisor, PlatformOp.CpuOnline, 1));
        hypervisor.Machine.Cpus[1].NeverStarts = false;
        Assert.Equal(0, Change(hypervisor, PlatformOp.CpuOnline, 1));
        Assert.True(hypervisor.Host.Pcpus.Online.Contains(1));
    }

    [Fact]
    public void CPUs_beyond_maxcpus_can_come_later()
    {
        using var hypervisor = new HostedHypervisor("loglvl=all maxcpus=2", cpus: 3);
        Assert.False(hypervisor.Host.Pcpus.Online.Contains(2));
        Assert.Equal(0, Change(hypervisor, PlatformOp.CpuOnline, 2));
        Assert.True(hypervisor.Host.Pcpus.Online.Contains(2));
    }

    /// <summary>Asks for a change until the hypervisor has made it; the other CPUs get on meanwhile.</summary>
    private static long Change(HostedHypervisor hypervisor, PlatformOp operation, uint cpu)
    {
        hypervisor.Write(Argument, new PlatformOpArgs { Cmd = (uint)operation, InterfaceVersion = PlatformConstants.InterfaceVersion, CpuOl = new PlatformCpuOl { Cpuid = cpu } });
        for (int i = 0; i < 10; i++)
        {
            ulong before = hypervisor.Cpu.Frame.Rip;
            long result = hypervisor.Call(HypercallNumber.PlatformOp, Argument);
            // A call that has to be made again has moved the guest back to it.
            if (hypervisor.Cpu.Frame.Rip == before)
                return result;
            hypervisor.Cpu.Frame.Rip = before;
            foreach (SimulatedCpu other in hypervisor.Machine.Cpus.Where(other => other.Id != 0))
                other.Step();
        }
        throw new BrokenPromise("the change does not come to an end");
    }

    private sealed class Nothing : CpuCall
    {
        public override void Run()
        {
        }
    }
}
