using System.Runtime.CompilerServices;
using System.Threading;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor;

/// <summary>The order in which locks are taken: while one is held, only a lock of a higher rank may be taken. This is the whole table.</summary>
public enum LockRank : byte
{
    /// <summary>Creation and destruction of domains, walks over all of them.</summary>
    DomainTable = 10,

    /// <summary>A domain's page-table updates that touch several tables.</summary>
    PageTables = 20,

    /// <summary>A domain's grant table.</summary>
    Grants = 40,

    /// <summary>All changes of event channels.</summary>
    EventChannels = 50,

    /// <summary>PCI functions that are known, and the mappings of their tables.</summary>
    PciDevices = 52,

    /// <summary>A domain's page list and counts. A last reference can go under any of the locks above.</summary>
    DomainPages = 55,

    /// <summary>Construction of objects after boot.</summary>
    ObjectPools = 57,

    /// <summary>The page allocator.</summary>
    PageAllocator = 60,

    /// <summary>A physical interrupt.</summary>
    Interrupts = 70,

    /// <summary>Vectors of all CPUs; the pool of bindings.</summary>
    InterruptVectors = 72,

    /// <summary>Registers of an IO-APIC.</summary>
    InterruptHardware = 74,

    /// <summary>Index and data ports: PCI configuration, CMOS.</summary>
    Ports = 75,

    /// <summary>A CPU's run queue. A second one is only tried, never waited for.</summary>
    Scheduler = 80,

    /// <summary>Credit's books: who is active, what is dealt out.</summary>
    SchedulerAccounts = 82,

    /// <summary>A domain's watchdogs.</summary>
    Watchdogs = 85,

    /// <summary>Domains that nobody refers to any more.</summary>
    DeadDomains = 87,

    /// <summary>Waiting for all CPUs to pass.</summary>
    GracePeriod = 88,

    /// <summary>A CPU's timers.</summary>
    Timers = 90,

    /// <summary>The wall clock and platform timer.</summary>
    Clock = 95,

    /// <summary>A domain's line of output.</summary>
    GuestConsole = 97,

    /// <summary>What is typed and waits for dom0.</summary>
    ConsoleInput = 98,

    /// <summary>The console.</summary>
    Console = 100,
}

/// <summary>
/// A spin lock. `using (theLock.Enter())` holds it; the scope enters itself into the CPU's ledger, so that a trap lets go of it too.
/// </summary>
public sealed class SpinLock : Undoable
{
    private readonly Undoable? _repair;
    private int _held;

    /// <summary>How the lock has been taken so far; kept only where <see cref="LockOrder"/> checks.</summary>
    internal LockUse Uses;

    /// <summary>Makes a free lock of a rank.</summary>
    public SpinLock(LockRank rank) => Rank = rank;

    /// <summary>The same for data that can be made again from what lies elsewhere: after a trap that found the lock held, <paramref name="repair"/> does so before others see them.</summary>
    public SpinLock(LockRank rank, Undoable repair)
    {
        Rank = rank;
        _repair = repair;
    }

    /// <summary>Its place in the order.</summary>
    public LockRank Rank { get; }

    /// <summary>Waits for the lock and takes it, interrupts as they are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Scope Enter()
    {
        LockOrder.Check(this);
        FaultInjection.Point();
        int owner = OwnerHere;
        int entry = PerCpu.Ledger.Enter(this, 0);
        if (Interlocked.CompareExchange(ref _held, owner, 0) != 0)
            Wait(owner);
        return new Scope(this, entry, false);
    }

    /// <summary>Takes the lock with interrupts off until the scope ends: for locks that interrupt handlers take too.</summary>
    public Scope EnterInterruptSafe()
    {
        bool enabled = Cpu.InterruptsEnabled;
        Cpu.DisableInterrupts();
        LockOrder.Check(this);
        FaultInjection.Point();
        int owner = OwnerHere;
        int entry = PerCpu.Ledger.Enter(this, 0);
        while (Interlocked.CompareExchange(ref _held, owner, 0) != 0)
        {
            // Waiting is done with interrupts as they were.
            if (enabled)
                Cpu.EnableInterrupts();
            while (Volatile.Read(ref _held) != 0)
                Spin();
            Cpu.DisableInterrupts();
        }
        return new Scope(this, entry, enabled);
    }

    /// <summary>Takes the lock if it is free: for a lock that the order forbids to wait for. Interrupts stay as they are; dispose of the scope only if this says true.</summary>
    public bool TryEnter(out Scope scope)
    {
        int owner = OwnerHere;
        int entry = PerCpu.Ledger.Enter(this, 0);
        if (Interlocked.CompareExchange(ref _held, owner, 0) != 0)
        {
            PerCpu.Ledger.Strike(entry);
            scope = default;
            return false;
        }
        scope = new Scope(this, entry, false);
        return true;
    }

    /// <inheritdoc/>
    public override void Undo(ulong argument)
    {
        // The entry is made before the lock is had, and struck out after it is let go.
        if (Volatile.Read(ref _held) != OwnerHere)
            return;
        if (_repair is Undoable repair)
            repair.Undo(0);
        Volatile.Write(ref _held, 0);
    }

    /// <summary>How a lock says that this CPU holds it.</summary>
    private static int OwnerHere => unchecked((int)PerCpu.Id + 1);

    private void Wait(int owner)
    {
        while (Interlocked.CompareExchange(ref _held, owner, 0) != 0)
            Spin();
    }

    /// <summary>The holder may wait for this CPU to flush its TLB: where the interrupt that asks for it cannot come, the request is looked for.</summary>
    private static void Spin()
    {
        if (!Cpu.InterruptsEnabled && PerCpu.Context<object>() is Pcpu cpu)
            cpu.Host.Memory.Tlb.Answer();
        Cpu.Pause();
    }

    /// <summary>The time during which the lock is held.</summary>
    public readonly ref struct Scope
    {
        private readonly SpinLock _lock;
        private readonly int _entry;
        private readonly bool _enableInterrupts;

        internal Scope(SpinLock held, int entry, bool enableInterrupts)
        {
            _lock = held;
            _entry = entry;
            _enableInterrupts = enableInterrupts;
        }

        /// <summary>Lets go of the lock, unless a trap has done so already.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Dispose()
        {
            Ledger ledger = PerCpu.Ledger;
            if (ledger.Trapped)
                return;
            FaultInjection.Point();
            Volatile.Write(ref _lock._held, 0);
            ledger.Strike(_entry);
            if (_enableInterrupts)
                Cpu.EnableInterrupts();
        }
    }
}
