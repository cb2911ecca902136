using System.Runtime.CompilerServices;
using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Events;
using Xenith.Machine;
using Op = Xenith.Abi.EventChannelOp;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>
/// event_channel_op (32) and its old form (16), public/event_channel.h: the arguments' way in and the results' way out. The work is done in <see cref="EventChannels"/>.
/// </summary>
internal static class EventHypercalls
{
    /// <summary>The number under which an interrupted reset goes on; guests have no reason to use it.</summary>
    private const Op ResetContinued = (Op)14;

    /// <summary>(command, address of its argument).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static long EventChannelOp(ulong command, ulong argument, ulong a3, ulong a4, ulong a5, uint number)
    {
        Op operation = (Op)unchecked((uint)command);
        if (operation == Op.Send)
            return GuestMemory.TryRead(argument, out uint port) ? Serving.Domain.Events.Send(port).ToResult() : XenError.BadAddress.ToResult();
        return Other(operation, argument, number);
    }

    /// <summary>event_channel_op_compat: command and argument in one structure (struct evtchn_op).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static long EventChannelOpCompat(ulong argument, ulong a2, ulong a3, ulong a4, ulong a5, uint number)
    {
        if (!GuestMemory.TryRead(argument, out EventChannelOpArgs op))
            return XenError.BadAddress.ToResult();
        if (op.Cmd > (uint)Op.Unmask)
            return XenError.NotImplemented.ToResult();
        return EventChannelOp(op.Cmd, unchecked(argument + 4), 0, 0, 0, number);
    }

    private static long Other(Op operation, ulong argument, uint number)
    {
        Vcpu caller = Serving.Vcpu;
        switch (operation)
        {
            case Op.AllocUnbound:
                return AllocateUnbound(caller.Domain, argument);
            case Op.BindInterdomain:
                return BindInterdomain(caller.Domain, argument);
            case Op.BindVirq:
                return BindVirq(caller.Domain, argument);
            case Op.BindIpi:
                return BindIpi(caller.Domain, argument);
            case Op.BindPirq:
                return BindPirq(caller.Domain, argument);
            case Op.Close:
                return GuestMemory.TryRead(argument, out uint closed) ? caller.Domain.Events.Close(closed).ToResult() : XenError.BadAddress.ToResult();
            case Op.Status:
                return Status(caller.Domain, argument);
            case Op.BindVcpu:
                return BindVcpu(caller.Domain, argument);
            case Op.Unmask:
                return GuestMemory.TryRead(argument, out uint masked) ? caller.Domain.Events.Unmask(masked).ToResult() : XenError.BadAddress.ToResult();
            case Op.Reset:
            case ResetContinued:
                return Reset(caller, argument, operation == ResetContinued, number);
            case Op.InitControl:
                return NotWritten.Operation(number, "event_channel_op", (uint)operation);
            case Op.ExpandArray:
                // For domains that use the FIFO ABI, which none does.
                return GuestMemory.TryRead(argument, out ulong _) ? XenError.NotSupported.ToResult() : XenError.BadAddress.ToResult();
            case Op.SetPriority:
                return SetPriority(caller.Domain, argument);
            default:
                return XenError.NotImplemented.ToResult();
        }
    }

