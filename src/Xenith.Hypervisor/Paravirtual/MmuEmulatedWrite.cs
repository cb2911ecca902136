using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>
/// "Writable" page tables: the guest's kernel writes an L1 entry through a mapping that is read-only, the CPU faults, and the write is done as the checked update that it means.
/// Only L1 tables: for higher levels guests make the hypercall.
/// </summary>
internal static class MmuEmulatedWrite
{
    /// <summary>
    /// Does a write of 1, 2, 4 or 8 bytes at an address that faulted. <see cref="XenError.NoEntry"/> if that is no L1 table of the vCPU's domain, mapped read-only;
    /// <see cref="XenError.Restart"/> if the guest shall run the instruction again; any other error if the entry is not allowed.
    /// </summary>
    internal static XenError Write(Vcpu vcpu, ulong faultAddress, ulong value, int bytes)
    {
        if (!TryFindTable(vcpu, faultAddress, bytes, out Mfn table, out int index))
            return XenError.NoEntry;
        StepBudget budget = new(vcpu);
        ulong mask = Mask(faultAddress, bytes, out int shift);
        PageTableEntry merged = new(PageTableView.At(table)[index].Bits & ~mask | value << shift & mask);
        return PageTableUpdate.Update(vcpu.Domain, FrameBits.OwnerOf(vcpu.Domain), table, index, merged, false, ref budget);
    }

    /// <summary>
    /// Does a compare-and-exchange of 4 or 8 bytes. <paramref name="seen"/> is what stood there before; the new value is in place only if that equals <paramref name="expected"/>.
    /// Errors as with <see cref="Write"/>.
    /// </summary>
    internal static XenError CompareExchange(Vcpu vcpu, ulong faultAddress, ulong expected, ulong value, int bytes, out ulong seen)
    {
        seen = 0;
        if (!TryFindTable(vcpu, faultAddress, bytes, out Mfn table, out int index))
            return XenError.NoEntry;
        StepBudget budget = new(vcpu);
        ulong mask = Mask(faultAddress, bytes, out int shift);
        PageTypes types = Host.Current.Memory.Types;
        int held = types.EnterTable(table, vcpu.Domain, out int level);
        if (held < 0)
            return XenError.NoEntry;
        XenError error = XenError.NoEntry;
        if (level == 1)
            error = CompareExchangeHeld(types, vcpu.Domain, table, index, expected << shift & mask, value << shift & mask, mask, ref budget, out seen);
        seen = (seen & mask) >> shift;
        types.LeaveTable(table, held, ref budget);
        return error;
    }

    private static XenError CompareExchangeHeld(
        PageTypes types, Domain domain, Mfn table, int index, ulong expected, ulong value, ulong mask, ref StepBudget budget, out ulong seen)
    {
        PageTableView view = PageTableView.At(table);
        PageTableEntry present = view[index];
        seen = present.Bits;
        if ((present.Bits & mask) != expected)
            return XenError.None;
        PageTableEntry next = new(present.Bits & ~mask | value);
        if (next.IsPresent)
        {
            XenError error = types.AcquireL1(next, FrameBits.OwnerOf(domain), domain, ref budget, out next);
            if (error != XenError.None)
                return error;
        }
        PageTableEntry before = view.CompareExchange(index, next, present);
        PageTableEntry gone = before.Bits == present.Bits ? before : next;
        if (gone.IsPresent)
            types.ReleaseL1(gone);
        // Another CPU was faster, perhaps only to note an access: the guest's instruction runs again.
        return before.Bits == present.Bits ? XenError.None : XenError.Restart;
    }

    private static bool TryFindTable(Vcpu vcpu, ulong address, int bytes, out Mfn table, out int index)
    {
        table = Mfn.Invalid;
        index = (int)(address & (AddressSpace.PageSize - 1)) >> 3;
        bool inOneEntry = bytes is 1 or 2 or 4 or 8 && (address & (ulong)(bytes - 1)) == 0;
        if (!inOneEntry || !GuestPageWalk.TryGetL1Entry(vcpu, address, out _, out _, out PageTableEntry entry) || !entry.IsPresent || entry.IsWritable)
            return false;
        MachineMemory memory = Host.Current.Memory;
        if (!memory.Frames.Contains(entry.Frame))
            return false;
        ref FrameInfo info = ref memory.Frames[entry.Frame];
        table = entry.Frame;
        return info.Owner == FrameBits.OwnerOf(vcpu.Domain) && FrameCounts.IsValid(info.Type, PageType.L1);
    }

    private static ulong Mask(ulong address, int bytes, out int shift)
    {
        shift = (int)(address & 7) * 8;
        return bytes == 8 ? ulong.MaxValue : (1UL << (bytes * 8)) - 1 << shift;
    }
}
