using System.Runtime.CompilerServices;
using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>mmuext_op (26): a list of operations on whole page tables, on the TLB and the LDT, and on whole pages (public/xen.h, MMUEXT_*).</summary>
internal static partial class MmuHypercalls
{
    private const ulong ExtOpSize = 24;

    /// <summary>(list, count, where to write how many were done, domain whose frames are meant).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static long MmuExtOp(ulong list, ulong countArgument, ulong doneAddress, ulong domain, ulong a5, uint number)
    {
        Vcpu vcpu = Serving.Vcpu;
        UnfinishedTables unfinished = vcpu.Pv.Unfinished;
        if (countArgument == 1 && doneAddress == 0 && (domain & 0xffff) == DomainIds.Self && !unfinished.Any)
            return ExtSingle(vcpu, list, domain, number);
        StepBudget budget = new(vcpu);
        if (unfinished.Any && Host.Current.Memory.Types.Finish(unfinished, ref budget) == XenError.Restart)
            return Continuation.Again(number, list, countArgument, doneAddress, domain);

        uint count = unchecked((uint)countArgument);
        uint before = 0;
        if ((count & Preempted) != 0)
        {
            count &= ~Preempted;
            if (doneAddress != 0)
                GuestMemory.TryRead(doneAddress, out before);
        }

        uint done = 0;
        ushort id = (ushort)(domain & 0xffff);
        XenError error = TryFindOwner(vcpu.Domain, id, out Domain owner);
        while (error == XenError.None && done < count)
        {
            if (done != 0 && (unfinished.Any || Continuation.IsDue(vcpu)))
            {
                error = XenError.Restart;
                break;
            }
            error = GuestMemory.TryRead(list, out MmuExtOp operation) ? id is DomainIds.Io or DomainIds.Xen ? ExtNobody(operation) : ExtOne(vcpu, owner, operation, ref budget)
                : XenError.BadAddress;
            if (error != XenError.None)
                break;
            budget.Step();
            list = unchecked(list + ExtOpSize);
            done++;
        }

        if (doneAddress != 0)
            GuestMemory.TryWrite(doneAddress, unchecked(before + done));
        if (error == XenError.Restart || (error == XenError.None && unfinished.Any))
            return Continuation.Again(number, list, (count - done) | Preempted, doneAddress, domain);
        return error.ToResult();
    }

    /// <summary>What most calls are: one operation for the caller itself, and nobody asks how many were done.</summary>
    private static long ExtSingle(Vcpu vcpu, ulong list, ulong domain, uint number)
    {
        if (!GuestMemory.TryRead(list, out MmuExtOp operation))
            return XenError.BadAddress.ToResult();
        StepBudget budget = new(vcpu);
        XenError error = ExtOne(vcpu, vcpu.Domain, operation, ref budget);
        if (error == XenError.Restart)
            return Continuation.Again(number, list, 1 | Preempted, 0, domain);
        if (error == XenError.None && vcpu.Pv.Unfinished.Any)
            return Continuation.Again(number, unchecked(list + ExtOpSize), Preempted, 0, domain);
        return error.ToResult();
    }

    /// <summary>The domain whose frames are meant; only a privileged caller may name another.</summary>
    private static XenError TryFindOwner(Domain caller, ushort id, out Domain owner)
    {
        owner = caller;
        if (id == DomainIds.Self)
            return XenError.None;
        if (id is DomainIds.Io or DomainIds.Xen)
            return caller.IsPrivileged || id == DomainIds.Io ? XenError.None : XenError.NotPermitted;
        if (id == caller.Id || Host.Current.Domains.Find(id) is not Domain found)
            return XenError.NoSuchDomain;
        owner = found;
        return caller.IsPrivileged ? XenError.None : XenError.NotPermitted;
    }

    private static XenError ExtOne(Vcpu vcpu, Domain owner, in MmuExtOp operation, ref StepBudget budget)
    {
        MachineMemory memory = Host.Current.Memory;
        Mfn frame = new(operation.Mfn);
        switch ((MmuExtCommand)operation.Cmd)
        {
            case MmuExtCommand.PinL1Table:
            case MmuExtCommand.PinL2Table:
            case MmuExtCommand.PinL3Table:
            case MmuExtCommand.PinL4Table:
                return memory.Types.Pin(frame, (int)(operation.Cmd - (uint)MmuExtCommand.PinL1Table) + 1, owner, ref budget);
            case MmuExtCommand.UnpinTable:
                // What could not be undone at once is noted and finished before the next operation.
                XenError error = memory.Types.Unpin(frame, owner, ref budget);
                return error == XenError.Restart ? XenError.None : error;
            case MmuExtCommand.ClearPage:
                return ClearPage(memory, frame, owner);
            case MmuExtCommand.CopyPage:
                return CopyPage(memory, frame, new Mfn(operation.SrcMfn), owner);
            case MmuExtCommand.MarkSuper:
            case MmuExtCommand.UnmarkSuper:
                return XenError.NotSupported;
        }
        if (operation.Cmd > (uint)MmuExtCommand.UnmarkSuper || operation.Cmd == 14)
            return XenError.NotImplemented;
        return owner == vcpu.Domain ? ExtOwn(vcpu, memory, operation, frame, ref budget) : XenError.NotPermitted;
    }

