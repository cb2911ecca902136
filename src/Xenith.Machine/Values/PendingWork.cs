namespace Xenith.Machine;

/// <summary>Reasons for the slow way out to a guest, as bits of <see cref="PerCpu.Work"/>.</summary>
public static class PendingWork
{
    /// <summary>The scheduler has to choose anew.</summary>
    public const uint Schedule = 1 << 0;

    /// <summary>Timers are due.</summary>
    public const uint Timer = 1 << 1;

    /// <summary>Something else was noted by an interrupt handler: console input, deferred calls.</summary>
    public const uint Deferred = 1 << 2;

    /// <summary>Another CPU wants the state of the vCPU that this CPU holds while it idles.</summary>
    public const uint Unload = 1 << 3;
}

/// <summary>How the hypercall that this CPU serves is to be left, as bits of <see cref="PerCpu.WayOut"/>. Only the CPU itself sets them, and not in interrupt handlers, so no locked operation is needed.</summary>
public static class WayOut
{
    /// <summary>All registers of the guest's frame were set by the handler, return by IRETQ.</summary>
    public const uint FullFrame = 1 << 0;

    /// <summary>By IRETQ, with the registers that a hypercall leaves.</summary>
    public const uint Slow = 1 << 1;
}
