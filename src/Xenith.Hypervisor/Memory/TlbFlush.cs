using System.Threading;
using Xenith.Machine;

namespace Xenith.Hypervisor.Memory;

/// <summary>
/// When each CPU last forgot all translations, against one counter of flushes. A frame is stamped with the counter when it loses a mapping; before it gets another type or
/// another owner, every CPU whose last flush is not newer than the stamp is flushed. So the common case, a frame whose mappings went long ago, costs a comparison.
/// </summary>
/// <remarks>
/// User pages of a 64-bit PV guest are global, so loading CR3 does not count as a flush (SDM vol. 3, 4.10.4.1). One CPU runs guests so far: the loop over the others
/// belongs into <see cref="FlushSince"/>, and nowhere else.
/// </remarks>
public sealed class TlbFlush
{
    private const int MostCpus = 256;

    private readonly ulong[] _flushed = new ulong[MostCpus];
    private ulong _now = 1;

    /// <summary>All CPUs start flushed.</summary>
    public TlbFlush()
    {
        for (int i = 0; i < MostCpus; i++)
            _flushed[i] = 1;
    }

    /// <summary>The counter: the stamp for a mapping that is lost now.</summary>
    public ulong Now => Volatile.Read(ref _now);

    /// <summary>Flushes this CPU's TLB, global entries too.</summary>
    public void FlushLocal()
    {
        ulong began = Interlocked.Increment(ref _now);
        Cpu.FlushTlb();
        _flushed[PerCpu.Id] = began;
    }

    /// <summary>After this no CPU holds a translation that was taken away when the counter stood at <paramref name="stamp"/> or before.</summary>
    public void FlushSince(ulong stamp)
    {
        if (_flushed[PerCpu.Id] <= stamp)
            FlushLocal();
    }
}
