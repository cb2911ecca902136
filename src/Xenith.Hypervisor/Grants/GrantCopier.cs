using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Hypercalls;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Grants;

/// <summary>GNTTABOP_copy: bytes from one frame to another within a page, where each side is a frame of the caller or a grant by anybody. Nothing is mapped.</summary>
internal static class GrantCopier
{
    /// <summary>One request. <see cref="GrantStatus.Eagain"/> is for the caller, who tries the request again.</summary>
    internal static GrantStatus Copy(Domain caller, in GrantTableCopy op)
    {
        GrantCopyFlags flags = (GrantCopyFlags)op.Flags;
        GrantStatus status = Side.TryMake(caller, op.Source, (flags & GrantCopyFlags.SourceGref) != 0, true, out Side source);
        if (status != GrantStatus.Okay)
            return status;
        status = Side.TryMake(caller, op.Dest, (flags & GrantCopyFlags.DestGref) != 0, false, out Side destination);
        if (status != GrantStatus.Okay)
            return status;

        status = source.Take();
        if (status != GrantStatus.Okay)
            return status;
        status = destination.Take();
        if (status == GrantStatus.Okay)
        {
            if (op.Source.Offset + op.Len > AddressSpace.PageSize || op.Dest.Offset + op.Len > AddressSpace.PageSize)
                status = GrantStatus.BadCopyArg;
            else
                Frame.At(destination.Mfn).CopyFrom(op.Dest.Offset, Frame.At(source.Mfn), op.Source.Offset, op.Len);
            destination.Give();
        }
        source.Give();
        return status;
    }

    /// <summary>Where bytes come from or go to.</summary>
    private ref struct Side
    {
        private Domain _caller;
        private Domain _owner;
        private uint _reference;
        private bool _isGrant;
        private bool _readOnly;

        internal Mfn Mfn;

        /// <summary>Finds the domain; a frame may only be the caller's own.</summary>
        internal static GrantStatus TryMake(Domain caller, in GrantTableCopyPtr place, bool isGrant, bool readOnly, out Side side)
        {
            side = default;
            if (!isGrant && place.Domid != DomainIds.Self)
                return GrantStatus.PermissionDenied;
            if (DomainLookup.FindAny(caller, place.Domid) is not Domain owner)
                return GrantStatus.BadDomain;
            side._caller = caller;
            side._owner = owner;
            side._reference = place.Ref;
            side._isGrant = isGrant;
            side._readOnly = readOnly;
            side.Mfn = isGrant ? Mfn.Invalid : new Mfn(place.Gmfn);
            return GrantStatus.Okay;
        }

        internal GrantStatus Take()
        {
            if (_isGrant)
                return _owner.Grants.Pin(_reference, _caller.Id, _readOnly, out Mfn);
            return GrantTable.Take(Mfn, _owner, _readOnly);
        }

        internal readonly void Give()
        {
            PageTypes types = Host.Current.Memory.Types;
            if (_isGrant)
                _owner.Grants.Unpin(_reference, _readOnly);
            else if (_readOnly)
                types.PutReference(Mfn);
            else
                types.PutType(Mfn);
        }
    }
}
