using System.Threading;

namespace Xenith.Hypervisor;

/// <summary>A set of physical CPUs that several CPUs change at any time without a lock. Each change is one atomic operation, and a full barrier.</summary>
public sealed class AtomicCpuSet
{
    private readonly ulong[] _words = new ulong[CpuSet.WordCount];

    /// <summary>True if a CPU is in it.</summary>
    public bool Contains(uint cpu) => (Volatile.Read(ref _words[(int)(cpu / 64)]) >> (int)(cpu % 64) & 1) != 0;

    /// <summary>Puts a CPU in.</summary>
    public void Add(uint cpu) => Interlocked.Or(ref _words[(int)(cpu / 64)], 1UL << (int)(cpu % 64));

    /// <summary>Takes a CPU out; true if it was in, which only one of several callers is told.</summary>
    public bool TryRemove(uint cpu)
    {
        ulong bit = 1UL << (int)(cpu % 64);
        return (Interlocked.And(ref _words[(int)(cpu / 64)], ~bit) & bit) != 0;
    }

    /// <summary>True if no CPU is in it.</summary>
    public bool IsEmpty
    {
        get
        {
            ulong any = 0;
            for (int i = 0; i < CpuSet.WordCount; i++)
                any |= Volatile.Read(ref _words[i]);
            return any == 0;
        }
    }

    /// <summary>The set as it is now; each word by itself is exact.</summary>
    public CpuSet Now
    {
        get
        {
            CpuSet set = default;
            for (int i = 0; i < CpuSet.WordCount; i++)
                set[i] = Volatile.Read(ref _words[i]);
            return set;
        }
    }
}