    /// <summary>Devices and the hypervisor itself own no page that could be a table, or be written as a whole; the rest is for the caller's own domain.</summary>
    private static XenError ExtNobody(in MmuExtOp operation) => (MmuExtCommand)operation.Cmd switch
    {
        MmuExtCommand.PinL1Table or MmuExtCommand.PinL2Table or MmuExtCommand.PinL3Table or MmuExtCommand.PinL4Table
            or MmuExtCommand.UnpinTable or MmuExtCommand.ClearPage or MmuExtCommand.CopyPage => XenError.Invalid,
        MmuExtCommand.MarkSuper or MmuExtCommand.UnmarkSuper => XenError.NotSupported,
        > MmuExtCommand.UnmarkSuper or (MmuExtCommand)14 => XenError.NotImplemented,
        _ => XenError.NotPermitted,
    };

    /// <summary>What a domain can do to itself only.</summary>
    private static XenError ExtOwn(Vcpu vcpu, MachineMemory memory, in MmuExtOp operation, Mfn frame, ref StepBudget budget)
    {
        switch ((MmuExtCommand)operation.Cmd)
        {
            case MmuExtCommand.NewBaseptr:
                return MmuOperations.SetKernelRoot(vcpu, frame, ref budget);
            case MmuExtCommand.NewUserBaseptr:
                return MmuOperations.SetUserRoot(vcpu, frame, ref budget);
            case MmuExtCommand.TlbFlushLocal:
                memory.Tlb.FlushLocal();
                return XenError.None;
            case MmuExtCommand.TlbFlushAll:
                GuestFlush.FlushAll(vcpu.Domain);
                return XenError.None;
            case MmuExtCommand.TlbFlushMulti:
                if (!GuestFlush.TryCpusOf(vcpu.Domain, operation.VcpuMask.Value, out CpuSet flushed))
                    return XenError.Invalid;
                memory.Tlb.Flush(flushed);
                return XenError.None;
            case MmuExtCommand.InvlpgLocal:
                if (AddressSpace.IsGuestAddress(operation.LinearAddr))
                    Cpu.InvalidatePage(operation.LinearAddr);
                return XenError.None;
            case MmuExtCommand.InvlpgAll:
                return InvalidatePage(memory, GuestFlush.CpusOf(vcpu.Domain), operation.LinearAddr);
            case MmuExtCommand.InvlpgMulti:
                return GuestFlush.TryCpusOf(vcpu.Domain, operation.VcpuMask.Value, out CpuSet invalidated)
                    ? InvalidatePage(memory, invalidated, operation.LinearAddr)
                    : XenError.Invalid;
            case MmuExtCommand.FlushCache:
                return FlushCache(vcpu.Domain, XenError.AccessDenied, false);
            case MmuExtCommand.FlushCacheGlobal:
                return FlushCache(vcpu.Domain, XenError.Invalid, true);
            case MmuExtCommand.SetLdt:
                return DescriptorTables.SetLdt(vcpu, operation.LinearAddr, operation.NrEnts);
            default:
                return XenError.NotImplemented;
        }
    }

    private static XenError InvalidatePage(MachineMemory memory, in CpuSet cpus, ulong address)
    {
        // Other addresses are not the guest's to forget.
        if (AddressSpace.IsGuestAddress(address))
            memory.Tlb.FlushPage(cpus, address);
        return XenError.None;
    }

    private static XenError FlushCache(Domain domain, XenError refusal, bool everywhere)
    {
        if (!domain.IsPrivileged)
            return refusal;
        if (everywhere)
            Host.Current.CpuCalls.Run(Host.Current.Pcpus.Online, Host.Current.CpuCalls.WriteBackCaches);
        else
            Cpu.WriteBackInvalidate();
        return XenError.None;
    }

    private static XenError ClearPage(MachineMemory memory, Mfn frame, Domain owner)
    {
        XenError error = memory.Types.TryGetWritable(frame, owner);
        if (error != XenError.None)
            return error == XenError.Restart ? error : XenError.Invalid;
        Frame.At(frame).Zero();
        memory.Types.PutType(frame);
        return XenError.None;
    }

    private static XenError CopyPage(MachineMemory memory, Mfn to, Mfn from, Domain owner)
    {
        using ReferenceScope source = memory.Types.Hold(from, owner);
        XenError error = source.Exists ? memory.Types.TryGetWritable(to, owner) : XenError.Invalid;
        if (error != XenError.None)
            return error == XenError.Restart ? error : XenError.Invalid;
        Frame.At(to).CopyFrom(Frame.At(from));
        memory.Types.PutType(to);
        return XenError.None;
    }
}
