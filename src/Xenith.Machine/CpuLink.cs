using System.Threading;

namespace Xenith.Machine;

/// <summary>
/// The record of some CPU as the others may use it: only its reasons for the slow way out, which are changed by atomic operations. All else in the record is the
/// business of its own CPU.
/// </summary>
public readonly unsafe struct CpuLink
{
    private readonly PerCpu.Record* _record;

    private CpuLink(PerCpu.Record* record) => _record = record;

    /// <summary>The record of the CPU that runs this.</summary>
    public static CpuLink Own => new(PerCpu.Current);

    /// <summary>The record of a CPU by number. Its block must be mapped.</summary>
    public static CpuLink Of(uint cpu) => new((PerCpu.Record*)SecondaryCpus.BlockOf(cpu));

    /// <summary>False for a default value.</summary>
    public bool Exists => _record != null;

    /// <summary>The CPU's reasons for the slow way out, see <see cref="PendingWork"/>.</summary>
    public uint Work => Volatile.Read(ref _record->Work);

    /// <summary>Adds reasons; returns those that were set before.</summary>
    public uint RaiseWork(uint bits) => Interlocked.Or(ref _record->Work, bits);
}
