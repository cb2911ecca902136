using System.Numerics;
using System.Runtime.CompilerServices;

namespace Xenith.Hypervisor;

/// <summary>
/// A set of physical CPUs by number: who is online, who may run a vCPU, whom a flush concerns. A plain value; where several CPUs change one, a lock is theirs to
/// take.
/// </summary>
public struct CpuSet
{
    /// <summary>Numbers that fit: CPUs 0 to 255, as in Debian's build of Xen.</summary>
    public const uint Capacity = 256;

    private Words _words;

    /// <summary>All CPUs that can exist.</summary>
    public static CpuSet All
    {
        get
        {
            CpuSet all = default;
            for (int i = 0; i < WordCount; i++)
                all._words[i] = ulong.MaxValue;
            return all;
        }
    }

    /// <summary>True if no CPU is in it.</summary>
    public readonly bool IsEmpty
    {
        get
        {
            ulong any = 0;
            for (int i = 0; i < WordCount; i++)
                any |= _words[i];
            return any == 0;
        }
    }

    /// <summary>Number of CPUs in it.</summary>
    public readonly int Count
    {
        get
        {
            int count = 0;
            for (int i = 0; i < WordCount; i++)
                count += BitOperations.PopCount(_words[i]);
            return count;
        }
    }

    /// <summary>The set of one CPU.</summary>
    public static CpuSet Of(uint cpu)
    {
        CpuSet set = default;
        set.Add(cpu);
        return set;
    }

    /// <summary>True if a CPU is in it; false for numbers out of range.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool Contains(uint cpu) => cpu < Capacity && (_words[unchecked((int)(cpu / 64))] >> unchecked((int)cpu) & 1) != 0;

    /// <summary>Puts a CPU in. The number is in range.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(uint cpu) => _words[unchecked((int)(cpu / 64))] |= 1UL << unchecked((int)cpu);

    /// <summary>Takes a CPU out. The number is in range.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Remove(uint cpu) => _words[unchecked((int)(cpu / 64))] &= ~(1UL << unchecked((int)cpu));

    /// <summary>The CPUs that are in both sets.</summary>
    public readonly CpuSet And(in CpuSet other)
    {
        CpuSet both = this;
        for (int i = 0; i < WordCount; i++)
            both._words[i] &= other._words[i];
        return both;
    }

    /// <summary>The CPUs that are in this set and not in the other.</summary>
    public readonly CpuSet Without(in CpuSet other)
    {
        CpuSet rest = this;
        for (int i = 0; i < WordCount; i++)
            rest._words[i] &= ~other._words[i];
        return rest;
    }

    /// <summary>
    /// The lowest CPU in the set that is not below a number, or <see cref="Capacity"/>: `for (uint cpu = set.Next(0); cpu &lt; Capacity; cpu = set.Next(cpu + 1))`.
    /// </summary>
    public readonly uint Next(uint from)
    {
        if (from >= Capacity)
            return Capacity;
        int word = (int)(from / 64);
        ulong bits = _words[word] & ulong.MaxValue << (int)(from % 64);
        while (bits == 0)
        {
            if (++word == WordCount)
                return Capacity;
            bits = _words[word];
        }
        return (uint)(word * 64 + BitOperations.TrailingZeroCount(bits));
    }

    /// <summary>CPUs in sets of 64: word 0 has CPUs 0 to 63.</summary>
    internal ulong this[int word]
    {
        readonly get => _words[word];
        set => _words[word] = value;
    }

    /// <summary>Words of a set.</summary>
    internal const int WordCount = (int)(Capacity / 64);

    [InlineArray(WordCount)]
    private struct Words
    {
        private ulong _first;
    }
}
