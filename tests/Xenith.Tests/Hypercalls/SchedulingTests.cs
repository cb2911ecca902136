// sched_op, set_timer_op and vcpu_op: waiting, timers, and what a guest is told about its vCPUs.

using Xenith.Abi;
using Xenith.Hypervisor;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;
using Xunit;

namespace Xenith.Tests.Hypercalls;

public sealed class SchedulingTests
{
    private const ulong Millisecond = 1_000_000;

    [Fact]
    public void Block_unmasks_events_and_waits()
    {
        using var guest = new GuestScene();
        Assert.Equal(0, guest.Call(HypercallNumber.SchedOp, (ulong)SchedOp.Block));
        Assert.Equal((0, true), (guest.Vcpu.Info.Load8(1), guest.Vcpu.Scheduling.IsBlocked));
    }

    [Fact]
    public void Block_returns_at_once_if_an_event_is_pending()
    {
        using var guest = new GuestScene();
        guest.Vcpu.Info.Store8(0, 1);
        Assert.Equal(0, guest.Call(HypercallNumber.SchedOp, (ulong)SchedOp.Block));
        Assert.False(guest.Vcpu.Scheduling.IsBlocked);
    }

    [Fact]
    public void Poll_waits_for_a_masked_port_and_its_event_ends_the_wait()
    {
        using var guest = new GuestScene();
        guest.Domain.Events.BindIpi(0, out uint port);
        guest.Domain.Events.BindIpi(0, out uint other);
        guest.Domain.SharedInfo.TestAndSetBit(2560, port);
        guest.Domain.SharedInfo.TestAndSetBit(2560, other);
        Assert.Equal(0, Poll(guest, [port], 0));
        Assert.True(guest.Vcpu.Scheduling.IsBlocked);
        guest.Domain.Events.Send(other);
        Assert.True(guest.Vcpu.Scheduling.IsBlocked);
        guest.Domain.Events.Send(port);
        Assert.False(guest.Vcpu.Scheduling.IsBlocked);
        Assert.False(guest.Vcpu.Polling.IsPolling);
        Assert.Equal(0, Poll(guest, [other, port], 0));
        Assert.False(guest.Vcpu.Scheduling.IsBlocked, "a port that is pending already");
    }

    [Fact]
    public void Poll_ends_at_its_time()
    {
        using var guest = new GuestScene();
        guest.Domain.Events.BindIpi(0, out uint port);
        Assert.Equal(0, Poll(guest, [port], guest.Now + 5 * Millisecond));
        guest.Advance(4 * Millisecond);
        Assert.True(guest.Vcpu.Scheduling.IsBlocked);
        guest.Advance(2 * Millisecond);
        Assert.False(guest.Vcpu.Scheduling.IsBlocked);
    }

    [Fact]
    public void A_new_block_is_not_ended_by_an_old_poll()
    {
        using var guest = new GuestScene();
        guest.Domain.Events.BindIpi(0, out uint port);
        guest.Domain.SharedInfo.TestAndSetBit(2560, port);
        Poll(guest, [port], 0);
        guest.Vcpu.Scheduling.Wake();
        guest.Call(HypercallNumber.SchedOp, (ulong)SchedOp.Block);
        guest.Domain.Events.Send(port);
        Assert.True(guest.Vcpu.Scheduling.IsBlocked);
    }

    [Fact]
    public void Poll_checks_its_ports()
    {
        using var guest = new GuestScene();
        Assert.Equal(-22, Poll(guest, [64], 0));
        Assert.Equal(-22, guest.Call(HypercallNumber.SchedOp, (ulong)SchedOp.Poll, PutPoll(guest, GuestScene.Memory, 129, 0)));
        Assert.Equal(-14, guest.Call(HypercallNumber.SchedOp, (ulong)SchedOp.Poll, PutPoll(guest, GuestScene.Unmapped, 1, 0)));
        Assert.Equal(-14, guest.Call(HypercallNumber.SchedOp, (ulong)SchedOp.Poll, PutPoll(guest, GuestScene.Forbidden, 0, 0)));
        Assert.False(guest.Vcpu.Scheduling.IsBlocked);
        Assert.False(guest.Vcpu.Polling.IsPolling);
    }

