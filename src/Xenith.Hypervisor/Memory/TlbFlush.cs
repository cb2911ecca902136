using System.Runtime.CompilerServices;
using System.Threading;
using Xenith.Hypervisor.Interrupts;
using Xenith.Machine;

namespace Xenith.Hypervisor.Memory;

/// <summary>
/// When each CPU last forgot all translations, against one counter of flushes. A frame is stamped with the counter when it loses a mapping; before it gets another type or
/// another owner, every CPU whose last flush is not newer than the stamp is flushed. So the common case, a frame whose mappings went long ago, costs a comparison for each CPU.
/// </summary>
/// <remarks>
/// User pages of a 64-bit PV guest are global where CR4.PGE is on, so loading CR3 does not count as a flush (SDM vol. 3, 4.10.4.1). A CPU that is asked to flush answers by what it writes here anyway:
/// the asker waits until the CPU's last flush is newer than the stamp. No lock is needed for that, and several may ask at once. Who waits answers others meanwhile, by interrupt or, where
/// interrupts are off, by looking himself; he holds no lock that an interrupt handler takes.
/// </remarks>
public sealed class TlbFlush
{
    private const int MostCpus = 256;

    /// <summary>Looks at a CPU that has been asked before it is asked again.</summary>
    private const uint TurnsPerAsk = 4096;

    /// <summary>The last flush of a CPU that is not there: it has nothing to forget.</summary>
    private const ulong Absent = ulong.MaxValue;

    private readonly ulong[] _flushed = new ulong[MostCpus];
    private readonly int[] _asked = new int[MostCpus];
    private readonly int[] _askedForPage = new int[MostCpus];
    private int _pageTurn;
    private ulong _page;
    private ulong _now = 1;
    private uint _end = 1;

    /// <summary>The first CPU starts flushed, the others are not there.</summary>
    public TlbFlush()
    {
        for (int i = 1; i < MostCpus; i++)
            _flushed[i] = Absent;
        _flushed[0] = 1;
    }

    /// <summary>The counter: the stamp for a mapping that is lost now.</summary>
    public ulong Now => Volatile.Read(ref _now);

    /// <summary>Flushes this CPU's TLB, global entries too.</summary>
    public void FlushLocal() => FlushLocal(PerCpu.Id, Begin());

    /// <summary>The number of a flush that begins now. What was changed before is visible to whoever takes part in it: the locked operation orders that.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ulong Begin() => Interlocked.Increment(ref _now);

    /// <summary>Flushes this CPU's TLB as part of a flush that has begun.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void FlushLocal(uint own, ulong began)
    {
        Cpu.FlushTlb();
        Volatile.Write(ref _flushed[own], began);
    }

    /// <summary>Loads a page-table root on this CPU and flushes its TLB, global entries too.</summary>
    internal void LoadRoot(Mfn root)
    {
        ulong began = Begin();
        Cpu.LoadRoot(root.Address);
        Volatile.Write(ref _flushed[PerCpu.Id], began);
    }

    /// <summary>After this no CPU holds a translation that was taken away when the counter stood at <paramref name="stamp"/> or before.</summary>
    public void FlushSince(ulong stamp)
    {
        if (_flushed[PerCpu.Id] <= stamp)
            FlushLocal();
        for (uint cpu = 0; cpu < _end; cpu++)
        {
            if (Volatile.Read(ref _flushed[cpu]) <= stamp)
            {
                FlushOthers(stamp, CpuSet.All);
                return;
            }
        }
    }

    /// <summary>Flushes the TLBs of some CPUs, this one's if it is in the set, whatever they hold.</summary>
    internal void Flush(in CpuSet cpus)
    {
        uint own = PerCpu.Id;
        ulong stamp = Begin();
        if (cpus.Contains(own))
            FlushLocal(own, stamp);
        CpuSet others = cpus;
        others.Remove(own);
        if (!others.IsEmpty)
            FlushOthers(stamp, others);
    }

    /// <summary>Makes some CPUs forget one address, this one too if it is in the set.</summary>
    internal void FlushPage(in CpuSet cpus, ulong address)
    {
        uint own = PerCpu.Id;
        if (cpus.Contains(own))
            Cpu.InvalidatePage(address);
        CpuSet others = cpus;
        others.Remove(own);
        if (others.IsEmpty)
            return;
        LockOrder.CheckWait();
        while (Interlocked.CompareExchange(ref _pageTurn, 1, 0) != 0)
            Host.Current.CpuCalls.Wait();
        _page = address;
        for (uint cpu = others.Next(0); cpu < _end; cpu = others.Next(cpu + 1))
        {
            if (Volatile.Read(ref _flushed[cpu]) != Absent)
                Ask(_askedForPage, cpu);
        }
        for (uint cpu = others.Next(0); cpu < _end; cpu = others.Next(cpu + 1))
        {
            while (Volatile.Read(ref _askedForPage[cpu]) != 0 && Volatile.Read(ref _flushed[cpu]) != Absent)
                Host.Current.CpuCalls.Wait();
        }
        Volatile.Write(ref _pageTurn, 0);
    }

    /// <summary>Does what other CPUs asked this one to. Interrupts are off.</summary>
    internal void Answer()
    {
        uint own = PerCpu.Id;
        if (Volatile.Read(ref _askedForPage[own]) != 0)
        {
            Cpu.InvalidatePage(_page);
            Volatile.Write(ref _askedForPage[own], 0);
        }
        // Taken back before the flush, so that what is asked during it is not lost.
        if (Interlocked.Exchange(ref _asked[own], 0) != 0)
            FlushLocal();
    }

    /// <summary>A CPU begins to count, empty: it runs this.</summary>
    internal void Enter()
    {
        uint own = PerCpu.Id;
        Volatile.Write(ref _asked[own], 0);
        Volatile.Write(ref _askedForPage[own], 0);
        FlushLocal();
        if (own >= _end)
            Volatile.Write(ref _end, own + 1);
    }

    /// <summary>A CPU ceases to count: it runs this, with interrupts off, has the idle address space loaded and will not load another.</summary>
    internal void Leave()
    {
        Cpu.FlushTlb();
        Volatile.Write(ref _flushed[PerCpu.Id], Absent);
    }

    /// <summary>Makes other CPUs flush as part of a flush that has begun; this one is passed over.</summary>
    internal void FlushOthers(ulong stamp, in CpuSet cpus)
    {
        LockOrder.CheckWait();
        uint own = PerCpu.Id;
        for (uint cpu = 0; cpu < _end; cpu++)
        {
            if (cpu != own && cpus.Contains(cpu) && Volatile.Read(ref _flushed[cpu]) <= stamp)
                Ask(_asked, cpu);
        }
        for (uint cpu = 0; cpu < _end; cpu++)
        {
            if (cpu == own || !cpus.Contains(cpu))
                continue;
            for (uint turns = 1; Volatile.Read(ref _flushed[cpu]) <= stamp; turns++)
            {
                Host.Current.CpuCalls.Wait();
                // A CPU that answers in the middle of a flush of its own writes that one's older number afterwards, and the answer is lost.
                if (turns % TurnsPerAsk == 0)
                    Ask(_asked, cpu);
            }
        }
    }

    /// <summary>Asks a CPU, unless another has and it has not answered yet.</summary>
    private static void Ask(int[] asked, uint cpu)
    {
        if (Interlocked.Exchange(ref asked[cpu], 1) != 0 || Host.Current.Pcpus.Find(cpu) is not Pcpu other)
            return;
        other.Host.Interrupts.LocalApic.Send(other.ApicId, Vectors.InvalidateTlb);
    }
}
