using System.Threading;
using Xenith.Machine;

namespace Xenith.Hypervisor.Memory;

/// <summary>
/// The memory of a domain that a trap of ours ended. References that were on their way from a count to an entry, a root or a handle, or back, belong to nobody. When nobody works for the
/// domain any more and its own pins, roots and tables are gone, it is known who else can refer to its frames, and what is more than that goes.
/// </summary>
public sealed partial class DomainPages
{
    /// <summary>The types whose references are all the domain's own, in the order in which they end: a table gives back its references to those below.</summary>
    private int _unsettled;

    private const int DescriptorStep = 0, HighestStep = 4;

    /// <summary>Counts and list may have been half changed; so may types, by whoever was busy with them.</summary>
    private void BeginSettling(MachineMemory memory)
    {
        _unsettled = HighestStep;
        using (_lock.Enter())
            Rebuild();
        FrameTable frames = memory.Frames;
        uint owner = FrameBits.OwnerOf(_domain);
        bool isLending = _domain.Grants.IsInUse;
        for (ulong at = 1; at < frames.Count; at++)
        {
            ref FrameInfo info = ref frames[new Mfn(at)];
            if ((info.Count & FrameBits.Free) != 0 || info.Owner != owner)
                continue;
            BusyUndo.Suspend(ref info);
            // What the hypervisor shared has been given back by now, if it was known.
            if ((info.Count & FrameBits.Shared) != 0 && !isLending)
                memory.Types.EndSharing(new Mfn(at));
        }
    }

    /// <summary>
    /// Ends page tables and descriptor pages that still have references: pins, roots and descriptor tables are gone, and no other domain can refer to a frame as one of these. Highest level first,
    /// and each until none is left. <see cref="XenError.Restart"/> as long as something changes.
    /// </summary>
    private XenError SettleTypes(MachineMemory memory, ref StepBudget budget)
    {
        for (; _unsettled >= DescriptorStep; _unsettled--)
        {
            PageType type = _unsettled == DescriptorStep ? PageType.SegmentDescriptors : TypeBits.TableType(_unsettled);
            for (Mfn frame = First; !frame.IsInvalid; frame = After(frame))
            {
                ref FrameInfo info = ref memory.Frames[frame];
                ulong bits = Volatile.Read(ref info.Type);
                if (TypeBits.TypeOf(bits) != type || TypeBits.ReferencesOf(bits) == 0)
                    continue;
                KeepReferences(ref info, 1);
                if (_unsettled == DescriptorStep)
                    memory.Types.PutType(frame);
                else
                    memory.Types.PutTable(frame, ref budget);
                // The walk over tables looks at what this has left half-way.
                _cursor = First.IsInvalid ? 0 : _first;
                return XenError.Restart;
            }
        }
        return XenError.None;
    }

    /// <summary>
    /// What others hold of the frames that are left is counted, and the rest goes. Nobody can take a new reference meanwhile; one that goes is counted too much at worst, and its frame stays.
    /// </summary>
    private void SettleReferences(MachineMemory memory)
    {
        Mfn next;
        for (Mfn frame = First; !frame.IsInvalid; frame = next)
        {
            next = After(frame);
            uint general = 0, typed = 0;
            _domain.Grants.CountUses(frame, ref general, ref typed);
            CountMappings(memory.Frames, frame, ref general, ref typed);
            ref FrameInfo info = ref memory.Frames[frame];
            uint types = TypeBits.ReferencesOf(Volatile.Read(ref info.Type));
            if (types > typed)
            {
                KeepReferences(ref info, typed + 1);
                memory.Types.PutType(frame);
            }
            if (TypeBits.IsInForce(Volatile.Read(ref info.Type)))
                general++;
            // The last of them frees the frame.
            while ((info.Count & FrameBits.Listed) != 0 && unchecked((uint)info.Count) > general)
                memory.Types.PutReference(frame);
        }
    }

    /// <summary>Looks for a frame in the L1 tables of all other domains. Takes as long as there is memory; only a trap that has left something leads here.</summary>
    private void CountMappings(FrameTable frames, Mfn wanted, ref uint general, ref uint typed)
    {
        for (ulong at = 1; at < frames.Count; at++)
        {
            ref FrameInfo info = ref frames[new Mfn(at)];
            ulong bits = Volatile.Read(ref info.Type);
            if ((info.Count & FrameBits.Free) != 0 || TypeBits.TypeOf(bits) != PageType.L1 || !TypeBits.IsInForce(bits))
                continue;
            PageTableView table = PageTableView.At(new Mfn(at));
            for (int i = 0; i < 512; i++)
            {
                PageTableEntry entry = table[i];
                if (!entry.IsPresent || entry.Frame != wanted)
                    continue;
                if (entry.IsWritable)
                    typed++;
                else
                    general++;
            }
        }
    }

    /// <summary>Lowers the references to a frame's type to so many.</summary>
    private static void KeepReferences(ref FrameInfo info, uint references)
    {
        ulong bits = Volatile.Read(ref info.Type);
        while (TypeBits.ReferencesOf(bits) > references && !FrameCounts.TryChangeType(ref info, bits, bits & ~0xffff_ffffUL | references))
            bits = Volatile.Read(ref info.Type);
    }
}
