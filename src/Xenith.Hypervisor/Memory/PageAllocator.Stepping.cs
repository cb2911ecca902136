using Xenith.Machine;

namespace Xenith.Hypervisor.Memory;

/// <summary>
/// Allocation of many frames at once for a guest. To zero a large block takes long, so it is done in pieces with a look in between at whether something else waits for the CPU. Then the block goes back
/// to the free lists as far scrubbed as it is, and that is where the call that is made again finds it: nothing has to be remembered, and nothing is lost if it never comes.
/// </summary>
public sealed partial class PageAllocator
{
    /// <summary>Frames that are scrubbed between two looks: 16,000 instructions, most of them one store of a repeated eight bytes each.</summary>
    private const uint FramesPerLook = 32;

    /// <summary>
    /// Allocates like <see cref="TryAllocate(int, AllocationFlags, out Mfn, out int)"/>. <see cref="XenError.NoMemory"/> if there is no such block, <see cref="XenError.Restart"/> if the budget was spent
    /// before it was scrubbed: the call is to be made again.
    /// </summary>
    internal XenError AllocateInSteps(int order, AllocationFlags flags, ref StepBudget budget, out Mfn first, out int note)
    {
        first = Mfn.Invalid;
        Ledger ledger = PerCpu.Ledger;
        note = ledger.Enter(_inHand, FramesInHand.None);
        if (!TryTakeNoted(order, flags, ledger, note, out uint block, out ulong stamp, out bool dirty))
        {
            ledger.Strike(note);
            return XenError.NoMemory;
        }
        Tlb.FlushSince(stamp);
        if (dirty && !TryScrub(block, 1u << order, ref budget))
        {
            ReturnBlock(block, order, note);
            return XenError.Restart;
        }
        first = new Mfn(block);
        return XenError.None;
    }

    private bool TryTakeNoted(int order, AllocationFlags flags, Ledger ledger, int note, out uint block, out ulong stamp, out bool dirty)
    {
        stamp = 0;
        dirty = false;
        using (_lock.Enter())
        {
            if (!TryTake(order, flags, out block))
                return false;
            ledger.Amend(note, FramesInHand.Of(block, order));
            Detach(block, order, out stamp, out dirty);
        }
        return true;
    }

    /// <summary>Scrubs frames that are on no list until all are clean or the budget is spent.</summary>
    private bool TryScrub(uint first, uint count, ref StepBudget budget)
    {
        if (count <= FramesPerLook)
        {
            Scrub(first, count, true);
            return true;
        }
        uint done = 0;
        while (done < count)
        {
            if (budget.IsSpent)
                return false;
            uint end = done;
            for (uint dirty = 0; end < count && dirty < FramesPerLook; end++)
            {
                if ((_frames[new Mfn(first + end)].Count & FrameBits.Dirty) != 0)
                    dirty++;
            }
            Scrub(first + done, end - done, true);
            done = end;
            budget.Step();
        }
        // What follows is as long as a step itself.
        return !budget.IsSpent;
    }

    /// <summary>Returns a block that was taken to the lists as it is, some of its frames clean; the note is struck out.</summary>
    private void ReturnBlock(uint block, int order, int note)
    {
        uint count = 1u << order, firstDirty = FreeLists.Clean;
        int group = GroupOf(block);
        Ledger ledger = PerCpu.Ledger;
        using (_lock.Enter())
        {
            for (uint i = 0; i < count; i++)
            {
                ref FrameInfo frame = ref _frames[new Mfn(block + i)];
                ulong mark = frame.Count & FrameBits.Dirty;
                frame.Count = FrameBits.Managed | FrameBits.Free | mark;
                if (mark == 0)
                    continue;
                _dirty++;
                if (firstDirty == FreeLists.Clean)
                    firstDirty = i;
            }
            _free += count;
            _freeByGroup[group] += count;
            Merge(group, block, order, firstDirty);
            // Under the lock: nobody else can have got the frames yet.
            ledger.Amend(note, FramesInHand.None);
        }
        ledger.Strike(note);
    }
}