    [Fact]
    public void The_one_shot_timer_raises_its_virq_once()
    {
        using var guest = new GuestScene();
        uint port = StopPeriodicAndBind(guest);
        var timer = new VcpuSetSingleshotTimer { TimeoutAbsNs = guest.Now + 3 * Millisecond };
        Assert.Equal(0, ForSelf(guest, VcpuOp.SetSingleshotTimer, ref timer));
        guest.Advance(2 * Millisecond);
        Assert.False(guest.Domain.Events.IsPending(port));
        guest.Advance(2 * Millisecond);
        Assert.True(guest.Domain.Events.IsPending(port));
        guest.Domain.SharedInfo.TestAndClearBit(2048, port);
        guest.Advance(100 * Millisecond);
        Assert.False(guest.Domain.Events.IsPending(port));
    }

    [Fact]
    public void A_moment_that_has_passed_fires_at_once_whatever_the_flag_says()
    {
        using var guest = new GuestScene();
        uint port = StopPeriodicAndBind(guest);
        guest.Advance(10 * Millisecond);
        var timer = new VcpuSetSingleshotTimer { TimeoutAbsNs = 5 * Millisecond, Flags = (uint)SingleshotTimerFlags.Future };
        Assert.Equal(0, ForSelf(guest, VcpuOp.SetSingleshotTimer, ref timer));
        guest.Advance(0);
        Assert.True(guest.Domain.Events.IsPending(port));
    }

    [Fact]
    public void Set_timer_op_takes_absurd_moments_for_mistakes()
    {
        using var guest = new GuestScene();
        uint port = StopPeriodicAndBind(guest);
        foreach (ulong moment in (ulong[])[ulong.MaxValue, 1UL << 63, guest.Now + (1UL << 50) + 10_000 * Millisecond])
        {
            Assert.Equal(0, guest.Call(HypercallNumber.SetTimerOp, moment));
            guest.Advance(90 * Millisecond);
            Assert.False(guest.Domain.Events.IsPending(port));
            guest.Advance(20 * Millisecond);
            Assert.True(guest.Domain.SharedInfo.TestAndClearBit(2048, port));
        }
        guest.Call(HypercallNumber.SetTimerOp, guest.Now + Millisecond);
        guest.Call(HypercallNumber.SetTimerOp, 0);
        guest.Advance(200 * Millisecond);
        Assert.False(guest.Domain.Events.IsPending(port));
    }

    [Fact]
    public void The_periodic_timer_ticks_every_10_ms_while_the_vCPU_runs()
    {
        using var guest = new GuestScene();
        guest.Domain.Events.BindVirq((uint)Virq.Timer, 0, out uint port);
        guest.Vcpu.Timers.OnScheduledIn();
        int ticks = 0;
        for (int i = 0; i < 100; i++)
        {
            guest.Advance(Millisecond);
            ticks += guest.Domain.SharedInfo.TestAndClearBit(2048, port) ? 1 : 0;
        }
        Assert.InRange(ticks, 9, 10);
        ulong period = 500_000;
        Assert.Equal(-22, ForSelf(guest, VcpuOp.SetPeriodicTimer, ref period));
        period = 1UL << 63;
        Assert.Equal(-22, ForSelf(guest, VcpuOp.SetPeriodicTimer, ref period));
        period = 50 * Millisecond;
        Assert.Equal(0, ForSelf(guest, VcpuOp.SetPeriodicTimer, ref period));
        guest.Advance(49 * Millisecond);
        Assert.False(guest.Domain.Events.IsPending(port));
        guest.Advance(2 * Millisecond);
        Assert.True(guest.Domain.Events.IsPending(port));
    }

