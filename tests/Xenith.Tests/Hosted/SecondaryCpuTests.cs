using Xenith.Abi;
using Xenith.Hypervisor;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Interrupts;
using Xenith.Hypervisor.Power;
using Xenith.Machine;
using Xenith.Machine.Simulation;
using Xunit;

namespace Xenith.Tests.Hosted;

public sealed class SecondaryCpuTests
{
    [Theory]
    [InlineData(1, "", 1)]
    [InlineData(4, "", 4)]
    [InlineData(4, "maxcpus=2", 2)]
    [InlineData(4, "nosmp", 1)]
    public void As_many_CPUs_start_as_there_are_and_are_wanted(int cpus, string options, int started)
    {
        using var hypervisor = new HostedHypervisor("loglvl=all " + options, cpus: cpus);
        Assert.Contains($"(XEN) SMP: Allowing {cpus} CPUs (0 hotplug CPUs)", hypervisor.Log, StringComparison.Ordinal);
        Assert.Contains($"(XEN) Brought up {started} CPUs", hypervisor.Log, StringComparison.Ordinal);
        Assert.Equal(started, hypervisor.Host.Pcpus.Online.Count);
        for (uint cpu = 0; cpu < (uint)started; cpu++)
            Assert.Equal(cpu, hypervisor.Host.Pcpus.Find(cpu)!.ApicId);
    }

    [Fact]
    public void A_started_CPU_has_the_control_registers_of_the_first()
    {
        using var hypervisor = new HostedHypervisor(cpus: 2);
        SimulatedCpu first = hypervisor.Cpu, second = hypervisor.Machine.Cpus[1];
        Assert.True(second.IsAsleep);
        Assert.Equal(first.Cr0, second.Cr0);
        Assert.Equal(first.Cr4 | Cr4.TimeStampDisable, second.Cr4 | Cr4.TimeStampDisable);
        Assert.Equal(first.Efer, second.Efer);
        Assert.Equal(7UL, second.Xcr0);
        // What guests read of it is what it has: their page tables use it.
        Assert.Equal(0x0000_0501_0007_0406UL, first.Msrs.Read(Msr.Pat));
        Assert.Equal(first.Msrs.Read(Msr.Pat), second.Msrs.Read(Msr.Pat));
    }

    // What is written to an entry while the APIC is off by software leaves it masked: such a CPU would have no timer.
    [Fact]
    public void Timer_and_errors_interrupt_every_CPU()
    {
        const uint timer = 0x320, error = 0x370, masked = 1 << 16;
        using var hypervisor = new HostedHypervisor(cpus: 3);
        foreach (SimulatedCpu cpu in hypervisor.Machine.Cpus)
        {
            Assert.Equal((Vectors.LocalTimer, 0u), ((byte)cpu.LocalApic.Read(timer, 4), cpu.LocalApic.Read(timer, 4) & masked));
            Assert.Equal((Vectors.ApicError, 0u), ((byte)cpu.LocalApic.Read(error, 4), cpu.LocalApic.Read(error, 4) & masked));
        }
    }

    [Fact]
    public void A_CPU_that_does_not_answer_is_left_out_after_a_limited_time()
    {
        using var hypervisor = new HostedHypervisor(cpus: 4, prepare: machine => machine.Cpus[2].NeverStarts = true);
        Assert.Contains("(XEN) CPU 2 (APIC id 2): Not responding.", hypervisor.Log, StringComparison.Ordinal);
        Assert.Contains("(XEN) Failed to bring up CPU 2 (error -5)", hypervisor.Log, StringComparison.Ordinal);
        Assert.Contains("(XEN) Brought up 3 CPUs", hypervisor.Log, StringComparison.Ordinal);
        Assert.False(hypervisor.Host.Pcpus.Online.Contains(2));
        Assert.True(hypervisor.Host.Pcpus.Online.Contains(3));
        Assert.True(hypervisor.Machine.Clock.Now < 30_000_000_000, $"{hypervisor.Machine.Clock.Now} ns");
    }

    [Fact]
    public void Work_that_is_raised_for_another_CPU_interrupts_it_once()
    {
        using var hypervisor = new HostedHypervisor(cpus: 2);
        SimulatedCpu second = hypervisor.Machine.Cpus[1];
        Pcpu target = hypervisor.Host.Pcpus.Find(1)!;
        target.Raise(PendingWork.Deferred);
        target.Raise(PendingWork.Deferred);
        Assert.Equal(PendingWork.Deferred, second.Work);
        Assert.Equal(0u, hypervisor.Cpu.Work);
        Assert.True(second.LocalApic.HasDeliverable);
        second.Step();
        Assert.False(second.LocalApic.HasDeliverable);
        Assert.False(second.LocalApic.IsInService(Vectors.EventCheck));
        Assert.Equal(0u, second.Work);
        Assert.True(second.IsAsleep);
    }

