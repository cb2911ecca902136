using CsCheck;
using Xenith.Hypervisor;
using Xunit;

namespace Xenith.Tests;

public sealed class CpuSetTests
{
    [Fact]
    public void It_behaves_as_a_set_of_numbers() =>
        Gen.Select(Gen.UInt[0, 255].HashSet[0, 40], Gen.UInt[0, 255].HashSet[0, 40], Gen.UInt[0, 260]).Sample((a, b, from) =>
        {
            CpuSet first = Make(a), second = Make(b);
            Assert.Equal(a.Count, first.Count);
            Assert.Equal(a.Count == 0, first.IsEmpty);
            Assert.Equal(a.Intersect(b).Order(), Members(first.And(second)));
            Assert.Equal(a.Except(b).Order(), Members(first.Without(second)));
            Assert.Equal(a.Contains(from), first.Contains(from));
            Assert.Equal(a.Where(cpu => cpu >= from).DefaultIfEmpty(CpuSet.Capacity).Min(), first.Next(from));
        });

    [Fact]
    public void All_holds_every_number() => Assert.Equal(256, CpuSet.All.Count);

    private static CpuSet Make(IEnumerable<uint> members)
    {
        CpuSet set = default;
        foreach (uint cpu in members)
        {
            set.Add(cpu);
            set.Add(cpu ^ 1);
        }
        foreach (uint cpu in members.Select(cpu => cpu ^ 1).Except(members).ToArray())
            set.Remove(cpu);
        return set;
    }

    private static List<uint> Members(CpuSet set)
    {
        List<uint> members = [];
        for (uint cpu = set.Next(0); cpu < CpuSet.Capacity; cpu = set.Next(cpu + 1))
            members.Add(cpu);
        return members;
    }
}