    [Fact]
    public void Vcpu_op_knows_the_vCPUs_and_refuses_the_rest_first()
    {
        using var guest = new GuestScene();
        Assert.Equal(1, guest.Call(HypercallNumber.VcpuOp, (ulong)VcpuOp.IsUp, 0));
        Assert.Equal(0, guest.Call(HypercallNumber.VcpuOp, (ulong)VcpuOp.IsUp, 1));
        foreach (ulong id in (ulong[])[2, 8191, uint.MaxValue])
            Assert.Equal(-2, guest.Call(HypercallNumber.VcpuOp, (ulong)VcpuOp.IsUp, id));
        Assert.Equal(-2, guest.Call(HypercallNumber.VcpuOp, 1000, 2));
        Assert.Equal(-38, guest.Call(HypercallNumber.VcpuOp, 1000, 0));
        Assert.Equal(-22, guest.Call(HypercallNumber.VcpuOp, (ulong)VcpuOp.SetSingleshotTimer, 1, GuestScene.Memory));
        Assert.Equal(-22, guest.Call(HypercallNumber.VcpuOp, (ulong)VcpuOp.StopSingleshotTimer, 1));
    }

    [Fact]
    public void VCPUs_go_up_and_down_and_the_last_one_switches_the_domain_off()
    {
        using var guest = new GuestScene(privileged: false);
        Assert.Equal(0, guest.Call(HypercallNumber.VcpuOp, (ulong)VcpuOp.Up, 1));
        Assert.True(guest.Domain.FindVcpu(1)!.Scheduling.IsUp);
        Assert.Equal(0, guest.Call(HypercallNumber.VcpuOp, (ulong)VcpuOp.Down, 1));
        Assert.False(guest.Domain.FindVcpu(1)!.Scheduling.IsUp);
        guest.Domain.FindVcpu(1)!.IsInitialised = false;
        Assert.Equal(-22, guest.Call(HypercallNumber.VcpuOp, (ulong)VcpuOp.Up, 1));
        Assert.Equal(0, guest.Call(HypercallNumber.VcpuOp, (ulong)VcpuOp.Up, 0));
        Assert.False(guest.Domain.IsShutDown);
        Assert.Equal(0, guest.Call(HypercallNumber.VcpuOp, (ulong)VcpuOp.Down, 0));
        Assert.Equal((true, 0u), (guest.Domain.IsShutDown, guest.Domain.ShutdownReason));
    }

    [Fact]
    public void The_run_state_is_told_on_demand_and_in_the_registered_area()
    {
        using var guest = new GuestScene();
        guest.Advance(7 * Millisecond);
        VcpuRunstateInfo info = default;
        Assert.Equal(0, ForSelf(guest, VcpuOp.GetRunstateInfo, ref info));
        Assert.Equal((int)RunState.Running, info.State);
        Assert.InRange(info.Time[0], 7 * Millisecond, 8 * Millisecond);

        const ulong area = GuestScene.Memory + 0x2000;
        guest.Call(HypercallNumber.VmAssist, (ulong)VmAssistCommand.Enable, (ulong)VmAssistType.RunstateUpdateFlag);
        ulong address = area;
        Assert.Equal(0, ForSelf(guest, VcpuOp.RegisterRunstateMemoryArea, ref address));
        info = guest.Read<VcpuRunstateInfo>(area);
        Assert.Equal(((int)RunState.Running, guest.Vcpu.Scheduling.Times.Since), (info.State, info.StateEntryTime));
        guest.Vcpu.Scheduling.Block();
        guest.Vcpu.Scheduling.OnLeft(guest.Now, false);
        guest.Vcpu.Timers.OnScheduledOut();
        Assert.Equal((int)RunState.Blocked, guest.Read<VcpuRunstateInfo>(area).State);
        address = GuestScene.Forbidden;
        Assert.Equal(-14, ForSelf(guest, VcpuOp.RegisterRunstateMemoryArea, ref address));
    }

