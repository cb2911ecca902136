#nullable enable
using System.Runtime.CompilerServices;

namespace Xenith.Machine;

/// <summary>Something that a trap must give back: a lock, a reference, a mapping.</summary>
public abstract class Undoable
{
    /// <summary>Gives back what was taken with the same argument. Runs with interrupts off, newest entry first, and cannot trap.</summary>
    public abstract void Undo(ulong argument);
}

/// <summary>
/// What the code that runs on one CPU holds at this moment. `Dispose` does not run when a trap ends a call, so every scope enters
/// itself here and strikes itself out; the trap handler undoes what is left. Fixed size: a scope nests at most this deep.
/// </summary>
public sealed class Ledger
{
    private const int Capacity = 32;

    // An array of structures: a store into an array of objects would be checked for its type at run time, and one of a reference noted for a collector that there is not.
    private readonly Slot[] _slots = new Slot[Capacity];
    private int _depth;
    private int _holes;
    private int _total;
    private bool _trapped;

    /// <summary>Entries in force.</summary>
    public int Depth => _depth;

    /// <summary>Entries made since the start; fault injection counts with it.</summary>
    public int Total => _total;

    /// <summary>Set from a trap until it is undone: hosted, every `Dispose` does nothing then, as on the metal.</summary>
    public bool Trapped
    {
        get => TrapModel.RunsDispose && _trapped;
        set => _trapped = value;
    }

    /// <summary>What was entered at an index below <see cref="Depth"/>; null if it has been struck out.</summary>
    public Undoable? ItemAt(int index) => _slots[index].Item.Value;

    /// <summary>Enters an item; returns its index for <see cref="Strike"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Enter(Undoable item, ulong argument)
    {
        int at = _depth;
        ref Slot slot = ref _slots[at];
        slot.Item = new HeapReference<Undoable>(item);
        slot.Argument = argument;
        _depth = at + 1;
        unchecked { _total++; }
        return at;
    }

    /// <summary>The argument of an entry, for a [Commit] method that takes or gives back something and notes it in the same step: so no trap lies between the two.</summary>
    public ref ulong ArgumentOf(int at) => ref _slots[at].Argument;

    /// <summary>Gives an entry another argument: for what is entered before it is known, or before it is held.</summary>
    public void Amend(int at, ulong argument) => _slots[at].Argument = argument;

    /// <summary>Strikes out an entry. Scopes nest, so it is nearly always the newest; an older one leaves a hole until those above go.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Strike(int at)
    {
        if (at == _depth - 1 && _holes == 0)
            _depth = at;
        else
            StrikeOutOfOrder(at);
    }

    /// <summary>Undoes everything that is left, newest first. Scopes in what undoes work as always.</summary>
    public void UndoAll()
    {
        Trapped = false;
        while (_depth > 0)
        {
            int at = _depth - 1;
            _depth = at;
            Undoable? item = _slots[at].Item.Value;
            if (item is not null)
                item.Undo(_slots[at].Argument);
        }
        _holes = 0;
    }

    private void StrikeOutOfOrder(int at)
    {
        _slots[at].Item = default;
        _holes++;
        int depth = _depth;
        while (depth > 0 && _slots[depth - 1].Item.Value is null)
        {
            depth--;
            _holes--;
        }
        _depth = depth;
    }

    private struct Slot
    {
        internal HeapReference<Undoable> Item;
        internal ulong Argument;
    }
}
