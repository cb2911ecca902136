using System.Threading;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;

namespace Xenith.Hypervisor.Memory;

/// <summary>The types of frames that are no page tables: writable, segment descriptors; and the common way from one type to another.</summary>
public sealed partial class PageTypes
{
    /// <summary>
    /// Takes a reference for a writable mapping. <see cref="XenError.Busy"/> if the frame is another's or is used as something that nobody may write;
    /// <see cref="XenError.Restart"/> if it is on its way to or from being a page table.
    /// </summary>
    public XenError TryGetWritable(Mfn frame, Domain owner)
    {
        StepBudget budget = StepBudget.ForCaller();
        return _frames.Contains(frame) ? GetWritable(frame, ref _frames[frame], FrameBits.OwnerOf(owner), ref budget) : XenError.Busy;
    }

    /// <summary>Gives back what <see cref="TryGetWritable"/> or <see cref="TryGetDescriptors"/> took.</summary>
    public void PutType(Mfn frame)
    {
        ref FrameInfo info = ref _frames[frame];
        switch (FrameCounts.PutType(ref info, _tlb))
        {
            case PutResult.Last:
                PageType type = TypeBits.TypeOf(info.Type);
                Invariant.Holds(!TypeBits.IsTable(type));
                EndType(frame, ref info, type);
                break;
            case PutResult.Underflow:
                Invariant.Broken();
                break;
        }
    }

    /// <summary>
    /// Takes a reference to a frame as a page of descriptors. The first one checks all 512, and raises the privilege level of segments that name the hypervisor's.
    /// <see cref="XenError.Invalid"/> if the frame is another's, used as something else, or holds descriptors that a guest may not have.
    /// </summary>
    public XenError TryGetDescriptors(Mfn frame, Domain owner)
    {
        if (!_frames.Contains(frame))
            return XenError.Invalid;
        ref FrameInfo info = ref _frames[frame];
        StepBudget budget = StepBudget.ForCaller();
        return GetType(frame, ref info, PageType.SegmentDescriptors, FrameBits.OwnerOf(owner), null, XenError.Invalid, ref budget);
    }

    /// <summary>Takes a reference to a frame that is a page of descriptors already, for somebody else; see <see cref="TryGetDescriptors"/>. False if it is none, or another's.</summary>
    internal bool TryShareDescriptors(Mfn frame, Domain owner)
    {
        if (!_frames.Contains(frame))
            return false;
        ref FrameInfo info = ref _frames[frame];
        if (info.Owner != FrameBits.OwnerOf(owner) || !FrameCounts.TryGetType(ref info, PageType.SegmentDescriptors))
            return false;
        if (info.Owner == FrameBits.OwnerOf(owner))
            return true;
        PutType(frame);
        return false;
    }

    /// <summary>Takes a reference for a writable mapping; see <see cref="TryGetWritable"/>.</summary>
    internal XenError GetWritable(Mfn frame, ref FrameInfo info, uint owner, ref StepBudget budget)
    {
        TakeResult taken = FrameCounts.TryTake(ref info, owner, true);
        if (taken == TakeResult.Taken)
            return XenError.None;
        Return(frame, taken);
        return GetType(frame, ref info, PageType.Writable, owner, null, XenError.Busy, ref budget);
    }

    /// <summary>Gives back what an attempt took that did not come to a good end.</summary>
    internal void Return(Mfn frame, TakeResult taken)
    {
        if (taken == TakeResult.ForeignType)
            PutType(frame);
        if (taken == TakeResult.General)
            PutReference(frame);
    }

    /// <summary>
    /// The slow and general way to a reference of a type. <paramref name="refusal"/> is the answer if the frame is another's or is used as something else.
    /// <paramref name="domain"/> is the owner where page tables are wanted.
    /// </summary>
    private XenError GetType(Mfn frame, ref FrameInfo info, PageType type, uint owner, Domain? domain, XenError refusal, ref StepBudget budget)
    {
        XenError error = GetType(frame, ref info, type, owner, domain, refusal, ref budget, out int held);
        PerCpu.Ledger.Strike(held);
        return error;
    }

    /// <summary>
    /// Takes a reference for writing that stands in the ledger (<paramref name="held"/>) until <see cref="PutHeld"/> or until its entry is struck out, in case of an error too.
    /// The answer is that of <see cref="TryGetWritable"/>.
    /// </summary>
    internal XenError HoldWritable(Mfn frame, Domain owner, out int held)
    {
        StepBudget budget = StepBudget.ForCaller();
        return GetType(frame, ref _frames[frame], PageType.Writable, FrameBits.OwnerOf(owner), null, XenError.Busy, ref budget, out held);
    }

