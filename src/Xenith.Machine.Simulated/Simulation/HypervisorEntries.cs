// What native/entry.S does around the hypervisor's entry points, for one CPU of the simulation: fill the frame, call, contain a
// trap of the hypervisor's own, go the way out. A test connects the entry points (the hosted hypervisor's exported methods) and is
// then the guest.

using System;

namespace Xenith.Machine.Simulation;

/// <summary>An entry point that gets the frame: guest traps, interrupts, the way out.</summary>
public delegate void FrameEntry(ref GuestFrame frame);

/// <summary>The entry point of hypercalls; returns what the guest finds in RAX.</summary>
public delegate long HypercallEntry(ulong a1, ulong a2, ulong a3, ulong a4, ulong a5, ulong number);

/// <summary>The entry point of traps in the hypervisor itself: 1 if the CPU may go on.</summary>
public delegate byte OwnTrapEntry(ref GuestFrame frame);

/// <summary>The hypervisor's ways in.</summary>
public sealed class HypervisorEntries
{
    public HypercallEntry? Hypercall { get; set; }

    public FrameEntry? GuestTrap { get; set; }

    public FrameEntry? Interrupt { get; set; }

    /// <summary>The slow way out: the scheduler, and events for the guest.</summary>
    public FrameEntry? Leave { get; set; }

    public OwnTrapEntry? OwnTrap { get; set; }

    /// <summary>What every CPU but the first calls when it starts.</summary>
    public Action? SecondaryMain { get; set; }

    /// <summary>An NMI, wherever the CPU was.</summary>
    public FrameEntry? Nmi { get; set; }

    /// <summary>What follows the HLT of a CPU that idles, up to the next choice. A CPU of the simulation leaves its idle loop when it falls asleep, so this stands for the rest of the loop's turn.</summary>
    public FrameEntry? Woken { get; set; }
}

public sealed partial class SimulatedCpu
{
    /// <summary>The trap of the hypervisor that was contained last, if any.</summary>
    public Exception? ContainedTrap { get; private set; }

    /// <summary>True while the hypervisor serves an entry on this CPU: then interrupts nest, if they may.</summary>
    public bool IsInHypervisor { get; private set; }

    /// <summary>True while a hypercall or an exception of a guest is served, but not in an interrupt handler meanwhile, nor on the way out after it.</summary>
    public bool IsServingGuest { get; private set; }

    /// <summary>True while the CPU has nothing to do: it fell asleep on the way out.</summary>
    public bool IsAsleep { get; private set; }

    /// <summary>A broken CPU: no start-up interrupt starts it.</summary>
    public bool NeverStarts { get; set; }

    /// <summary>True between an INIT and the start-up interrupt.</summary>
    public bool AwaitsStart { get; private set; }

    /// <summary>True once the CPU has stopped: for good, or until it is reset.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>An NMI that the CPU has not taken yet.</summary>
    public bool NmiIsPending { get; internal set; }

    /// <summary>SYSCALL from the guest kernel: calls the hypervisor and goes the way out. Returns the guest's RAX.</summary>
    public long Hypercall(ulong number, ulong a1 = 0, ulong a2 = 0, ulong a3 = 0, ulong a4 = 0, ulong a5 = 0)
    {
        HypercallEntry entry = Machine.Entries.Hypercall ?? throw new InvalidOperationException("no hypercall entry is connected");
        (Frame.Rdi, Frame.Rsi, Frame.Rdx, Frame.R10, Frame.R8) = (a1, a2, a3, a4, a5);
        Frame.Rax = number;
        Frame.Rcx = Frame.Rip;
        Frame.R11 = Frame.Rflags;
        (Frame.Cs, Frame.Ss) = (Selectors.Ring3Code64, Selectors.Ring3Data);
        (Frame.Vector, Frame.Error) = (EntryVector.Hypercall, 0);
        SetInterrupts(true);
        TryServeGuest(() => Frame.Rax = unchecked((ulong)entry(a1, a2, a3, a4, a5, number)));
        InterruptsEnabled = false;
        WayOut = 0;
        GoOut();
        return unchecked((long)Frame.Rax);
    }

    /// <summary>An exception in the guest: calls the hypervisor and goes the way out.</summary>
    public void GuestTrap(int vector, uint error = 0)
    {
        FrameEntry entry = Machine.Entries.GuestTrap ?? throw new InvalidOperationException("no trap entry is connected");
        (Frame.Vector, Frame.Error) = ((ulong)vector, error);
        if ((Frame.Cs & 3) == 0)
            (Frame.Cs, Frame.Ss) = (Selectors.Ring3Code64, Selectors.Ring3Data);
        TryServeGuest(() => entry(ref Frame));
        InterruptsEnabled = false;
        GoOut();
    }

    /// <summary>
    /// Runs the boot code until it goes to the scheduler, then goes the way out: afterwards <see cref="Frame"/> holds the registers with which the
    /// first guest starts.
    /// </summary>
    public void Boot(Action main)
    {
        IsInHypervisor = true;
        try
        {
            main();
            throw new InvalidOperationException("the boot code came back");
        }
        catch (SchedulingStarted)
        {
            IsInHypervisor = false;
            GoOut();
        }
    }

    /// <summary>The CPU gets on: it takes what interrupts it, and if it slept and something was noted meanwhile, it goes the way out again.</summary>
    public void Step()
    {
        using (Enter())
        {
            TakeInterruptsAnywhere();
            GetUp();
        }
    }

