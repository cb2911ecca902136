using System.Runtime.CompilerServices;
using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Events;
using Xenith.Machine;
using Op = Xenith.Abi.SchedOp;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>sched_op (29), its old form (6) and set_timer_op (15): a vCPU gives the CPU away, waits, or ends its domain (public/sched.h).</summary>
internal static class SchedulingHypercalls
{
    private const uint MaxPollPorts = 128;

    /// <summary>(command, address of its argument).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static long SchedOp(ulong command, ulong argument, ulong a3, ulong a4, ulong a5, uint number)
    {
        Vcpu vcpu = Serving.Vcpu;
        Op operation = (Op)unchecked((uint)command);
        switch (operation)
        {
            case Op.Yield:
                vcpu.Scheduling.Yield();
                return 0;
            case Op.Block:
                return Block(vcpu);
            case Op.Shutdown:
                return Shutdown(vcpu.Domain, argument);
            case Op.Poll:
                return Poll(vcpu, argument);
            case Op.RemoteShutdown:
                return RemoteShutdown(vcpu.Domain, argument);
            case Op.ShutdownCode:
                return SetShutdownCode(vcpu.Domain, argument);
            case Op.Watchdog:
                return Watchdog(vcpu.Domain, argument);
            case Op.PinOverride:
                return PinOverride(vcpu, argument);
            default:
                return XenError.NotImplemented.ToResult();
        }
    }

    /// <summary>sched_op_compat: (command, argument); a shutdown's reason is the argument itself.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static long SchedOpCompat(ulong command, ulong argument, ulong a3, ulong a4, ulong a5, uint number)
    {
        Vcpu vcpu = Serving.Vcpu;
        switch ((Op)unchecked((uint)command))
        {
            case Op.Yield:
                vcpu.Scheduling.Yield();
                return 0;
            case Op.Block:
                return Block(vcpu);
            case Op.Shutdown:
                DomainLife.Shutdown(vcpu.Domain, (uint)(argument & 0xff));
                return 0;
            default:
                return XenError.NotImplemented.ToResult();
        }
    }

    /// <summary>set_timer_op: (moment of system time, 0 to stop).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static long SetTimerOp(ulong deadline, ulong a2, ulong a3, ulong a4, ulong a5, uint number)
    {
        Serving.Vcpu.Timers.SetTimer(deadline);
        return 0;
    }

    /// <summary>Unmasks events and waits for one; returns at once if one is pending. The check comes after blocking too, so none can slip by.</summary>
    private static long Block(Vcpu vcpu)
    {
        EventChannels.EnableDelivery(vcpu);
        vcpu.Polling.End();
        if (Continuation.HasDeliverableEvent(vcpu))
            return 0;
        vcpu.Scheduling.Block();
        if (Continuation.HasDeliverableEvent(vcpu))
            vcpu.Scheduling.Wake();
        return 0;
    }

    /// <summary>Waits until one of some ports is pending, masked or not, or an event can be delivered, or the time is over.</summary>
    private static long Poll(Vcpu vcpu, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out SchedPoll poll))
            return XenError.BadAddress.ToResult();
        if (poll.NrPorts > MaxPollPorts)
            return XenError.Invalid.ToResult();
        if (!AddressSpace.IsGuestAddress(poll.Ports.Value))
            return XenError.BadAddress.ToResult();

        vcpu.Polling.Begin();
        if (Continuation.HasDeliverableEvent(vcpu) || AnyPending(vcpu.Domain.Events, poll, out uint only, out XenError error))
        {
            vcpu.Polling.End();
            return 0;
        }
        if (error != XenError.None)
        {
            vcpu.Polling.End();
            return error.ToResult();
        }
        vcpu.Polling.Limit(only, poll.Timeout);
        vcpu.Scheduling.Block();
        if (!vcpu.Polling.IsPolling || Continuation.HasDeliverableEvent(vcpu))
            vcpu.Scheduling.Wake();
        return 0;
    }

    /// <summary>True if one of the ports is pending. <paramref name="only"/> is the port if there is just one.</summary>
    private static bool AnyPending(EventChannels events, in SchedPoll poll, out uint only, out XenError error)
    {
        only = 0;
        error = XenError.None;
        for (uint i = 0; i < poll.NrPorts; i++)
        {
            if (!GuestMemory.TryRead(poll.Ports.Value, i, out uint port))
                error = XenError.BadAddress;
            else if (!events.IsValid(port))
                error = XenError.Invalid;
            else if (events.IsPending(port))
                return true;
            if (error != XenError.None)
                return false;
            only = poll.NrPorts == 1 ? port : 0;
        }
        return false;
    }

    private static long Shutdown(Domain domain, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out uint reason))
            return XenError.BadAddress.ToResult();
        DomainLife.Shutdown(domain, reason & 0xff);
        return 0;
    }

    private static long RemoteShutdown(Domain caller, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out SchedRemoteShutdown op))
            return XenError.BadAddress.ToResult();
        if (DomainLookup.Find(op.DomainId) is not Domain target)
            return XenError.NoSuchDomain.ToResult();
        if (!caller.IsPrivileged)
            return XenError.NotPermitted.ToResult();
        DomainLife.Shutdown(target, op.Reason & 0xff);
        return 0;
    }

    /// <summary>Says beforehand what a crash that may follow is to be called.</summary>
    private static long SetShutdownCode(Domain domain, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out uint reason))
            return XenError.BadAddress.ToResult();
        if (!domain.IsShutDown)
            domain.ShutdownReason = reason & 0xff;
        return 0;
    }

    /// <summary>dom0 runs on one CPU for a while, for firmware that insists on it; a negative number ends that.</summary>
    private static long PinOverride(Vcpu vcpu, ulong argument)
    {
        if (!vcpu.Domain.IsPrivileged)
            return XenError.NotPermitted.ToResult();
        if (!GuestMemory.TryRead(argument, out SchedPinOverride op))
            return XenError.BadAddress.ToResult();
        return (op.Pcpu < 0 ? vcpu.Scheduling.EndOverride() : vcpu.Scheduling.Override((uint)op.Pcpu)).ToResult();
    }

    private static long Watchdog(Domain domain, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out SchedWatchdog op))
            return XenError.BadAddress.ToResult();
        return domain.Watchdogs.Set(op.Id, op.Timeout);
    }
}
