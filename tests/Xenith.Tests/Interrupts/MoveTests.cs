// Interrupts that change their CPU while they come: none may be lost, none may arrive where nobody knows it.

using Xenith.Abi;
using Xenith.Hypervisor;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Interrupts;
using Xenith.Machine;
using Xenith.Machine.Simulation;
using Xenith.Tests.Hypercalls;
using Xunit;

namespace Xenith.Tests.Interrupts;

public sealed class MoveTests
{
    /// <summary>The kinds of source that have rules of their own.</summary>
    public enum Source
    {
        Edge,
        Level,
        Msi,
        MaskableMsi,
        Msix,
    }

    [Theory]
    [InlineData(Source.Edge)]
    [InlineData(Source.Level)]
    [InlineData(Source.Msi)]
    [InlineData(Source.MaskableMsi)]
    [InlineData(Source.Msix)]
    public void No_interrupt_is_lost_on_the_way(Source source)
    {
        for (int seed = 0; seed < 60; seed++)
            Storm(source, seed);
    }

    [Fact]
    public void An_interrupt_follows_the_vCPU_that_it_is_bound_to()
    {
        using var guest = new GuestScene(cpus: 2);
        PciDevice device = MessageTests.AddDevice(guest);
        Assert.Equal(0, MessageTests.MapMsix(guest, 0, out int pirq));
        uint port = MessageTests.Bind(guest, pirq);
        MessageTests.WriteConfiguration(guest, 0x72, 2, 0x8000);
        Irq irq = guest.Domain.Pirqs.IrqOf((uint)pirq)!;
        Assert.Equal(guest.Pcpu, irq.Cpu);

        // Bound to a vCPU that another CPU has: at once.
        Pcpu second = guest.Host.Pcpus.Find(1)!;
        Load(second, guest.Domain.FindVcpu(1)!);
        var bind = new EventChannelBindVcpu { Port = port, Vcpu = 1 };
        Assert.Equal(0, guest.Call(HypercallNumber.EventChannelOp, (ulong)EventChannelOp.BindVcpu, ref bind));
        Assert.Equal(second, irq.Cpu);
        Settle(guest);

        // The vCPUs change places: with the first interrupt after that, once the last move is long ago.
        Vcpu first = guest.Vcpu;
        Load(guest.Pcpu, guest.Domain.FindVcpu(1)!);
        Load(second, first);
        Advance(guest, 20_000_000);
        device.RaiseMsix(0);
        TakeAnywhere(guest, 1);
        Assert.True(guest.Domain.Events.IsPending(port));
        Assert.Equal(guest.Pcpu, irq.Cpu);
        Load(guest.Pcpu, first);
        Load(second, guest.Domain.FindVcpu(1)!);
        guest.Domain.SharedInfo.TestAndClearBit(2048, port);
        device.RaiseMsix(0);
        TakeAnywhere(guest, 0);
        Assert.Equal(guest.Pcpu, irq.Cpu);
    }

    [Fact]
    public void The_way_out_of_a_CPU_that_goes_offline()
    {
        using var guest = new GuestScene(cpus: 2);
        PciDevice device = MessageTests.AddDevice(guest);
        Assert.Equal(0, MessageTests.MapMsix(guest, 0, out int pirq));
        uint port = MessageTests.Bind(guest, pirq);
        MessageTests.WriteConfiguration(guest, 0x72, 2, 0x8000);
        Irq irq = guest.Domain.Pirqs.IrqOf((uint)pirq)!;
        Pcpu second = guest.Host.Pcpus.Find(1)!;
        Assert.Equal(XenError.None, irq.SetCpu(second));
        Settle(guest);
        guest.Host.Pcpus.SetOnline(1, false);
        using (guest.Machine.Cpus[1].Enter())
            guest.Host.Interrupts.EvacuateCpu(second);
        Assert.Contains($"Broke affinity for IRQ{irq.Number}, new: {{0}}", guest.Printed, StringComparison.Ordinal);
        Assert.Equal(guest.Pcpu, irq.Cpu);
        for (int vector = 0x20; vector < 0xf0; vector++)
            Assert.True(second.Vectors.IsFree((byte)vector));
        device.RaiseMsix(0);
        MessageTests.Take(guest);
        Assert.True(guest.Domain.Events.IsPending(port));
    }

