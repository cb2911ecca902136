using CsCheck;
using Xenith.Hypervisor.Boot;
using Xunit;

namespace Xenith.Tests.Boot;

public class MemoryMapTests
{
    // A small address space in which every address can be asked for.
    private static readonly Gen<(ulong Start, ulong Length, uint Type)[]> Maps =
        Gen.Select(Gen.ULong[0, 60], Gen.ULong[0, 30], Gen.UInt[0, 7]).Array[0, 20];

    [Fact]
    public void AgreesWithAMapOfSingleAddresses()
    {
        Maps.Sample(
            entries =>
            {
                MemoryKind[] expected = new MemoryKind[100];
                MemoryMap map = default;
                foreach ((ulong start, ulong length, uint type) in entries)
                {
                    MemoryKind kind = type is >= 1 and <= 5 ? (MemoryKind)type : MemoryKind.Reserved;
                    map.Add(start, length, MemoryMap.KindOf(type));
                    for (ulong at = start; at < start + length; at++)
                    {
                        expected[at] = (MemoryKind)Math.Max((uint)expected[at], (uint)kind);
                    }
                }

                map.Normalize();
                for (ulong at = 0; at < 100; at++)
                {
                    Assert.Equal(expected[at] != 0, map.TryKindAt(at, out MemoryKind kind));
                    Assert.Equal(expected[at], kind);
                }

                for (int i = 1; i < map.Count; i++)
                {
                    Assert.True(map.Ranges[i - 1].End < map.Ranges[i].Start
                        || (map.Ranges[i - 1].End == map.Ranges[i].Start && map.Ranges[i - 1].Kind != map.Ranges[i].Kind));
                }
            },
            iter: 5000);
    }

    [Fact]
    public void ClipsUsableMemoryOnly()
    {
        MemoryMap map = default;
        map.Add(0, 0x1000, MemoryKind.Usable);
        map.Add(0x1000, 0x3000, MemoryKind.Reserved);
        map.Add(0x4000, 0x8000, MemoryKind.Usable);
        map.Add(0x2_0000, 0x1000, MemoryKind.Usable);
        map.Normalize();
        map.Clip(0x6000);
        Assert.Equal(3, map.Count);
        Assert.Equal(0x6000u, map.Ranges[2].End);
        Assert.Equal(3u, map.UsableFrames(ulong.MaxValue));
        Assert.Equal(2u, map.UsableFrames(0x5000));
    }

    [Fact]
    public void RoundsUsableMemoryInwards()
    {
        MemoryMap map = default;
        map.Add(0x1001, 0x2fff, MemoryKind.Usable);
        map.Add(0x9_f000, 0xc00, MemoryKind.Usable);
        map.Add(0xf_0000, 0x1_0000, MemoryKind.Reserved);
        map.Normalize();
        Assert.True(map.TryFrames(0, out ulong first, out ulong end));
        Assert.Equal((2u, 4u), ((uint)first, (uint)end));
        Assert.False(map.TryFrames(1, out _, out _));
        Assert.False(map.TryFrames(2, out _, out _));
    }

    [Fact]
    public void SurvivesAnyRangesAndCountsThoseThatDoNotFit()
    {
        Gen.Select(Gen.ULong, Gen.OneOf(Gen.ULong, Gen.Const(ulong.MaxValue), Gen.Const(0UL)), Gen.UInt[0, 7]).Array[0, 300].Sample(
            entries =>
            {
                MemoryMap map = default;
                foreach ((ulong start, ulong length, uint type) in entries)
                {
                    map.Add(start, length, MemoryMap.KindOf(type));
                }

                map.Normalize();
                Assert.InRange(map.Count, 0, MemoryRanges.Capacity);
                for (int i = 0; i < map.Count; i++)
                {
                    Assert.True(map.Ranges[i].Start < map.Ranges[i].End);
                }
            },
            iter: 1000);
    }
}