    [Fact]
    public void The_time_is_published_with_an_even_version()
    {
        using var guest = new GuestScene();
        guest.Vcpu.Timers.OnScheduledIn();
        var info = guest.Vcpu.Info.Read<VcpuTimeInfo>(32);
        Assert.Equal((2u, guest.Host.Time.PvclockMultiplier), (info.Version, info.TscToSystemMul));
        Assert.Equal(guest.Host.Time.FromTsc(info.TscTimestamp), info.SystemTime);
        const ulong area = GuestScene.Memory + 0x2000;
        ulong address = area;
        Assert.Equal(0, ForSelf(guest, VcpuOp.RegisterVcpuTimeMemoryArea, ref address));
        info = guest.Read<VcpuTimeInfo>(area);
        Assert.Equal((2u, guest.Host.Time.PvclockShift), (info.Version, info.TscShift));
        guest.Vcpu.Timers.OnScheduledIn();
        Assert.Equal(2u, guest.Read<uint>(area));
    }

    [Fact]
    public void All_vCPUs_count_time_from_the_same_stamp_whenever_they_come_to_run()
    {
        using var guest = new GuestScene();
        var records = new List<VcpuTimeInfo>();
        for (uint id = 0; id < 2; id++)
        {
            guest.Machine.Clock.Advance(123_456_789);
            guest.Serve(guest.Domain.FindVcpu(id)!);
            guest.Vcpu.Timers.OnScheduledIn();
            records.Add(guest.Vcpu.Info.Read<VcpuTimeInfo>(32));
        }
        // Else their clocks would differ by what is rounded off, and a reader that moves could see time step back.
        Assert.Equal((records[0].TscTimestamp, records[0].SystemTime), (records[1].TscTimestamp, records[1].SystemTime));
        Assert.NotEqual(0UL, records[0].SystemTime);
    }

    [Fact]
    public void The_areas_are_left_alone_in_user_mode_and_written_on_the_way_to_the_kernel()
    {
        using var guest = new GuestScene();
        const ulong area = GuestScene.Memory + 0x2000;
        ulong address = area;
        ForSelf(guest, VcpuOp.RegisterRunstateMemoryArea, ref address);
        guest.Vcpu.Pv.InUserMode = true;
        guest.Vcpu.Scheduling.OnLeft(guest.Now, true);
        guest.Vcpu.Timers.OnScheduledOut();
        Assert.Equal((int)RunState.Running, guest.Read<VcpuRunstateInfo>(area).State);
        guest.Vcpu.Pv.InUserMode = false;
        guest.Vcpu.Timers.OnKernelMode();
        Assert.Equal((int)RunState.Runnable, guest.Read<VcpuRunstateInfo>(area).State);
    }

