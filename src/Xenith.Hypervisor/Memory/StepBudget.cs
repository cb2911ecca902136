using System.Runtime.CompilerServices;
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
    internal readonly bool IsSpent
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _started && (PerCpu.Work & Pcpu.Interruptions) != 0 && _vcpu is not null;
    }

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
    private Notes _notes;
    private uint _levels;

    /// <summary>True if there is anything.</summary>
    internal bool Any => _levels != 0;

    /// <summary>Notes a table, with its owner so that a frame that has changed hands since is left alone.</summary>
    internal void Note(int level, Mfn table, uint owner)
    {
        _notes[level] = table.Value << 16 | owner;
        _levels |= 1u << level;
    }

    /// <summary>Takes the note of a level.</summary>
    internal bool TryTake(int level, out Mfn table, out uint owner)
    {
        ulong note = _notes[level];
        bool any = (_levels >> level & 1) != 0;
        _levels &= ~(1u << level);
        table = new Mfn(note >> 16);
        owner = (uint)(note & 0xffff);
        return any;
    }

    /// <summary>One note for each level from 1 to 4.</summary>
    [InlineArray(5)]
    private struct Notes
    {
        private ulong _first;
    }
}
