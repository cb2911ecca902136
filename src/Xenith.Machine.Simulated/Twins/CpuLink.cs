// Records of other CPUs of the simulated machine.

using System.Threading;
using Xenith.Machine.Simulation;

namespace Xenith.Machine;

/// <summary>The record of some CPU as the others may use it: only its reasons for the slow way out.</summary>
public readonly struct CpuLink
{
    private readonly SimulatedCpu? _cpu;

    private CpuLink(SimulatedCpu cpu) => _cpu = cpu;

    /// <summary>The record of the CPU that runs this.</summary>
    public static CpuLink Own => new(SimulatedCpu.Current);

    /// <summary>The record of a CPU by number.</summary>
    public static CpuLink Of(uint cpu) => new(SimulatedCpu.Current.Machine.RecordOf(cpu));

    /// <summary>False for a default value.</summary>
    public bool Exists => _cpu is not null;

    /// <summary>The CPU's reasons for the slow way out, see <see cref="PendingWork"/>.</summary>
    public uint Work => Volatile.Read(ref _cpu!.Work);

    /// <summary>Adds reasons; returns those that were set before.</summary>
    public uint RaiseWork(uint bits) => Interlocked.Or(ref _cpu!.Work, bits);
}
