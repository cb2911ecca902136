using System.Runtime.CompilerServices;
using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Grants;
using Xenith.Machine;
using Op = Xenith.Abi.GrantTableOp;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>
/// grant_table_op (20), public/grant_table.h. Most operations take a list of requests, each with a status of its own; what concerns the list as a whole is
/// the call's result.
/// </summary>
internal static class GrantHypercalls
{
    /// <summary>Bits of the command that name the operation; Xen keeps the rest for continuations.</summary>
    private const uint CommandMask = 0xfff;

    /// <summary>(command, list, number of requests).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static long GrantTableOp(ulong command, ulong list, ulong countArgument, ulong a4, ulong a5, uint number)
    {
        uint count = unchecked((uint)countArgument);
        uint operation = unchecked((uint)command);
        if (count > int.MaxValue || (operation & ~CommandMask) != 0)
            return XenError.Invalid.ToResult();
        Domain caller = Serving.Domain;
        switch ((Op)operation)
        {
            case Op.SetupTable:
                return SetUpTable(caller, list, count);
            case Op.QuerySize:
                return QuerySize(caller, list, count);
            case Op.SetVersion:
                return SetVersion(caller, list);
            case Op.GetVersion:
                return GetVersion(caller, list);
            case Op.MapGrantRef:
                return GrantLists.Map(Serving.Vcpu, list, count, number);
            case Op.UnmapGrantRef:
                return GrantLists.Unmap(Serving.Vcpu, list, count, number);
            case Op.Copy:
                return GrantLists.Copy(Serving.Vcpu, list, count, number);
            case Op.SwapGrantRef:
                return GrantLists.Swap(Serving.Vcpu, list, count, number);
            case Op.CacheFlush:
                return GrantLists.FlushCache(Serving.Vcpu, list, count, number);
            case Op.GetStatusFrames:
                return GetStatusFrames(caller, list, count);
            case Op.DumpTable:
                // Xen itself answers so; the table is a debug key's business.
                return XenError.NotImplemented.ToResult();
            case Op.Transfer:
            case Op.UnmapAndReplace:
                return NotWritten.Operation(number, "grant_table_op", operation);
            default:
                return XenError.NotImplemented.ToResult();
        }
    }

    private static long SetUpTable(Domain caller, ulong argument, uint count)
    {
        XenError error = TryReadOne(argument, count, out GrantTableSetupTable op);
        if (error != XenError.None)
            return error.ToResult();
        op.Status = (short)SetUpTable(caller, op);
        return GuestMemory.TryWrite(argument, op) ? 0 : XenError.BadAddress.ToResult();
    }

    private static GrantStatus SetUpTable(Domain caller, in GrantTableSetupTable op)
    {
        GrantStatus status = FindTarget(caller, op.Dom, out Domain? domain);
        if (domain is null)
            return status;
        if (domain.Grants.Grow(op.NrFrames) != XenError.None)
            return GrantStatus.GeneralError;
        for (uint i = 0; i < op.NrFrames; i++)
        {
            if (!GuestMemory.TryWrite(op.FrameList.Value, i, domain.Grants.FrameAt(i).Value))
                return GrantStatus.BadVirtAddr;
        }
        return GrantStatus.Okay;
    }

    /// <summary>Frames with the status of entries, which version 1 keeps in the entries themselves: there are none to be had.</summary>
    private static long GetStatusFrames(Domain caller, ulong argument, uint count)
    {
        XenError error = TryReadOne(argument, count, out GrantTableGetStatusFrames op);
        if (error != XenError.None)
            return error.ToResult();
        GrantStatus status = FindTarget(caller, op.Dom, out _);
        if (status == GrantStatus.Okay && op.NrFrames != 0)
            status = GrantStatus.GeneralError;
        op.Status = (short)status;
        return GuestMemory.TryWrite(argument, op) ? 0 : XenError.BadAddress.ToResult();
    }

    private static long QuerySize(Domain caller, ulong argument, uint count)
    {
        XenError error = TryReadOne(argument, count, out GrantTableQuerySize op);
        if (error != XenError.None)
            return error.ToResult();
        op.Status = (short)FindTarget(caller, op.Dom, out Domain? domain);
        if (domain is not null)
        {
            op.NrFrames = domain.Grants.FrameCount;
            op.MaxNrFrames = GrantTable.MaxFrames;
        }
        return GuestMemory.TryWrite(argument, op) ? 0 : XenError.BadAddress.ToResult();
    }

    /// <summary>Reads the request of an operation that takes exactly one.</summary>
    private static XenError TryReadOne<T>(ulong argument, uint count, out T op) where T : unmanaged
    {
        op = default;
        if (!AddressSpace.IsGuestAddress(argument))
            return XenError.BadAddress;
        if (count != 1)
            return XenError.Invalid;
        return GuestMemory.TryRead(argument, out op) ? XenError.None : XenError.BadAddress;
    }

    /// <summary>The domain that a request names; null, and the reason, if there is none or it is none of the caller's business.</summary>
    private static GrantStatus FindTarget(Domain caller, ushort id, out Domain? target)
    {
        target = DomainLookup.FindAny(caller, id);
        if (target is null)
            return GrantStatus.BadDomain;
        if (DomainLookup.MayTarget(caller, target))
            return GrantStatus.Okay;
        target = null;
        return GrantStatus.PermissionDenied;
    }

    /// <summary>Says in the structure which version is in force, whether or not the wish was granted.</summary>
    private static long SetVersion(Domain caller, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out uint version))
            return XenError.BadAddress.ToResult();
        XenError error = version switch
        {
            1 => XenError.None,
            2 => XenError.NotImplemented,
            _ => XenError.Invalid,
        };
        return GuestMemory.TryWrite(argument, caller.Grants.Version) ? error.ToResult() : XenError.BadAddress.ToResult();
    }

    private static long GetVersion(Domain caller, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out GrantTableGetVersion op))
            return XenError.BadAddress.ToResult();
        if (DomainLookup.FindAny(caller, op.Dom) is not Domain domain)
            return XenError.NoSuchDomain.ToResult();
        if (!DomainLookup.MayTarget(caller, domain))
            return XenError.NotPermitted.ToResult();
        op.Version = domain.Grants.Version;
        return GuestMemory.TryWrite(argument, op) ? 0 : XenError.BadAddress.ToResult();
    }
}
