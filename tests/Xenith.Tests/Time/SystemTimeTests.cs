// System time from the TSC and back, for slow and fast counters.

using Xenith.Hypervisor.Time;
using Xenith.Tests.Paravirtual;
using Xunit;

namespace Xenith.Tests.Time;

public sealed class SystemTimeTests
{
    [Theory]
    [InlineData(1_000_000UL)]
    [InlineData(500_000_000UL)]
    [InlineData(1_000_000_000UL)]
    [InlineData(2_000_000_000UL)]
    [InlineData(2_000_000_001UL)]
    [InlineData(3_333_333_333UL)]
    [InlineData(10_000_000_000UL)]
    public void A_second_is_a_second(ulong hertz)
    {
        using PvScene scene = new();
        SystemTime time = new(hertz);
        Assert.Equal(SystemTime.StampNanoseconds, time.FromTsc(time.StampTsc));
        Assert.Equal(SystemTime.StampNanoseconds, time.FromTsc(time.StampTsc - 1));
        Assert.InRange(time.FromTsc(time.StampTsc + hertz), 999_999_990UL, 1_000_000_010UL);
        Assert.InRange(time.FromTsc(time.StampTsc + hertz * 3600), 3_599_999_990_000UL, 3_600_000_010_000UL);
        // The guest's arithmetic (public/xen.h, vcpu_time_info) gives the same.
        ulong shifted = time.PvclockShift >= 0 ? hertz << time.PvclockShift : hertz >> -time.PvclockShift;
        Assert.Equal(SystemTime.StampNanoseconds + (ulong)((UInt128)shifted * time.PvclockMultiplier >> 32), time.FromTsc(time.StampTsc + hertz));
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(1UL)]
    [InlineData(999_999_999UL)]
    [InlineData(86_400_000_000_123UL)]
    public void The_moment_of_a_deadline_is_not_before_it(ulong nanoseconds)
    {
        using PvScene scene = new();
        SystemTime time = new(2_400_000_000);
        ulong tsc = time.ToTsc(nanoseconds);
        Assert.InRange(time.FromTsc(tsc) + nanoseconds / 1_000_000_000, nanoseconds, nanoseconds + nanoseconds / 100_000_000 + 2);
    }

    [Fact]
    public void A_deadline_beyond_all_time_is_just_far_away()
    {
        using PvScene scene = new();
        SystemTime time = new(10_000_000_000);
        Assert.True(time.ToTsc(ulong.MaxValue) - time.StampTsc > 10_000_000_000UL * 86_400 * 365 * 30);
    }

    [Fact]
    public void The_wall_clock_is_the_moment_at_which_system_time_began()
    {
        using PvScene scene = new();
        SystemTime time = new(1_000_000_000);
        time.SetWallClock(1_700_000_000, 250, 5_000_000_300);
        Assert.Equal((1_699_999_994UL, 999_999_950u), (time.WallClockSeconds, time.WallClockNanoseconds));
    }
}
