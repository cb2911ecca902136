using Xenith.Hypervisor.Domains;

namespace Xenith.Hypervisor.Interrupts;

/// <summary>
/// Which domains are bound to which physical interrupt, and under which of their numbers (PIRQ): entries of one pool for the whole host, linked into a list per interrupt.
/// </summary>
internal sealed class IrqGuests
{
    /// <summary>Bindings that the host has room for.</summary>
    private const int Capacity = 2048;

    private readonly Entry[] _entries = new Entry[Capacity];
    private readonly SpinLock _lock = new(LockRank.InterruptVectors);
    private short _free = 1;

    /// <summary>All entries are free. Entry 0 is the end of every list.</summary>
    internal IrqGuests()
    {
        for (int i = 1; i + 1 < Capacity; i++)
            _entries[i].Next = (short)(i + 1);
    }

    /// <summary>An entry of a list, from its first; the list's lock is held.</summary>
    internal ref Entry this[short index] => ref _entries[index];

    /// <summary>Makes an entry at the head of a list. False if there is none left.</summary>
    internal bool TryAdd(ref short first, Domain domain, uint pirq)
    {
        short index;
        using (_lock.EnterInterruptSafe())
        {
            index = _free;
            if (index == 0)
                return false;
            _free = _entries[index].Next;
        }
        _entries[index] = new Entry { Domain = domain.Id, Pirq = (ushort)pirq, Next = first };
        first = index;
        return true;
    }

    /// <summary>The entry of a domain in a list, or 0.</summary>
    internal short Find(short first, Domain domain)
    {
        short at = first;
        while (at != 0 && _entries[at].Domain != domain.Id)
            at = _entries[at].Next;
        return at;
    }

    /// <summary>Takes an entry out of its list.</summary>
    internal void Remove(ref short first, short index)
    {
        if (first == index)
            first = _entries[index].Next;
        else
        {
            short at = first;
            while (_entries[at].Next != index)
                at = _entries[at].Next;
            _entries[at].Next = _entries[index].Next;
        }
        using (_lock.EnterInterruptSafe())
        {
            _entries[index] = new Entry { Next = _free };
            _free = index;
        }
    }

    /// <summary>One domain's binding.</summary>
    internal struct Entry
    {
        internal ushort Domain;
        internal ushort Pirq;
        internal short Next;

        /// <summary>The domain has been told and has not said yet that it has dealt with the device.</summary>
        internal bool OwesEnd;
    }
}