    /// <summary>Ends what <see cref="HoldWritable"/> began, whatever it answered.</summary>
    internal void PutHeld(Mfn frame, int held)
    {
        Ledger ledger = PerCpu.Ledger;
        ref ulong note = ref ledger.ArgumentOf(held);
        DropResult result = DropResult.Remains;
        if ((note & FrameInHand.Typed) != 0)
        {
            do
                result = FrameCounts.TryDrop(ref _frames[frame], _tlb, ref note);
            while (result == DropResult.Again);
        }
        ledger.Strike(held);
        if (result == DropResult.LastReference)
            Release(frame);
        Invariant.Holds(result != DropResult.Underflow);
    }

    /// <summary>The same with the reference still noted: ledger entry <paramref name="held"/>, also if there is none.</summary>
    private XenError GetType(Mfn frame, ref FrameInfo info, PageType type, uint owner, Domain? domain, XenError refusal, ref StepBudget budget, out int held)
    {
        Ledger ledger = PerCpu.Ledger;
        held = ledger.Enter(_inHand, FrameInHand.None);
        ref ulong note = ref ledger.ArgumentOf(held);
        if (!FrameCounts.TryGet(ref info, owner, ref note, frame.Value | FrameInHand.General))
            return refusal;
        FaultInjection.Point();
        XenError error;
        do
            error = TryType(frame, ref info, type, domain, refusal, ref budget, ref note);
        while (error == XenError.TryAgain);
        FaultInjection.Point();
        if ((note & FrameInHand.General) != 0)
        {
            PutResult result = FrameCounts.Put(ref info, ref note, (note & FrameInHand.Typed) != 0 ? note & ~FrameInHand.General : FrameInHand.None);
            Invariant.Holds(result != PutResult.Underflow);
            if (result == PutResult.Last)
                Release(frame);
        }
        return error;
    }

    /// <summary>
    /// One look at the type of a frame that the caller holds a general reference to (which <paramref name="note"/> says), and what follows from it.
    /// <see cref="XenError.TryAgain"/> if it changed meanwhile.
    /// </summary>
    private XenError TryType(Mfn frame, ref FrameInfo info, PageType type, Domain? domain, XenError refusal, ref StepBudget budget, ref ulong note)
    {
        ulong bits = Volatile.Read(ref info.Type);
        PageType present = TypeBits.TypeOf(bits);
        if ((bits & TypeBits.Busy) != 0)
            return (bits & TypeBits.Promoting) != 0 && present != type ? refusal : XenError.Restart;
        if (TypeBits.ReferencesOf(bits) != 0)
        {
            if (!FrameCounts.IsValid(bits, type))
                return refusal;
            return FrameCounts.TryChangeType(ref info, bits, unchecked(bits + 1), ref note, note | FrameInHand.Typed) ? XenError.None : XenError.TryAgain;
        }
        if ((bits & TypeBits.Partial) != 0)
        {
            if (present != type || domain is null)
                return DemotePartial(frame, ref info, bits, ref budget) == XenError.Restart ? XenError.Restart : XenError.TryAgain;
            if (!FrameCounts.TryChangeType(ref info, bits, bits & ~TypeBits.Partial | TypeBits.Busy | TypeBits.Promoting))
                return XenError.TryAgain;
            return Promote(frame, ref info, domain, PerCpu.Ledger.Enter(_busy, frame.Value), ref budget);
        }
        // From here on the type takes over the reference that the caller holds.
        if (type == PageType.Writable && present is PageType.None or PageType.Writable)
            return FrameCounts.TryChangeType(ref info, bits, TypeBits.One(type), ref note, frame.Value | FrameInHand.Typed) ? XenError.None : XenError.TryAgain;
        ulong busy = TypeBits.Idle(type) | TypeBits.Busy | TypeBits.Promoting;
        if (domain is not null)
        {
            // What a trap leaves of a table, the end of its owner finds: and that is who is served.
            if (!FrameCounts.TryChangeType(ref info, bits, busy, ref note, FrameInHand.None))
                return XenError.TryAgain;
            int ledger = PerCpu.Ledger.Enter(_busy, frame.Value);
            FlushFormer(ref info, present, type);
            return Promote(frame, ref info, domain, ledger, ref budget);
        }
        if (!FrameCounts.TryChangeType(ref info, bits, busy, ref note, FrameInHand.OfBusy(frame, present)))
            return XenError.TryAgain;
        FlushFormer(ref info, present, type);
        if (type == PageType.SegmentDescriptors && !DescriptorCheck.TryAdjustPage(frame))
        {
            FrameCounts.SetType(ref info, TypeBits.Idle(type), ref note, frame.Value | FrameInHand.General);
            return XenError.Invalid;
        }
        FrameCounts.SetType(ref info, TypeBits.One(type), ref note, frame.Value | FrameInHand.Typed);
        return XenError.None;
    }

    /// <summary>The frame was something else: nobody may reach it as that any more.</summary>
    private void FlushFormer(ref FrameInfo info, PageType former, PageType type)
    {
        FaultInjection.Point();
        if (former != PageType.None && former != type)
            _tlb.FlushSince(info.TlbStamp);
    }
}
