using System;
using System.Diagnostics;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor;

/// <summary>How a lock has been taken.</summary>
[Flags]
internal enum LockUse : byte
{
    /// <summary>Not yet.</summary>
    None = 0,

    /// <summary>By an interrupt handler.</summary>
    InHandler = 1,

    /// <summary>While interrupts could come.</summary>
    InterruptsOn = 2,
}

/// <summary>
/// What keeps locks from deadlock, checked each time one is taken: their ranks ascend; what an interrupt handler takes, nobody holds while interrupts are on; and who waits for another
/// CPU holds nothing that a handler wants. The CPU's ledger says what is held, so there are no other books.
/// </summary>
/// <remarks>
/// Compiled in where XENITH_CHECKS is defined: in the hosted build always, in the image with `-p:XenithChecks=true`. The order is checked, not the collision, so one CPU is
/// enough to find what would stop two. A violation traps: the backtrace names both sides.
/// </remarks>
internal static class LockOrder
{
    /// <summary>Called before a lock is taken, with interrupts as they will be while it is held.</summary>
    [Conditional("XENITH_CHECKS")]
    internal static void Check(SpinLock wanted)
    {
        Ledger ledger = PerCpu.Ledger;
        for (int i = 0; i < ledger.Depth; i++)
        {
            if (ledger.ItemAt(i) is SpinLock held && held.Rank >= wanted.Rank)
                Violation(held, $"Lock order: rank {(uint)wanted.Rank} is wanted while rank {(uint)held.Rank} is held");
        }
        if (PerCpu.Context<object>() is Pcpu { IsInHandler: true })
            wanted.Uses |= LockUse.InHandler;
        else if (Cpu.InterruptsEnabled)
            wanted.Uses |= LockUse.InterruptsOn;
        if (wanted.Uses == (LockUse.InHandler | LockUse.InterruptsOn))
            Violation(wanted, $"Lock order: a lock of rank {(uint)wanted.Rank} is taken by handlers and while they can come");
    }

    /// <summary>Called before this CPU waits for another: for a flush of its TLB, say.</summary>
    [Conditional("XENITH_CHECKS")]
    internal static void CheckWait()
    {
        Ledger ledger = PerCpu.Ledger;
        for (int i = 0; i < ledger.Depth; i++)
        {
            if (ledger.ItemAt(i) is SpinLock held && (held.Uses & LockUse.InHandler) != 0)
                Violation(held, $"Lock order: a CPU waits for another and holds rank {(uint)held.Rank}, which handlers take");
        }
    }

    private static void Violation(SpinLock about, Console.LogText what)
    {
        // What holds the console cannot use it to complain.
        if (PerCpu.Context<object>() is Pcpu cpu && about.Rank != LockRank.Console)
            cpu.Host.Log.Error(what);
        Invariant.Broken();
    }
}
