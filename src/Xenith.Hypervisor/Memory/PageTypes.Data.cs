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
        if (!FrameCounts.TryGetType(ref info, PageType.SegmentDescriptors))
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
        if (!FrameCounts.TryGet(ref info, owner))
            return refusal;
        int held = PerCpu.Ledger.Enter(_references, frame.Value);
        XenError error;
        do
            error = TryType(frame, ref info, type, domain, refusal, ref budget, ref held);
        while (error == XenError.TryAgain);
        if (held != Absorbed)
        {
            PerCpu.Ledger.Strike(held);
            PutReference(frame);
        }
        return error;
    }

    /// <summary>In place of a ledger entry: the reference is the type's now, or was given back with it.</summary>
    private const int Absorbed = -1;

    /// <summary>
    /// One look at the type of a frame that the caller holds a general reference to (ledger entry <paramref name="held"/>), and what follows from it.
    /// <see cref="XenError.TryAgain"/> if it changed meanwhile.
    /// </summary>
    private XenError TryType(Mfn frame, ref FrameInfo info, PageType type, Domain? domain, XenError refusal, ref StepBudget budget, ref int held)
    {
        ulong bits = Volatile.Read(ref info.Type);
        PageType present = TypeBits.TypeOf(bits);
        if ((bits & TypeBits.Busy) != 0)
            return (bits & TypeBits.Promoting) != 0 && present != type ? refusal : XenError.Restart;
        if (TypeBits.ReferencesOf(bits) != 0)
        {
            if (!FrameCounts.IsValid(bits, type))
                return refusal;
            return FrameCounts.TryChangeType(ref info, bits, unchecked(bits + 1)) ? XenError.None : XenError.TryAgain;
        }
        if ((bits & TypeBits.Partial) != 0)
        {
            if (present != type || domain is null)
                return DemotePartial(frame, ref info, bits, ref budget) == XenError.Restart ? XenError.Restart : XenError.TryAgain;
            if (!FrameCounts.TryChangeType(ref info, bits, bits & ~TypeBits.Partial | TypeBits.Busy | TypeBits.Promoting))
                return XenError.TryAgain;
            return Promote(frame, ref info, domain, PerCpu.Ledger.Enter(_busy, frame.Value), ref budget);
        }
        if (type == PageType.Writable && present is PageType.None or PageType.Writable)
        {
            if (!FrameCounts.TryChangeType(ref info, bits, TypeBits.One(type)))
                return XenError.TryAgain;
            Absorb(ref held);
            return XenError.None;
        }
        if (!FrameCounts.TryChangeType(ref info, bits, TypeBits.Idle(type) | TypeBits.Busy | TypeBits.Promoting))
            return XenError.TryAgain;
        Absorb(ref held);
        int ledger = PerCpu.Ledger.Enter(_busy, frame.Value);
        // The frame was something else: nobody may reach it as that any more.
        if (present != PageType.None && present != type)
            _tlb.FlushSince(info.TlbStamp);
        if (domain is not null)
            return Promote(frame, ref info, domain, ledger, ref budget);
        bool allowed = type != PageType.SegmentDescriptors || DescriptorCheck.TryAdjustPage(frame);
        PerCpu.Ledger.Strike(ledger);
        if (!allowed)
        {
            EndType(frame, ref info, type);
            return XenError.Invalid;
        }
        Volatile.Write(ref info.Type, TypeBits.One(type));
        return XenError.None;
    }

    private static void Absorb(ref int held)
    {
        PerCpu.Ledger.Strike(held);
        held = Absorbed;
    }
}
