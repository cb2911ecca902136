using System.Threading;
using Xenith.Machine;

namespace Xenith.Hypervisor.Time;

/// <summary>
/// System time is the TSC, scaled; so it is the same on all CPUs only if their TSCs are. When a CPU has started, it and the one that started it read theirs in turn for a while: if one
/// of them ever sees less than what the other has just seen, the counters differ by at least that.
/// </summary>
internal sealed class TscCheck : CpuCall
{
    private const int Turns = 500;

    private int _held;
    private ulong _last;
    private ulong _warp;

    /// <summary>The largest step back that was seen on any CPU, in ticks; 0 if all agree.</summary>
    internal ulong LargestWarp => _warp;

    /// <summary>How often two CPUs were compared.</summary>
    internal uint Comparisons { get; private set; }

    /// <summary>Compares the TSC of this CPU with another's, which is online; says so in the log if it steps back.</summary>
    internal void Compare(Host host, uint cpu)
    {
        ulong before = _warp;
        Comparisons++;
        _last = 0;
        CpuSet both = CpuSet.Of(PerCpu.Id);
        both.Add(cpu);
        host.CpuCalls.Run(both, this);
        if (_warp > before)
            host.Log.Warning($"TSC warp detected: that of CPU {cpu} differs from that of CPU {PerCpu.Id} by {_warp} ticks or more; system time is not the same on both");
    }

    /// <inheritdoc/>
    public override void Run()
    {
        for (int i = 0; i < Turns; i++)
        {
            while (Interlocked.CompareExchange(ref _held, 1, 0) != 0)
                Cpu.Pause();
            ulong last = _last;
            // CPUID waits for what comes before it, which reading the TSC alone does not (SDM vol. 2, RDTSC).
            Cpu.Cpuid(0);
            ulong now = Cpu.ReadTsc();
            _last = now;
            if (now < last && last - now > _warp)
                _warp = last - now;
            Volatile.Write(ref _held, 0);
        }
    }
}
