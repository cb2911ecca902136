// Random numbers that are the same for the same seed, everywhere: in a test process and in a guest without a runtime. The generator is SplitMix64 (Steele, Lea and Flood, "Fast
// splittable pseudorandom number generators", 2014): one addition and a mixing function, no state but a counter.

namespace Xenith.Fuzzing.Calls;

/// <summary>A sequence of random numbers that a seed determines.</summary>
public struct FuzzRandom
{
    private ulong _state;

    /// <summary>The sequence of a seed.</summary>
    public FuzzRandom(ulong seed) => _state = seed;

    /// <summary>The next 64 bits.</summary>
    public ulong Next()
    {
        unchecked
        {
            _state += 0x9e37_79b9_7f4a_7c15;
            ulong mixed = _state;
            mixed = (mixed ^ mixed >> 30) * 0xbf58_476d_1ce4_e5b9;
            mixed = (mixed ^ mixed >> 27) * 0x94d0_49bb_1331_11eb;
            return mixed ^ mixed >> 31;
        }
    }

    /// <summary>A number from 0 to <paramref name="end"/> - 1.</summary>
    public int Below(int end) => (int)((Next() >> 33) % (ulong)(uint)end);

    /// <summary>A number from <paramref name="first"/> to <paramref name="end"/> - 1.</summary>
    public int Between(int first, int end) => first + Below(end - first);

    /// <summary>True once in so many times.</summary>
    public bool OneIn(int count) => Below(count) == 0;
}