    private static long AllocateUnbound(Domain caller, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out EventChannelAllocUnbound op))
            return XenError.BadAddress.ToResult();
        if (DomainLookup.FindAny(caller, op.Dom) is not Domain domain)
            return XenError.NoSuchDomain.ToResult();
        if (!DomainLookup.MayTarget(caller, domain))
            return XenError.NotPermitted.ToResult();
        ushort remote = op.RemoteDom == DomainIds.Self ? caller.Id : op.RemoteDom;
        XenError error = domain.Events.AllocateUnbound(remote, out op.Port);
        return Answer(error, argument, op);
    }

    private static long BindInterdomain(Domain caller, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out EventChannelBindInterdomain op))
            return XenError.BadAddress.ToResult();
        if (DomainLookup.FindAny(caller, op.RemoteDom) is not Domain remote)
            return XenError.NoSuchDomain.ToResult();
        XenError error = caller.Events.BindInterdomain(remote, op.RemotePort, out op.LocalPort);
        return Answer(error, argument, op);
    }

    private static long BindVirq(Domain caller, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out EventChannelBindVirq op))
            return XenError.BadAddress.ToResult();
        XenError error = caller.Events.BindVirq(op.Virq, op.Vcpu, out op.Port);
        return Answer(error, argument, op);
    }

    private static long BindIpi(Domain caller, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out EventChannelBindIpi op))
            return XenError.BadAddress.ToResult();
        XenError error = caller.Events.BindIpi(op.Vcpu, out op.Port);
        return Answer(error, argument, op);
    }

    private static long BindPirq(Domain caller, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out EventChannelBindPirq op))
            return XenError.BadAddress.ToResult();
        bool shares = (op.Flags & (uint)BindPirqFlags.WillShare) != 0;
        XenError error = caller.Events.BindPirq(op.Pirq, shares, out op.Port);
        return Answer(error, argument, op);
    }

    private static long BindVcpu(Domain caller, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out EventChannelBindVcpu op))
            return XenError.BadAddress.ToResult();
        return caller.Events.BindVcpu(op.Port, op.Vcpu).ToResult();
    }

    /// <summary>The two-level ABI has no priorities.</summary>
    private static long SetPriority(Domain caller, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out EventChannelSetPriority op))
            return XenError.BadAddress.ToResult();
        return caller.Events.IsValid(op.Port) ? XenError.NotImplemented.ToResult() : XenError.Invalid.ToResult();
    }

    private static long Status(Domain caller, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out EventChannelStatus op))
            return XenError.BadAddress.ToResult();
        if (DomainLookup.FindAny(caller, op.Dom) is not Domain domain)
            return XenError.NoSuchDomain.ToResult();
        if (!domain.Events.IsValid(op.Port))
            return XenError.Invalid.ToResult();
        if (!DomainLookup.MayTarget(caller, domain))
            return XenError.NotPermitted.ToResult();
        return Answer(domain.Events.Describe(ref op), argument, op);
    }

    /// <summary>A domain may reset its own channels; the control domain those of a domain that it has paused.</summary>
    private static long Reset(Vcpu caller, ulong argument, bool resuming, uint number)
    {
        if (!GuestMemory.TryRead(argument, out ushort id))
            return XenError.BadAddress.ToResult();
        if (DomainLookup.FindAny(caller.Domain, id) is not Domain domain)
            return XenError.NoSuchDomain.ToResult();
        if (!DomainLookup.MayTarget(caller.Domain, domain))
            return XenError.NotPermitted.ToResult();
        if (domain != caller.Domain && !IsPaused(domain))
            return XenError.Invalid.ToResult();
        XenError error = domain.Events.Reset(resuming);
        while (error == XenError.Restart && !Continuation.IsDue(caller))
            error = domain.Events.Reset(true);
        return error == XenError.Restart ? Continuation.Again(number, (ulong)ResetContinued, argument) : error.ToResult();
    }

    private static bool IsPaused(Domain domain)
    {
        Vcpu?[] vcpus = domain.Vcpus;
        for (int i = 0; i < vcpus.Length; i++)
        {
            if (vcpus[i] is Vcpu vcpu && vcpu.Scheduling.IsUp && vcpu.Scheduling.PauseCount == 0)
                return false;
        }
        return true;
    }

    /// <summary>Writes the structure back if the call went well. If that fails the port stays bound, as with Xen.</summary>
    private static long Answer<T>(XenError error, ulong argument, in T op) where T : unmanaged
    {
        if (error != XenError.None)
            return error.ToResult();
        return GuestMemory.TryWrite(argument, op) ? 0 : XenError.BadAddress.ToResult();
    }
}
