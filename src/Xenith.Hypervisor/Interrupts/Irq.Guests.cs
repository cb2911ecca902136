using System;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Interrupts;

/// <summary>The part of a physical interrupt that knows the domains bound to it.</summary>
public abstract partial class Irq
{
    /// <summary>
    /// More interrupts than the limit (irq_ratelimit, 10,000) in this time and the source is silenced for as long; guests are told once more afterwards. Both are Xen's: far above
    /// what devices do and far below what keeps a CPU from everything else.
    /// </summary>
    private const ulong RatePeriod = 10_000_000;

    /// <summary>How long an interrupt is silenced that comes again before any guest has looked at the last one: Xen's millisecond.</summary>
    private const ulong UnseenPause = 1_000_000;

    private short _firstGuest;
    private bool _isShareable;
    private uint _rateCount;
    private ulong _rateStart;
    private ulong _throttledUntil;

    /// <summary>Domains that are bound.</summary>
    public uint GuestCount { get; private set; }

    /// <summary>Domains that have been told and have not said that they are done.</summary>
    public uint InFlight { get; private set; }

    /// <summary>Silenced because too many came.</summary>
    public bool IsThrottled { get; private set; }

    internal short FirstGuest => _firstGuest;

    /// <summary>
    /// Delivers to a domain from now on, on a CPU that suits it if it is the first. <see cref="XenError.Busy"/> if others have it and one of them, or this one, does not share, or if they are too many;
    /// <see cref="XenError.NoSpace"/> if the CPU has no vector left.
    /// </summary>
    internal XenError Bind(Domain domain, uint pirq, bool shares, Pcpu? wanted)
    {
        using (Lock.EnterInterruptSafe())
        {
            Host host = Host.Current;
            if (GuestCount != 0 && !(shares && _isShareable))
            {
                host.Log.Info($"Cannot bind IRQ{Number} to dom{domain.Id}. Will not share with others.");
                return XenError.Busy;
            }
            uint most = host.Platform.Options.MostGuestsOfInterrupt;
            if (GuestCount != 0 && GuestCount >= most)
            {
                host.Log.Info($"Cannot bind IRQ{Number} to dom{domain.Id}. Already at max share {most}, increase with irq-max-guests= option.");
                return XenError.Busy;
            }
            if (Vector == 0 || (GuestCount == 0 && wanted is not null && !host.Platform.Options.NoIrqBalance))
            {
                XenError error = MoveTo(wanted ?? CpuChoice.First());
                if (error != XenError.None)
                    return error;
            }
            if (!Controllers.Guests.TryAdd(ref _firstGuest, domain, pirq))
                return XenError.NoMemory;
            if (GuestCount == 0)
                _isShareable = shares;
            GuestCount++;
            UpdateMask();
            return XenError.None;
        }
    }

    /// <summary>Ends delivery to a domain. What it still owed counts as paid.</summary>
    internal void Unbind(Domain domain)
    {
        using (Lock.EnterInterruptSafe())
        {
            short guest = Controllers.Guests.Find(_firstGuest, domain);
            if (guest == 0)
                return;
            if (Controllers.Guests[guest].OwesEnd)
                InFlight--;
            Controllers.Guests.Remove(ref _firstGuest, guest);
            GuestCount--;
            UpdateMask();
        }
    }

    /// <summary>A domain has dealt with the device. Nothing happens if it owed nothing.</summary>
    internal void EndByGuest(Domain domain)
    {
        using (Lock.EnterInterruptSafe())
        {
            short guest = Controllers.Guests.Find(_firstGuest, domain);
            if (guest == 0 || !Controllers.Guests[guest].OwesEnd)
                return;
            Controllers.Guests[guest].OwesEnd = false;
            InFlight--;
            if (InFlight != 0)
                return;
            ContinueMove();
            UpdateMask();
        }
    }

    /// <summary>True if several domains have it.</summary>
    internal bool IsShared => GuestCount > 1;

    /// <summary>The CPU has taken the interrupt. Called by its handler.</summary>
    internal void Take(Pcpu cpu)
    {
        using (Lock.EnterInterruptSafe())
        {
            Count++;
            if (GuestCount == 0)
            {
                UpdateMask();
                return;
            }
            if (IsTooFast(cpu))
                Throttle(cpu, RatePeriod);
            else if (Tell() && !NeedsGuestEnd)
                Throttle(cpu, UnseenPause);
            else if (NeedsGuestEnd)
                UpdateMask();
            if (IsMovePending)
                ContinueMove();
            else if (GuestCount == 1)
                FollowGuest(cpu);
        }
    }

    /// <summary>
    /// An interrupt that arrives beside the vCPU that is to handle it goes to that vCPU's CPU the next time: so it follows where the scheduler takes the vCPU, a little late, and moves by vCPUs
    /// that are never interrupted cost nothing.
    /// </summary>
    private void FollowGuest(Pcpu cpu)
    {
        ref IrqGuests.Entry guest = ref Controllers.Guests[_firstGuest];
        Host host = cpu.Host;
        if (host.Platform.Options.NoIrqBalance || host.Domains.Find(guest.Domain) is not Domain domain || domain.Events.VcpuOfPirq(guest.Pirq) is not Vcpu vcpu
            || vcpu == cpu.Loaded || CpuChoice.Find(vcpu) is not Pcpu target || target == cpu)
            return;
        if (HasRested(host.Time.Now))
            MoveTo(target);
    }

    /// <summary>Lets a silenced source speak again once its time is over, and makes up for what it may have said meanwhile. True if it is still silenced.</summary>
    internal bool EndThrottle(ulong now)
    {
        if (!IsThrottled)
            return false;
        using (Lock.EnterInterruptSafe())
        {
            if (!IsThrottled || now < _throttledUntil)
                return IsThrottled;
            IsThrottled = false;
            _rateStart = now;
            _rateCount = 0;
            UpdateMask();
            // A level is still there; an edge is not.
            if (!NeedsGuestEnd)
                Tell();
            return false;
        }
    }

    /// <summary>Tells all bound domains. True if each of them had yet to look at the last one.</summary>
    private bool Tell()
    {
        DomainTable domains = Host.Current.Domains;
        bool unseen = true;
        for (short at = _firstGuest; at != 0; at = Controllers.Guests[at].Next)
        {
            ref IrqGuests.Entry guest = ref Controllers.Guests[at];
            if (domains.Find(guest.Domain) is not Domain domain)
                continue;
            if (NeedsGuestEnd && !guest.OwesEnd)
            {
                guest.OwesEnd = true;
                InFlight++;
            }
            unseen &= domain.Events.RaisePirq(guest.Pirq);
        }
        return unseen;
    }

    private bool IsTooFast(Pcpu cpu)
    {
        uint limit = cpu.Host.Platform.Options.InterruptRateLimit;
        if (limit == 0 || ++_rateCount < limit)
            return false;
        ulong now = cpu.Host.Time.Now;
        if (now - Math.Min(now, _rateStart) < RatePeriod)
            return true;
        _rateStart = now;
        _rateCount = 0;
        return false;
    }

    private void Throttle(Pcpu cpu, ulong pause)
    {
        _throttledUntil = cpu.Host.Time.Now + pause;
        IsThrottled = true;
        UpdateMask();
        cpu.InterruptTimer.SetBy(_throttledUntil);
    }
}