    [Fact]
    public void A_silenced_interrupt_speaks_again_after_its_CPU_has_gone()
    {
        using var guest = new GuestScene(cpus: 2);
        PciDevice device = MessageTests.AddDevice(guest);
        Assert.Equal(0, MessageTests.MapMsix(guest, 0, out int pirq));
        uint port = MessageTests.Bind(guest, pirq);
        MessageTests.WriteConfiguration(guest, 0x72, 2, 0x8000);
        Irq irq = guest.Domain.Pirqs.IrqOf((uint)pirq)!;
        Pcpu second = guest.Host.Pcpus.Find(1)!;
        // It would follow the vCPU back at once otherwise.
        Load(second, guest.Vcpu);
        irq.SetCpu(second);
        Settle(guest);
        for (int i = 0; i < 2; i++)
        {
            device.RaiseMsix(0);
            TakeAnywhere(guest, 1);
        }
        Assert.True(irq.IsThrottled);
        guest.Host.Pcpus.SetOnline(1, false);
        using (guest.Machine.Cpus[1].Enter())
        {
            guest.Host.Interrupts.EvacuateCpu(second);
            second.Timers.Cancel(second.InterruptTimer);
        }
        guest.Domain.SharedInfo.TestAndClearBit(2048, port);
        TakeAnywhere(guest, 0);
        Advance(guest, 3_000_000);
        Assert.False(irq.IsThrottled);
        Assert.True(guest.Domain.Events.IsPending(port));
    }

    [Fact]
    public void An_unknown_vector_is_said_once_and_ended()
    {
        using var guest = new GuestScene();
        for (int i = 0; i < 3; i++)
        {
            guest.Machine.Cpus[0].LocalApic.Request(0x77);
            MessageTests.Take(guest);
        }
        Assert.False(guest.Machine.Cpus[0].LocalApic.IsInService(0x77));
        Assert.Single(guest.Printed.Split('\n'), line => line.Contains("No irq handler for vector", StringComparison.Ordinal));
    }

