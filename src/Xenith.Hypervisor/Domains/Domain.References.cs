using System.Threading;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Domains;

/// <summary>How far the end of a domain has come.</summary>
public enum DomainState
{
    /// <summary>It has not been destroyed, though it may have shut down.</summary>
    Alive,

    /// <summary>What it has is being taken from it.</summary>
    Dying,

    /// <summary>All that can be taken has been; it is there for those who still refer to it, to pages of it most of all.</summary>
    Dead,
}

/// <summary>The steps of a domain's end, in their order.</summary>
internal enum TeardownStep
{
    Stop,
    LeaveCpus,
    CloseEvents,
    UnmapInterrupts,
    ReturnGrants,
    BeginGrace,
    AwaitGrace,
    ReleaseVcpus,
    EndSharing,
    RelinquishPages,
    Bury,
    Done,
}

/// <summary>
/// Who keeps a domain: the table until it has been destroyed, each of its pages, and whoever holds it for a moment. With the last of them it goes to the reaper, which takes it from the table
/// and, when no CPU can have it in its hands any more, back to its pool.
/// </summary>
public sealed partial class Domain
{
    private int _references;
    private int _state;
    private int _inTeardown;

    /// <summary>Alive, dying or dead.</summary>
    public DomainState State
    {
        get => (DomainState)Volatile.Read(ref _state);
        internal set => Volatile.Write(ref _state, (int)value);
    }

    /// <summary>How far <see cref="DomainLife.Destroy"/> has come.</summary>
    internal TeardownStep Teardown { get; set; }

    /// <summary>The first vCPU that still has to give back what it holds.</summary>
    internal int TeardownVcpu { get; set; }

    /// <summary>Where the search for grants that a suspect domain uses goes on: domain and part of its table.</summary>
    internal uint SweptDomain { get; set; }
    internal uint SweptPart { get; set; }

    /// <summary>The grace period that its end waits for.</summary>
    internal ulong TeardownTicket { get; set; }

    /// <summary>References in force; 0 for a domain that is in no table yet, or about to leave it.</summary>
    internal int References => Volatile.Read(ref _references);

    /// <summary>The table's own reference, with which a domain begins.</summary>
    internal void Publish() => Volatile.Write(ref _references, 1);

    /// <summary>One CPU at a time takes a domain apart. False if another does.</summary>
    internal bool TryBeginTeardown() => Interlocked.Exchange(ref _inTeardown, 1) == 0;

    /// <summary>Ends what <see cref="TryBeginTeardown"/> began.</summary>
    internal void EndTeardown() => Volatile.Write(ref _inTeardown, 0);

    /// <summary>Takes a reference unless there is none any more.</summary>
    internal bool TryGet()
    {
        int seen = Volatile.Read(ref _references);
        while (seen > 0)
        {
            int found = Interlocked.CompareExchange(ref _references, unchecked(seen + 1), seen);
            if (found == seen)
                return true;
            seen = found;
        }
        return false;
    }

    /// <summary>Gives a reference back.</summary>
    internal void Put()
    {
        int left = Interlocked.Decrement(ref _references);
        Invariant.Holds(left >= 0);
        if (left == 0)
            Host.Current.Reaper.Take(this);
    }
}

/// <summary>A domain by its id and by which domain of that id it is: what can be kept without keeping the domain.</summary>
public readonly struct DomainHandle(ushort id, uint generation)
{
    /// <summary>Domain id.</summary>
    public ushort Id => id;

    /// <summary>Which life of its place in the pool the domain is.</summary>
    public uint Generation => generation;

    /// <summary>True for a handle of the same domain.</summary>
    public bool Equals(DomainHandle other) => id == other.Id && generation == other.Generation;
}

/// <summary>A reference to a domain for as long as the scope lives. Only for what outlasts a call: within one, <see cref="DomainTable.Find"/> is enough.</summary>
public readonly ref struct DomainScope
{
    private readonly Domain? _domain;
    private readonly int _ledger;

    internal DomainScope(Domain domain, int ledger)
    {
        _domain = domain;
        _ledger = ledger;
    }

    /// <summary>The domain, or null if there is none such.</summary>
    public Domain? Domain => _domain;

    /// <summary>Gives the reference back, unless a trap has done so already.</summary>
    public void Dispose()
    {
        if (_domain is null || PerCpu.Ledger.Trapped)
            return;
        PerCpu.Ledger.Strike(_ledger);
        _domain.Put();
    }
}
