using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;
using RunState = Xenith.Hypervisor.Scheduling.RunState;

namespace Xenith.Hypervisor.Time;

/// <summary>
/// The two timers of a vCPU, which both raise VIRQ_TIMER: a periodic one that ticks while the vCPU runs, and a one-shot one that also wakes it. The other
/// part of this class tells the guest the time.
/// </summary>
public sealed partial class VcpuTimers
{
    /// <summary>A PV vCPU starts with a tick of 10 ms; Linux stops it at once.</summary>
    private const ulong DefaultPeriod = 10_000_000;

    /// <summary>Bounds of the period, in nanoseconds: 1 ms, and what fits a signed moment twice over.</summary>
    internal const ulong ShortestPeriod = 1_000_000, LongestPeriod = ulong.MaxValue >> 2;

    /// <summary>set_timer_op takes a moment further away than this for a mistake, and fires after <see cref="MistakeDelay"/>.</summary>
    private const ulong FarFuture = 1UL << 50;
    private const ulong MistakeDelay = 100_000_000;

    private readonly Vcpu _vcpu;
    private readonly PeriodicTick _periodic;
    private readonly OneShot _oneShot;
    private ulong _period = DefaultPeriod;
    private ulong _lastTick;

    /// <summary>The timers of a vCPU that is down.</summary>
    public VcpuTimers(Vcpu vcpu)
    {
        _vcpu = vcpu;
        _periodic = new PeriodicTick(this);
        _oneShot = new OneShot(this);
    }

    /// <summary>Called on the way in: makes up for a missed tick, and brings the guest's view of the time up to date. Interrupts are off.</summary>
    internal void OnScheduledIn()
    {
        TimerQueue timers = Pcpu.Current.Timers;
        timers.Bring(_oneShot);
        if (_period != 0)
            Tick(timers, Host.Current.Time.Now);
        PublishTimeIfChanged();
        PublishRunstate();
    }

    /// <summary>Called on the way out, while the vCPU's memory can still be reached: its periodic timer rests, its run state is told.</summary>
    internal void OnScheduledOut()
    {
        if (_period != 0)
            Pcpu.Current.Timers.Cancel(_periodic);
        PublishRunstate();
    }

    /// <summary>Starts the periodic timer, or stops it with a period of 0.</summary>
    internal void SetPeriod(ulong nanoseconds)
    {
        Pcpu.Current.Timers.Cancel(_periodic);
        _period = nanoseconds;
        ulong now = Host.Current.Time.Now;
        _lastTick = now;
        // If it is another vCPU that runs elsewhere, its tick begins here and moves when it is scheduled next.
        if (nanoseconds != 0 && _vcpu.Scheduling.RunState == RunState.Running)
            Tick(Pcpu.Current.Timers, now);
    }

    /// <summary>Sets the one-shot timer to a moment of system time; in the past means at once.</summary>
    internal void SetOneShot(ulong deadline)
    {
        Pcpu cpu = Pcpu.Current;
        if (deadline > cpu.Host.Time.Now)
        {
            cpu.Timers.Set(_oneShot, deadline);
            return;
        }
        cpu.Timers.Cancel(_oneShot);
        _oneShot.Expire(deadline);
    }

    /// <summary>Stops both timers for good: the vCPU's domain is dying.</summary>
    internal void StopAll()
    {
        _period = 0;
        Pcpu.Current.Timers.Cancel(_periodic);
        Pcpu.Current.Timers.Cancel(_oneShot);
    }

    /// <summary>Stops the one-shot timer.</summary>
    internal void StopOneShot() => Pcpu.Current.Timers.Cancel(_oneShot);

    /// <summary>
    /// set_timer_op: 0 stops. Old kernels hand over wrapped or absurdly late moments, some with work waiting and some with none; Xen settled on firing
    /// after 100 ms then.
    /// </summary>
    internal void SetTimer(ulong deadline)
    {
        if (deadline == 0)
        {
            StopOneShot();
            return;
        }
        ulong now = Host.Current.Time.Now;
        bool mistaken = deadline > long.MaxValue || (deadline > now && deadline - now >= FarFuture);
        if (mistaken)
            deadline = now + MistakeDelay;
        if (deadline > now)
            Pcpu.Current.Timers.Set(_oneShot, deadline);
        else
            SetOneShot(deadline);
    }

    /// <summary>Raises the timer interrupt if a period is over, and sets the timer for the next.</summary>
    private void Tick(TimerQueue timers, ulong now)
    {
        ulong next = _lastTick + _period;
        if (now >= next)
        {
            _vcpu.Domain.Events.RaiseVirq(_vcpu, (uint)Virq.Timer);
            _lastTick = now;
            next = now + _period;
        }
        timers.Set(_periodic, next);
    }

    private sealed class PeriodicTick(VcpuTimers timers) : Timer
    {
        public override string Name => "vcpu_periodic";

        public override void Expire(ulong now)
        {
            if (timers._period != 0 && timers._vcpu.Scheduling.RunState == RunState.Running)
                timers.Tick(Pcpu.Current.Timers, now);
        }
    }

    private sealed class OneShot(VcpuTimers timers) : Timer
    {
        public override string Name => "vcpu_singleshot";

        public override void Expire(ulong now) => timers._vcpu.Domain.Events.RaiseVirq(timers._vcpu, (uint)Virq.Timer);
    }
}
