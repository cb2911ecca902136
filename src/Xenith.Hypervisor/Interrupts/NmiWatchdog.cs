using System.Threading;
using Xenith.Machine;

namespace Xenith.Hypervisor.Interrupts;

/// <summary>
/// The watchdog of the hypervisor itself (`watchdog`, `watchdog_timeout`): each CPU notes every second, by a timer that runs where all deferred work runs, that it still gets on, and looks whether
/// the next one has. A CPU that has not for too long gets an NMI, which reaches it with interrupts off too; there it prints where it is, and the host panics. If it does not even take the NMI,
/// its accuser panics.
/// </summary>
internal sealed class NmiWatchdog : Time.Timer
{
    private const ulong Second = 1_000_000_000;

    private readonly Pcpu _cpu;
    private readonly ulong _timeout;

    /// <summary>When the CPU last got on; 0 while it is not to be watched.</summary>
    private ulong _alive;
    private int _accused;

    private NmiWatchdog(Pcpu cpu, ulong timeout)
    {
        _cpu = cpu;
        _timeout = timeout;
    }

    /// <summary>True once another CPU has found this one stuck: then an NMI is from it.</summary>
    internal bool IsAccused => Volatile.Read(ref _accused) != 0;

    /// <summary>Gives every CPU its watchdog, while booting. Each starts its own (<see cref="Start"/>).</summary>
    internal static void Prepare(Host host, uint seconds)
    {
        if (host.Pcpus.End < 2)
        {
            host.Log.Warning($"The watchdog needs two CPUs: it is off");
            return;
        }
        for (uint cpu = 0; cpu < host.Pcpus.End; cpu++)
        {
            if (host.Pcpus.Find(cpu) is Pcpu watched)
                watched.Watchdog = new NmiWatchdog(watched, seconds * Second);
        }
        host.Log.Info($"Watchdog: each CPU watches the next, {seconds} seconds");
    }

    /// <summary>Starts watching, on the CPU itself.</summary>
    internal void Start()
    {
        ulong now = _cpu.Host.Time.Now;
        Volatile.Write(ref _accused, 0);
        Volatile.Write(ref _alive, now);
        _cpu.Timers.Set(this, now + Second);
    }

    /// <summary>Ends watching, on the CPU itself: it goes offline.</summary>
    internal void Stop()
    {
        _cpu.Timers.Cancel(this);
        Volatile.Write(ref _alive, 0);
    }

    /// <inheritdoc/>
    public override void Expire(ulong now)
    {
        Volatile.Write(ref _alive, now);
        _cpu.Timers.Set(this, now + Second);
        if (Neighbour() is Pcpu next && next.Watchdog is NmiWatchdog other)
            other.Look(next, now);
    }

    /// <summary>Looks at another CPU, whose watchdog this is.</summary>
    private void Look(Pcpu watched, ulong now)
    {
        ulong alive = Volatile.Read(ref _alive);
        if (alive == 0 || now < alive || now - alive < _timeout)
            return;
        if (Interlocked.Exchange(ref _accused, 1) == 0)
        {
            watched.Host.Interrupts.LocalApic.SendNmi(watched.ApicId);
            return;
        }
        // A second has passed since the NMI.
        Power.Panic.Now(watched.Host.Log, $"Watchdog timer detects that CPU{watched.Id} is stuck! It does not take an NMI");
    }

    /// <summary>The online CPU after this one, the first after the last; null if there is no other.</summary>
    private Pcpu? Neighbour()
    {
        PcpuTable table = _cpu.Host.Pcpus;
        uint next = table.Online.Next(_cpu.Id + 1);
        if (next == CpuSet.Capacity)
            next = table.Online.Next(0);
        return next == _cpu.Id ? null : table.Find(next);
    }
}
