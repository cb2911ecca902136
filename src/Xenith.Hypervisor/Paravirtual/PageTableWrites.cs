using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>
/// Writable page tables: a guest sees its L1 tables read-only and writes to them all the same. The instruction that faulted is
/// carried out here, as a checked update of one entry.
/// </summary>
internal static class PageTableWrites
{
    private const int MaxAttempts = 8;

    /// <summary>Carries out the instruction at RIP if it writes to one entry of an L1 table in the given frame. False if the guest must get its page fault.</summary>
    internal static bool TryEmulate(Vcpu vcpu, ref GuestFrame frame, ulong address, Mfn table)
    {
        if (!PvMemory.IsOwnL1Table(vcpu.Domain, table))
            return false;
        if (!GuestCode.TryDecode(vcpu, ref frame, out Instruction instruction, out int bits) || bits != 64)
            return false;
        if (!MemoryUpdate.TryUnderstand(ref frame, in instruction, out MemoryUpdate update) || update.Address != address)
            return false;
        int offset = (int)(address & 7);
        if (offset + update.Size > 8)
            return false;

        int index = unchecked((int)(address >> 3)) & 511;
        int shift = offset * 8;
        ulong mask = GuestRegisters.Mask(update.Size) << shift;
        PageTableEntry before = PageTableView.At(table)[index];
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            ulong old = (before.Bits & mask) >> shift;
            ulong flags = frame.Rflags;
            bool changes = update.Apply(ref frame, old, out ulong result, ref flags);
            if (changes)
            {
                PageTableEntry after = new((before.Bits & ~mask) | result << shift);
                XenError error = PvMemory.UpdateL1Entry(vcpu, table, index, before, after, out PageTableEntry found);
                if (error == XenError.Restart)
                    return true;
                if (error != XenError.None)
                    return false;
                if (found.Bits != before.Bits)
                {
                    // Another CPU, or this one setting the accessed bit, was faster.
                    before = found;
                    continue;
                }
            }
            frame.Rflags = flags;
            update.Complete(ref frame, in instruction, old, changes);
            if (!RepeatsStill(ref frame, in instruction, in update))
                PrivilegedEmulation.StepOver(vcpu, ref frame, in instruction);
            return true;
        }
        // Unlucky eight times: the guest makes the instruction again, with an opportunity for interrupts in between.
        return true;
    }

    /// <summary>Counts a step of REP STOS. True if there are more: the instruction is then made again, and may leave the page table.</summary>
    internal static bool RepeatsStill(ref GuestFrame frame, in Instruction instruction, in MemoryUpdate update)
    {
        if (update.Kind != UpdateKind.StoreString || instruction.RepeatPrefix == 0)
            return false;
        ulong mask = GuestRegisters.Mask(instruction.AddressSize);
        frame.Rcx = unchecked(frame.Rcx - 1) & mask;
        return frame.Rcx != 0;
    }
}
