using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Memory;

/// <summary>
/// How long a piece of work goes on: at least one step, so that every call gets further, and then until something else waits for the CPU.
/// Work that nobody can interrupt (while booting) has no end.
/// </summary>
internal struct StepBudget
{
    private readonly Vcpu? _vcpu;
    private bool _started;

    /// <summary>A budget for work that a vCPU asked for.</summary>
    internal StepBudget(Vcpu? vcpu)
    {
        _vcpu = vcpu;
        _started = false;
    }

    /// <summary>A budget for work on behalf of whatever this CPU serves.</summary>
    internal static StepBudget ForCaller() => new(Pcpu.Current.Loaded);

    /// <summary>Asked before each step: true if it has to wait for another call.</summary>
    internal readonly bool IsSpent => _started && _vcpu is not null && Pcpu.Current.ShouldPreempt;

    /// <summary>Says that a step is complete.</summary>
    internal void Step() => _started = true;

    /// <summary>Where demotions that stop half-way are noted, if anywhere.</summary>
    internal readonly UnfinishedTables? Unfinished => _vcpu?.Pv.Unfinished;
}

/// <summary>
/// Page tables whose demotion a vCPU began and has to finish: one for each level at most, because lower levels are finished first. Only a note: what is to be done stands
/// in the frame itself, and whoever comes first may do it.
/// </summary>
public sealed class UnfinishedTables
{
    private ulong _l1, _l2, _l3, _l4;

    /// <summary>True if there is anything.</summary>
    internal bool Any => (_l1 | _l2 | _l3 | _l4) != 0;

    /// <summary>Notes a table, with its owner so that a frame that has changed hands since is left alone.</summary>
    internal void Note(int level, Mfn table, uint owner) => At(level) = table.Value << 16 | owner;

    /// <summary>Takes the note of a level.</summary>
    internal bool TryTake(int level, out Mfn table, out uint owner)
    {
        ulong note = At(level);
        At(level) = 0;
        table = new Mfn(note >> 16);
        owner = (uint)(note & 0xffff);
        return note != 0;
    }

    private ref ulong At(int level)
    {
        switch (level)
        {
            case 1:
                return ref _l1;
            case 2:
                return ref _l2;
            case 3:
                return ref _l3;
            default:
                return ref _l4;
        }
    }
}