    /// <summary>A CPU that sleeps while something was noted for it goes the way out again: there it finds what it has to do.</summary>
    internal void GetUp()
    {
        if (IsStopped || !IsAsleep || Work == 0)
            return;
        if ((Work & PendingWork.Unload) != 0 && Machine.Entries.Woken is { } woken)
            TryServe(() => woken(ref Frame));
        PerCpu.RaiseWork(PendingWork.Schedule);
        GoOut();
    }

    /// <summary>INIT: what ran here is forgotten, and the CPU waits for its start.</summary>
    internal void Reset()
    {
        AwaitsStart = true;
        IsInHypervisor = IsAsleep = IsStopped = false;
        InterruptsEnabled = false;
        Tlb.FlushAll();
    }

    /// <summary>The start-up interrupt: the CPU runs the hypervisor's entry up to the scheduler, and falls asleep there if nothing waits for it.</summary>
    internal void Start(Action main)
    {
        AwaitsStart = false;
        using (Enter())
        {
            WriteCr3(Machine.Layout.RootTable.Address);
            Boot(main);
        }
    }

    private void TakeNmi()
    {
        if (!NmiIsPending || Machine.Entries.Nmi is not { } entry)
            return;
        NmiIsPending = false;
        var frame = new GuestFrame { Vector = ExceptionVector.Nmi, Cs = IsInHypervisor || IsAsleep ? Selectors.HypervisorCode : Selectors.Ring3Code64 };
        try
        {
            entry(ref frame);
        }
        catch (CpuStopped)
        {
            IsStopped = true;
        }
    }

    /// <summary>The guest waits: time runs to the next interrupt for this CPU, which is then handled.</summary>
    public void InterruptGuest()
    {
        if (!LocalApic.HasDeliverable && Machine.Clock.Next is { } next)
            Machine.Clock.Advance(next > Machine.Clock.Now ? next - Machine.Clock.Now : 0);
        FrameEntry entry = Machine.Entries.Interrupt ?? throw new InvalidOperationException("no interrupt entry is connected");
        while (LocalApic.TryAccept(out byte vector))
        {
            (Frame.Vector, Frame.Error) = (vector, 0);
            TryServe(() => entry(ref Frame));
            InterruptsEnabled = false;
            GoOut();
        }
    }

    /// <summary>
    /// Runs code of the hypervisor as an entry does. False if it trapped: scopes were not closed, as on the metal, but undone from the
    /// ledger by the hypervisor's own handler, or by this method if there is none.
    /// </summary>
    public bool TryServe(Action body)
    {
        bool wasIn = IsInHypervisor;
        IsInHypervisor = true;
        try
        {
            body();
            return true;
        }
        catch (Exception trap) when (BeginTrap(trap))
        {
            EndTrap(trap);
            return false;
        }
        finally
        {
            IsInHypervisor = wasIn;
        }
    }

    private void TryServeGuest(Action body)
    {
        IsServingGuest = true;
        try
        {
            TryServe(body);
        }
        finally
        {
            IsServingGuest = false;
        }
    }

    /// <summary>Runs before any `using` of the trapped code is left: from now on Dispose does nothing.</summary>
    private bool BeginTrap(Exception trap)
    {
        if (trap is CpuStopped or SchedulingStarted or SleepsForEver or FallsAsleep)
            return false;
        InterruptsEnabled = false;
        IsServingGuest = false;
        Ledger.Trapped = true;
        return true;
    }

    private void EndTrap(Exception trap)
    {
        ContainedTrap = trap;
        var frame = new GuestFrame { Vector = Vector(trap), Cs = Selectors.HypervisorCode, Rflags = Rflags.AlwaysOne };
        if (Machine.Entries.OwnTrap is not { } handler)
            Ledger.UndoAll();
        else if (handler(ref frame) == 0)
            throw new InvalidOperationException("the hypervisor did not contain its trap", trap);
        Ledger.Trapped = false;
    }

    private static ulong Vector(Exception trap) => trap switch
    {
        DivideByZeroException => ExceptionVector.DivideError,
        NullReferenceException or BusError => ExceptionVector.PageFault,
        SimulatedFault fault => (ulong)fault.Vector,
        _ => ExceptionVector.InvalidOpcode,
    };

    /// <summary>The common way out to the guest: as long as there is a reason, the slow way.</summary>
    private void GoOut()
    {
        IsAsleep = false;
        try
        {
            GoOutAwake();
        }
        catch (FallsAsleep)
        {
            IsAsleep = true;
            InterruptsEnabled = false;
        }
        catch (CpuStopped) when (Id != 0)
        {
            // The test's thread is CPU 0 and goes on; this one has left, or has ended the host.
            IsStopped = true;
        }
    }

    private void GoOutAwake()
    {
        for (int turns = 0; Work != 0 || UpcallIsDue; turns++)
        {
            if (Machine.Entries.Leave is not { } leave)
                break;
            if (turns > 1000)
                throw new InvalidOperationException($"the way out does not end: work 0x{Work:x}");
            TryServe(() => leave(ref Frame));
            InterruptsEnabled = false;
        }

        Work = 0;
        WayOut = 0;
    }

    private bool UpcallIsDue => VcpuInfo.Exists && VcpuInfo.Load8(0) != 0 && VcpuInfo.Load8(1) == 0;
}
