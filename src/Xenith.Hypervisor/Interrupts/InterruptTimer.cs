using Xenith.Hypervisor.Time;

namespace Xenith.Hypervisor.Interrupts;

/// <summary>A CPU's timer for what is left to do about physical interrupts: silenced ones that may speak again, old vectors of a move.</summary>
public sealed class InterruptTimer : Timer
{
    /// <summary>After a round that did not finish everything, the next follows so much later, in nanoseconds.</summary>
    private const ulong Again = 1_000_000;

    private readonly Pcpu _cpu;

    /// <summary>The timer of a CPU; it is not set.</summary>
    internal InterruptTimer(Pcpu cpu) => _cpu = cpu;

    /// <inheritdoc/>
    public override void Expire(ulong now)
    {
        // The timers of a CPU that has gone offline expire on another.
        Pcpu here = Pcpu.Current;
        if (here.Host.Interrupts.LookAfter(here, now))
            here.InterruptTimer.SetBy(now + Again);
    }

    /// <summary>Makes it expire at a moment or earlier. The CPU itself calls this; handlers may.</summary>
    internal void SetBy(ulong deadline)
    {
        if (!IsSet || Deadline > deadline)
            _cpu.Timers.Set(this, deadline);
    }
}
