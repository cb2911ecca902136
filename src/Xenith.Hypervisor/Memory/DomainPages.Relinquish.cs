using System.Threading;
using Xenith.Machine;

namespace Xenith.Hypervisor.Memory;

/// <summary>The end of a domain's memory. Frames that other domains still map stay until those let go of them.</summary>
public sealed partial class DomainPages
{
    private uint _cursor;
    private bool _tablesDone;
    private bool _tablesChanged;
    private bool _relinquishing;

    /// <summary>
    /// Takes all of a dead domain's memory from it. Its vCPUs do not run any more, and their page-table roots and descriptor tables have been given back.
    /// <see cref="XenError.Restart"/> if it has to be called again, <see cref="XenError.Busy"/> if others still refer to some frames.
    /// </summary>
    internal XenError Relinquish(ref StepBudget budget)
    {
        MachineMemory memory = Host.Current.Memory;
        if (!_relinquishing)
        {
            Claim(0);
            if (_domain.IsSuspect)
                BeginSettling(memory);
            _relinquishing = true;
            _tablesDone = false;
            _tablesChanged = false;
            _cursor = _first;
        }
        if (!_tablesDone)
        {
            if (WalkTables(memory, ref budget) == XenError.Restart)
                return XenError.Restart;
            _cursor = _first;
            if (_tablesChanged)
            {
                // A table that ended may have left one below it half-way, in front of where the walk was: look once more.
                _tablesChanged = false;
                return XenError.Restart;
            }
            if (_domain.IsSuspect && SettleTypes(memory, ref budget) == XenError.Restart)
                return XenError.Restart;
            _cursor = _first;
            _tablesDone = true;
        }
        if (WalkFrames(memory, ref budget) == XenError.Restart)
            return XenError.Restart;
        if (_domain.IsSuspect && TotalPages != 0)
            SettleReferences(memory);
        _relinquishing = false;
        return TotalPages == 0 ? XenError.None : XenError.Busy;
    }

    /// <summary>Ends pins, and whatever was left half-way.</summary>
    private XenError WalkTables(MachineMemory memory, ref StepBudget budget)
    {
        while (_cursor != 0)
        {
            if (budget.IsSpent)
                return XenError.Restart;
            Mfn frame = new(_cursor);
            ref FrameInfo info = ref memory.Frames[frame];
            ulong bits = Volatile.Read(ref info.Type);
            if ((bits & TypeBits.Partial) != 0)
            {
                _tablesChanged = true;
                memory.Types.DemotePartial(frame, ref info, bits, ref budget);
                continue;
            }
            if ((bits & TypeBits.Pinned) != 0 && PageTypes.TryTakePin(ref info))
            {
                _tablesChanged = true;
                memory.Types.PutTable(frame, ref budget);
                continue;
            }
            budget.Step();
            _cursor = info.Next;
        }
        return XenError.None;
    }

    /// <summary>Gives back the domain's own references.</summary>
    private XenError WalkFrames(MachineMemory memory, ref StepBudget budget)
    {
        while (_cursor != 0)
        {
            if (budget.IsSpent)
                return XenError.Restart;
            Mfn frame = new(_cursor);
            ref FrameInfo info = ref memory.Frames[frame];
            _cursor = info.Next;
            if (TryTakeAllocated(ref info))
                memory.Types.PutReference(frame);
            else if ((info.Count & FrameBits.OwnerMask) != 0 && unchecked((uint)info.Count) == 0)
                memory.Types.FreeLeftover(frame);
            budget.Step();
        }
        return XenError.None;
    }
}
