using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Pools;

/// <summary>
/// Makes objects of one class after boot, when `new` is a trap everywhere else. The pool grows by frames of the page allocator, which stay its own: what is given back is constructed anew in the
/// same place when the next is wanted. A constructor therefore makes the same objects in the same order each time, whatever its arguments (see <see cref="ObjectMemory"/>).
/// </summary>
/// <remarks>
/// `using (Construction making = pool.Begin(memory)) { if (making.IsPossible) thing = making.Finish(new Thing(...)); }`. All pools share one lock, since one CPU at a time can
/// construct. A trap on the way is undone by the ledger: the place is kept for the next.
/// </remarks>
public sealed class ObjectPool : Undoable
{
    /// <summary>The most that the objects of one construction can take: 16 frames, which have to follow each other.</summary>
    private const int LargestOrder = 4;

    private readonly SpinLock _lock;
    private Pooled? _free;
    private Mfn _spare = Mfn.Invalid;

    // The construction that is under way.
    private Mfn _block = Mfn.Invalid;
    private uint _pages;
    private uint _generation;
    private bool _isDone;

    internal ObjectPool(SpinLock constructing) => _lock = constructing;

    /// <summary>Frames that each object takes, once the first has been made.</summary>
    public uint PagesPerObject { get; private set; }

    /// <summary>Objects that there is memory for, in use or not.</summary>
    public uint Capacity { get; private set; }

    /// <summary>How many of those are not in use.</summary>
    public uint FreeCount { get; private set; }

    /// <summary>Opens the door for the constructor of one object.</summary>
    public Construction Begin(MachineMemory memory)
    {
        SpinLock.Scope held = _lock.Enter();
        if (!TryFindPlace(memory))
        {
            held.Dispose();
            return default;
        }
        _isDone = false;
        ObjectMemory.Open(_block, _pages);
        return new Construction(this, held, PerCpu.Ledger.Enter(this, 0));
    }

    /// <summary>Takes back an object that nobody refers to any more. One that no pool made is left alone.</summary>
    public void Return(Pooled dead)
    {
        if (dead.Block.IsInvalid)
            return;
        using (_lock.Enter())
        {
            dead.NextFree = _free;
            _free = dead;
            FreeCount++;
        }
    }

    /// <inheritdoc/>
    public override void Undo(ulong argument)
    {
        ObjectMemory.Close();
        _spare = _block;
    }

    /// <summary>Names the object that was constructed.</summary>
    internal void Finish(Pooled made)
    {
        made.Block = _block;
        made.Generation = _generation;
        made.NextFree = null;
        _isDone = true;
    }

    internal void End(MachineMemory memory, int ledger)
    {
        uint used = (uint)ObjectMemory.Close();
        PerCpu.Ledger.Strike(ledger);
        if (!_isDone)
        {
            _spare = _block;
            return;
        }
        // The first of all shows how much each needs.
        while (_pages > used)
            memory.Allocator.Free(_block.Plus(--_pages), 0);
        PagesPerObject = _pages;
    }

    private bool TryFindPlace(MachineMemory memory)
    {
        if (!_spare.IsInvalid)
        {
            _block = _spare;
            _spare = Mfn.Invalid;
            return true;
        }
        if (_free is Pooled dead)
        {
            _free = dead.NextFree;
            FreeCount--;
            _block = dead.Block;
            _pages = PagesPerObject;
            _generation = unchecked(dead.Generation + 1);
            return true;
        }
        _pages = PagesPerObject != 0 ? PagesPerObject : 1u << LargestOrder;
        _generation = 1;
        if (!ContiguousFrames.TryAllocateZeroed(memory.Allocator, _pages, out _block))
            return false;
        Capacity++;
        return true;
    }
}

/// <summary>The time during which one object is constructed.</summary>
public readonly ref struct Construction
{
    private readonly ObjectPool? _pool;
    private readonly SpinLock.Scope _lock;
    private readonly int _ledger;

    internal Construction(ObjectPool pool, SpinLock.Scope held, int ledger)
    {
        _pool = pool;
        _lock = held;
        _ledger = ledger;
    }

    /// <summary>False if there is no memory: then nothing may be constructed.</summary>
    public bool IsPossible => _pool is not null;

    /// <summary>Hands the object that was constructed to its user.</summary>
    public T Finish<T>(T made) where T : Pooled
    {
        _pool?.Finish(made);
        return made;
    }

    /// <summary>Shuts the door, unless a trap has done so already.</summary>
    public void Dispose()
    {
        if (_pool is null || PerCpu.Ledger.Trapped)
            return;
        _pool.End(Host.Current.Memory, _ledger);
        _lock.Dispose();
    }
}

/// <summary>The pools of the host.</summary>
public sealed class ObjectPools
{
    private readonly SpinLock _lock = new(LockRank.ObjectPools);

    /// <summary>All empty.</summary>
    public ObjectPools()
    {
        Domains = new ObjectPool(_lock);
        Vcpus = new ObjectPool(_lock);
        SchedulingDomains = new ObjectPool(_lock);
        SchedulingUnits = new ObjectPool(_lock);
        DomainTableParts = new ObjectPool(_lock);
    }

    /// <summary>Domains, each with all that its constructor makes.</summary>
    public ObjectPool Domains { get; }

    /// <summary>vCPUs, likewise.</summary>
    public ObjectPool Vcpus { get; }

    /// <summary>What the scheduler keeps for domains.</summary>
    public ObjectPool SchedulingDomains { get; }

    /// <summary>What the scheduler keeps for vCPUs.</summary>
    public ObjectPool SchedulingUnits { get; }

    /// <summary>Parts of the table of domains.</summary>
    internal ObjectPool DomainTableParts { get; }
}
