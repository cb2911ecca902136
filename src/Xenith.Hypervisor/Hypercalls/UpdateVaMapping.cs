using System.Runtime.CompilerServices;
using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>update_va_mapping (14) and update_va_mapping_otherdomain (22): one L1 entry by the address that it maps in the address space the caller is in, and a TLB flush if wanted (public/xen.h, UVMF_*).</summary>
internal static partial class MmuHypercalls
{
    /// <summary>(address, entry, flags).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static long UpdateVaMapping(ulong address, ulong value, ulong flags, ulong a4, ulong a5, uint number)
    {
        Vcpu vcpu = Serving.Vcpu;
        XenError error = UpdateMapping(vcpu, address, value, flags, FrameBits.OwnerOf(vcpu.Domain));
        return error == XenError.Restart ? Continuation.Again(number, address, value, flags) : error.ToResult();
    }

    /// <summary>(address, entry, flags, owner of the frame).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static long UpdateVaMappingOtherDomain(ulong address, ulong value, ulong flags, ulong domain, ulong a5, uint number)
    {
        Vcpu vcpu = Serving.Vcpu;
        XenError error = MmuOwners.TryFindFrameOwner(vcpu.Domain, (ushort)(domain & 0xffff), out uint owner);
        if (error == XenError.None)
            error = UpdateMapping(vcpu, address, value, flags, owner);
        return error == XenError.Restart ? Continuation.Again(number, address, value, flags, domain) : error.ToResult();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static XenError UpdateMapping(Vcpu vcpu, ulong address, ulong value, ulong flags, uint owner)
    {
        MachineMemory memory = Host.Current.Memory;
        if (!GuestPageWalk.TryGetL1Table(vcpu, memory.Frames, address, out Mfn table))
            return XenError.Invalid;
        StepBudget budget = new(vcpu);
        Domain domain = vcpu.Domain;
        L1Change change = new(FrameBits.OwnerOf(domain), owner, AddressSpace.TableIndex(address, 1), false);
        XenError error = PageTableUpdate.TryUpdateQuickly(memory, domain, table, new PageTableEntry(value), change, ref budget)
            ? XenError.None
            : PageTableUpdate.UpdateFound(memory, domain, table, new PageTableEntry(value), change, ref budget);
        if (error != XenError.None || (flags & (ulong)UpdateVaMappingFlags.FlushTypeMask) == 0)
            return error;
        if (flags != (ulong)(UpdateVaMappingFlags.TlbFlush | UpdateVaMappingFlags.Local))
            return Flush(domain, memory, address, flags);
        memory.Tlb.FlushLocal();
        return XenError.None;
    }

    /// <summary>The flush that the flags ask for, if it is not just this CPU's whole TLB: on the vCPUs that they name: this one, all, or those of a bitmap.</summary>
    private static XenError Flush(Domain domain, MachineMemory memory, ulong address, ulong flags)
    {
        bool whole = (flags & (ulong)UpdateVaMappingFlags.FlushTypeMask) == (ulong)UpdateVaMappingFlags.TlbFlush;
        bool page = (flags & (ulong)UpdateVaMappingFlags.FlushTypeMask) == (ulong)UpdateVaMappingFlags.Invlpg;
        if (!whole && !page)
            return XenError.None;
        ulong where = flags & ~(ulong)UpdateVaMappingFlags.FlushTypeMask;
        if (where == (ulong)UpdateVaMappingFlags.Local)
        {
            if (whole)
                memory.Tlb.FlushLocal();
            else
                Cpu.InvalidatePage(address);
            return XenError.None;
        }
        if (where == (ulong)UpdateVaMappingFlags.All && whole)
        {
            GuestFlush.FlushAll(domain);
            return XenError.None;
        }
        CpuSet cpus;
        if (where == (ulong)UpdateVaMappingFlags.All)
            cpus = GuestFlush.CpusOf(domain);
        else if (!GuestFlush.TryCpusOf(domain, where, out cpus))
            return XenError.BadAddress;
        if (whole)
            memory.Tlb.Flush(cpus);
        else
            memory.Tlb.FlushPage(cpus, address);
        return XenError.None;
    }
}