    private static void Storm(Source source, int seed)
    {
        var random = new Random(seed);
        using var guest = new GuestScene(cpus: 3);
        PciDevice device = MessageTests.AddDevice(guest, hasMask: source == Source.MaskableMsi);
        int pirq = 20;
        switch (source)
        {
            case Source.Edge or Source.Level:
                var setup = new PhysdevSetupGsi { Gsi = 20, Triggering = (byte)(source == Source.Level ? 1 : 0), Polarity = 0 };
                Assert.Equal(0, guest.Call(HypercallNumber.PhysdevOp, (ulong)PhysdevOp.SetupGsi, ref setup));
                var map = new PhysdevMapPirq { Domid = DomainIds.Self, Type = (int)MapPirqType.Gsi, Index = 20, Pirq = 20 };
                Assert.Equal(0, guest.Call(HypercallNumber.PhysdevOp, (ulong)PhysdevOp.MapPirq, ref map));
                break;
            case Source.Msix:
                Assert.Equal(0, MessageTests.MapMsix(guest, 1, out pirq));
                MessageTests.WriteConfiguration(guest, 0x72, 2, 0x8000);
                break;
            default:
                Assert.Equal(0, MessageTests.MapMsi(guest, out pirq));
                MessageTests.WriteConfiguration(guest, 0x52, 2, 1);
                break;
        }
        uint port = MessageTests.Bind(guest, pirq);
        Irq irq = guest.Domain.Pirqs.IrqOf((uint)pirq)!;

        // Other vectors are in use here and there, so that a number that is free on one CPU is not on all.
        foreach (SimulatedCpu cpu in guest.Machine.Cpus)
        {
            for (int vector = 0x20; vector < 0xf0; vector++)
            {
                CpuVectors vectors = guest.Host.Pcpus.Find(cpu.Id)!.Vectors;
                if (random.Next(2) == 0 && vectors.IsFree((byte)vector))
                    vectors.Give((byte)vector, 5);
            }
        }

        // Raised so often; seen is how often it had been when the interrupt was last taken.
        bool isDue = false;
        ulong counted = 0;
        void Raise()
        {
            isDue = true;
            counted = irq.Count;
            switch (source)
            {
                case Source.Edge:
                    guest.Machine.IoApic.Pulse(20);
                    break;
                case Source.Level:
                    guest.Machine.IoApic.SetPin(20, true);
                    break;
                case Source.Msix:
                    device.RaiseMsix(1);
                    break;
                default:
                    device.RaiseMsi();
                    break;
            }
        }
        void Acknowledge()
        {
            if (!guest.Domain.SharedInfo.TestAndClearBit(2048, port))
                return;
            guest.Machine.IoApic.SetPin(20, false);
            isDue = false;
            uint number = (uint)pirq;
            guest.Call(HypercallNumber.PhysdevOp, (ulong)PhysdevOp.Eoi, ref number);
        }
        device.BeforeWrite = () =>
        {
            if (random.Next(3) == 0)
                Raise();
        };
        for (int step = 0; step < 200; step++)
        {
            switch (random.Next(6))
            {
                case 0:
                    irq.SetCpu(guest.Host.Pcpus.Find((uint)random.Next(3))!);
                    break;
                case 1:
                    Raise();
                    break;
                case 2:
                    TakeAnywhere(guest, random.Next(3));
                    break;
                case 3:
                    Acknowledge();
                    break;
                default:
                    Advance(guest, (ulong)random.Next(2_000_000));
                    break;
            }
        }
        device.BeforeWrite = null;
        Settle(guest);
        Acknowledge();
        Settle(guest);
        Raise();
        Settle(guest);
        Assert.True(guest.Domain.Events.IsPending(port), $"{source}, seed {seed}: lost (due {isDue}, {counted} of {irq.Count})");
        Acknowledge();
        Settle(guest);
        Assert.True(!irq.HasOldVectors && !irq.IsMovePending, $"{source}, seed {seed}: a move did not end");
        Assert.DoesNotContain("No irq handler", guest.Printed, StringComparison.Ordinal);
        int kept = 0;
        for (int cpu = 0; cpu < 3; cpu++)
        {
            for (int vector = 0x20; vector < 0xf0; vector++)
                kept += guest.Host.Pcpus.Find((uint)cpu)!.Vectors.TryGet((byte)vector, out uint owner) && owner == irq.Number ? 1 : 0;
        }
        Assert.Equal(1, kept);
    }

    private static void TakeAnywhere(GuestScene guest, int cpu)
    {
        using (guest.Machine.Cpus[cpu].Enter())
        {
            guest.Machine.Cpus[cpu].SetInterrupts(true);
            guest.Machine.Cpus[cpu].SetInterrupts(false);
            guest.Host.Interrupts.DoDeferred(guest.Host);
        }
    }

    private static void Advance(GuestScene guest, ulong nanoseconds)
    {
        guest.Machine.Clock.Advance(nanoseconds);
        for (int cpu = 0; cpu < guest.Machine.Cpus.Count; cpu++)
        {
            using (guest.Machine.Cpus[cpu].Enter())
                Pcpu.Current.Timers.RunDue(guest.Now);
        }
    }

    /// <summary>Everything that is under way arrives.</summary>
    private static void Settle(GuestScene guest)
    {
        for (int i = 0; i < 30; i++)
        {
            for (int cpu = 0; cpu < guest.Machine.Cpus.Count; cpu++)
                TakeAnywhere(guest, cpu);
            Advance(guest, 1_100_000);
        }
    }

    /// <summary>A CPU has a vCPU loaded from now on.</summary>
    private static void Load(Pcpu cpu, Vcpu vcpu)
    {
        vcpu.Scheduling.LoadedOn = (int)cpu.Id;
        cpu.Loaded = vcpu;
    }
}