    [Fact]
    public void A_watchdog_that_is_not_set_again_ends_the_domain()
    {
        using var guest = new GuestScene(privileged: false);
        Assert.Equal(1, Watchdog(guest, 0, 10));
        Assert.Equal(2, Watchdog(guest, 0, 10));
        Assert.Equal(-28, Watchdog(guest, 0, 10));
        Assert.Equal(-22, Watchdog(guest, 3, 10));
        Assert.Equal(0, Watchdog(guest, 2, 0));
        Assert.Equal(-22, Watchdog(guest, 2, 10));
        guest.Advance(9_000 * Millisecond);
        Assert.Equal(0, Watchdog(guest, 1, 10));
        guest.Advance(9_000 * Millisecond);
        Assert.False(guest.Domain.IsShutDown);
        guest.Advance(2_000 * Millisecond);
        Assert.Equal((true, 4u), (guest.Domain.IsShutDown, guest.Domain.ShutdownReason));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Only_a_tied_vCPU_of_dom0_learns_its_CPU(bool privileged)
    {
        using var guest = new GuestScene(privileged, cpus: 2);
        guest.Host.Pcpus.Find(1)!.AcpiId = 9;
        Assert.Equal(-22, PhysicalId(guest));
        guest.Domain.FindVcpu(1)!.Scheduling.SetAffinity(CpuSet.Of(1), CpuSet.All);
        Assert.Equal(privileged ? 0 : -22, PhysicalId(guest));
        Assert.Equal(privileged ? 9UL << 32 | 1 : 0, guest.Read<ulong>(GuestScene.Memory));
        Assert.Equal(privileged ? -14 : -22, guest.Call(HypercallNumber.VcpuOp, (ulong)VcpuOp.GetPhysid, 1, GuestScene.Unmapped));
        Assert.Equal(-2, guest.Call(HypercallNumber.VcpuOp, (ulong)VcpuOp.GetPhysid, 7, GuestScene.Memory));

        static long PhysicalId(GuestScene guest)
        {
            guest.Write(GuestScene.Memory, 0UL);
            return guest.Call(HypercallNumber.VcpuOp, (ulong)VcpuOp.GetPhysid, 1, GuestScene.Memory);
        }
    }

    [Fact]
    public void Shutdown_keeps_its_reason_and_another_domains_is_the_control_domains()
    {
        using var guest = new GuestScene(privileged: false);
        var remote = new SchedRemoteShutdown { DomainId = 0, Reason = 0 };
        Assert.Equal(-1, guest.Call(HypercallNumber.SchedOp, (ulong)SchedOp.RemoteShutdown, ref remote));
        remote.DomainId = 9;
        Assert.Equal(-3, guest.Call(HypercallNumber.SchedOp, (ulong)SchedOp.RemoteShutdown, ref remote));
        uint reason = (uint)ShutdownReason.Suspend;
        Assert.Equal(0, guest.Call(HypercallNumber.SchedOp, (ulong)SchedOp.Shutdown, ref reason));
        Assert.Equal((true, 2u), (guest.Domain.IsShutDown, guest.Domain.ShutdownReason));
        Assert.Equal(-38, guest.Call(HypercallNumber.SchedOp, 8));
        Assert.Equal(-1, guest.Call(HypercallNumber.SchedOp, (ulong)SchedOp.PinOverride, GuestScene.Memory));
    }

    private static uint StopPeriodicAndBind(GuestScene guest)
    {
        Assert.Equal(0, guest.Call(HypercallNumber.VcpuOp, (ulong)VcpuOp.StopPeriodicTimer, 0));
        guest.Domain.Events.BindVirq((uint)Virq.Timer, 0, out uint port);
        return port;
    }

    private static long ForSelf<T>(GuestScene guest, VcpuOp operation, ref T argument) where T : unmanaged
    {
        guest.Write(GuestScene.Memory, argument);
        long result = guest.Call(HypercallNumber.VcpuOp, (ulong)operation, 0, GuestScene.Memory);
        argument = guest.Read<T>(GuestScene.Memory);
        return result;
    }

    private static long Watchdog(GuestScene guest, uint id, uint seconds)
    {
        var watchdog = new SchedWatchdog { Id = id, Timeout = seconds };
        return guest.Call(HypercallNumber.SchedOp, (ulong)SchedOp.Watchdog, ref watchdog);
    }

    private static long Poll(GuestScene guest, uint[] ports, ulong timeout)
    {
        for (int i = 0; i < ports.Length; i++)
            guest.Write(GuestScene.Memory + 0x100 + (ulong)i * 4, ports[i]);
        return guest.Call(HypercallNumber.SchedOp, (ulong)SchedOp.Poll, PutPoll(guest, GuestScene.Memory + 0x100, (uint)ports.Length, timeout));
    }

    private static ulong PutPoll(GuestScene guest, ulong ports, uint count, ulong timeout)
    {
        guest.Write(GuestScene.Memory, new SchedPoll { Ports = new GuestHandle<uint>(ports), NrPorts = count, Timeout = timeout });
        return GuestScene.Memory;
    }
}