    [Fact]
    public void A_call_runs_on_every_CPU_that_it_is_for_and_is_waited_for()
    {
        using var hypervisor = new HostedHypervisor(cpus: 4);
        var call = new Counting();
        hypervisor.Host.CpuCalls.Run(CpuSet.All, call);
        Assert.Equal([1, 1, 1, 1], call.Runs[..4]);
        hypervisor.Host.CpuCalls.Run(CpuSet.Of(2), call);
        Assert.Equal([1, 1, 2, 1], call.Runs[..4]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Two_CPUs_that_wait_for_each_other_do_not_wait_for_ever(bool interruptsOn)
    {
        using var hypervisor = new HostedHypervisor(cpus: 3);
        hypervisor.Cpu.SetInterrupts(interruptsOn);
        var call = new Flushing(hypervisor.Host);
        hypervisor.Host.CpuCalls.Run(CpuSet.Of(1), call);
        // CPU 1 made CPU 0 flush while CPU 0 waited for it.
        Assert.Equal(1, call.Done);
    }

    [Theory]
    [InlineData(MmuExtCommand.TlbFlushAll, true)]
    [InlineData(MmuExtCommand.InvlpgAll, true)]
    [InlineData(MmuExtCommand.TlbFlushMulti, true)]
    [InlineData(MmuExtCommand.InvlpgMulti, true)]
    [InlineData(MmuExtCommand.TlbFlushLocal, false)]
    [InlineData(MmuExtCommand.InvlpgLocal, false)]
    public void Flushes_reach_the_CPUs_that_they_name(MmuExtCommand command, bool reaches)
    {
        const ulong mask = TestKernel.VirtualStart + 0x3100;
        using var hypervisor = new HostedHypervisor(cpus: 3);
        SimulatedCpu second = hypervisor.Machine.Cpus[1], third = hypervisor.Machine.Cpus[2];
        ulong address = HostedHypervisor.AddressOf(0x20);
        second.WriteCr3(hypervisor.Cpu.Cr3);
        third.WriteCr3(hypervisor.Cpu.Cr3);
        Vcpu loaded = hypervisor.Host.Domains.Find(0)!.FindVcpu(1)!;
        loaded.Scheduling.LoadedOn = 1;
        hypervisor.Host.Pcpus.Find(1)!.Loaded = loaded;
        Assert.True(second.TryReadAsUser(address, out ulong _));
        Assert.True(third.TryReadAsUser(address, out ulong _));
        // The second vCPU; and one that does not exist.
        hypervisor.Write(mask, 1UL << 1 | 1UL << 63);
        hypervisor.Write(TestKernel.VirtualStart + 0x3000, new MmuExtOp { Cmd = (uint)command, LinearAddr = address });
        if (command is MmuExtCommand.TlbFlushMulti or MmuExtCommand.InvlpgMulti)
            hypervisor.Write(TestKernel.VirtualStart + 0x3010, mask);
        Assert.Equal(0, hypervisor.Call(HypercallNumber.MmuExtOp, TestKernel.VirtualStart + 0x3000, 1, 0, DomainIds.Self));
        Assert.Equal(!reaches, second.Tlb.Pages.ContainsKey(address >> AddressSpace.PageShift));
        // A CPU that has no vCPU of the domain loaded is left in peace.
        Assert.True(third.Tlb.Pages.ContainsKey(address >> AddressSpace.PageShift));
    }

    [Fact]
    public void A_panic_stops_the_other_CPUs()
    {
        using var hypervisor = new HostedHypervisor("loglvl=all noreboot", cpus: 3);
        Assert.Throws<CpuStopped>(() => Panic.Now(hypervisor.Host.Log, $"end"));
        Assert.True(hypervisor.Machine.Cpus[1].IsStopped);
        Assert.True(hypervisor.Machine.Cpus[2].IsStopped);
    }

    private sealed class Counting : CpuCall
    {
        public int[] Runs { get; } = new int[8];

        public override void Run() => Runs[PerCpu.Id]++;
    }

    private sealed class Flushing(Host host) : CpuCall
    {
        public int Done { get; private set; }

        public override void Run()
        {
            host.Memory.Tlb.FlushSince(host.Memory.Tlb.Now);
            Done++;
        }
    }
}
