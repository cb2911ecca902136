using System.Threading;
using Xenith.Abi;
using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Pools;
using Xenith.Machine;

namespace Xenith.Hypervisor.Domains;

/// <summary>
/// All domains by id, dying and dead ones too. Changes are made under a lock, looking takes none: a domain that was found stays what it is until the CPU that found it leaves to a guest or idles
/// (see <see cref="DomainReaper"/>). The table grows by parts that are made when somebody has an id in them.
/// </summary>
public sealed class DomainTable : Undoable
{
    private const int PartBits = 9;
    private const uint PartSize = 1u << PartBits;

    private readonly SpinLock _lock = new(LockRank.DomainTable);
    private readonly Domain?[] _first = new Domain?[PartSize];
    private readonly Part?[] _more = new Part?[DomainIds.FirstReserved / PartSize + 1];
    private uint _end;

    /// <summary>Ids from here on are free.</summary>
    public uint End => Volatile.Read(ref _end);

    /// <summary>Domains in the table.</summary>
    public uint Count { get; private set; }

    /// <summary>The domain with an id, or null. It is the caller's to use until the end of what its CPU does now.</summary>
    public Domain? Find(ulong id) => id < PartSize ? _first[(int)id] : FindFar(id);

    /// <summary>Holds the domain with an id, if there is one that is not about to go.</summary>
    public DomainScope Hold(ulong id)
    {
        if (Find(id) is not Domain found || !found.TryGet())
            return default;
        return new DomainScope(found, PerCpu.Ledger.Enter(this, id));
    }

    /// <summary>The same for one particular domain: not for another that has its id now.</summary>
    public DomainScope Hold(DomainHandle handle)
    {
        DomainScope held = Hold(handle.Id);
        if (held.Domain is null || held.Domain.Handle.Equals(handle))
            return held;
        held.Dispose();
        return default;
    }

    /// <summary>Enters a new domain under its id. False if the id is another's or out of range, or if there is no memory for the table.</summary>
    public bool Add(Domain domain)
    {
        using (_lock.Enter())
        {
            if (!TryGetPlace(domain.Id) || Find(domain.Id) is not null)
                return false;
            domain.Publish();
            Store(domain.Id, domain);
            Count++;
            if (domain.Id >= _end)
                Volatile.Write(ref _end, domain.Id + 1u);
            return true;
        }
    }

    /// <summary>Takes a domain out; its id is free.</summary>
    internal void Remove(Domain domain)
    {
        using (_lock.Enter())
        {
            Invariant.Holds(Find(domain.Id) == domain);
            Store(domain.Id, null);
            Count--;
            uint end = _end;
            while (end > 0 && Find(end - 1) is null)
                end--;
            Volatile.Write(ref _end, end);
        }
    }

    /// <summary>Gives a reference back that a trap left. The domain is still in the table: the reference kept it.</summary>
    public override void Undo(ulong argument) => Find(argument)?.Put();

    private Domain? FindFar(ulong id) => id < DomainIds.FirstReserved ? _more[(int)(id >> PartBits)]?.Domains[(int)(id % PartSize)] : null;

    private bool TryGetPlace(ushort id)
    {
        if (id >= DomainIds.FirstReserved)
            return false;
        if (id < PartSize || _more[id >> PartBits] is not null)
            return true;
        Host host = Host.Current;
        using Construction making = host.Pools.DomainTableParts.Begin(host.Memory);
        if (!making.IsPossible)
            return false;
        _more[id >> PartBits] = making.Finish(new Part());
        return true;
    }

    private void Store(ushort id, Domain? domain)
    {
        if (id < PartSize)
            Volatile.Write(ref _first[id], domain);
        else if (_more[id >> PartBits] is Part part)
            Volatile.Write(ref part.Domains[(int)(id % PartSize)], domain);
    }

    /// <summary>The places of some ids that follow each other.</summary>
    private sealed class Part : Pooled
    {
        internal readonly Domain?[] Domains = new Domain?[PartSize];
    }
}
