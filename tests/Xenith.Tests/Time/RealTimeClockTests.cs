// The battery-backed clock in each of its modes, against the calendar of .NET.

using Xenith.Hypervisor.Time;
using Xenith.Machine;
using Xenith.Machine.Simulation;
using Xenith.Tests.Paravirtual;
using Xunit;

namespace Xenith.Tests.Time;

public sealed class RealTimeClockTests
{
    private const byte Binary = 4, Hours24 = 2;

    [Theory]
    [InlineData(0)]
    [InlineData(Hours24)]
    [InlineData(Binary)]
    [InlineData(Binary | Hours24)]
    public void Every_hour_is_read_in_every_mode(byte mode)
    {
        using PvScene scene = new();
        for (int hour = 0; hour < 24; hour++)
        {
            DateTime time = new(2026, 11, 27, hour, 59, 48, DateTimeKind.Utc);
            scene.Machine.Ports.Attach(new Clock(time, mode), 0x70, 2);
            Assert.Equal((ulong)new DateTimeOffset(time).ToUnixTimeSeconds(), Rtc.ReadSeconds());
        }
    }

    [Theory]
    [InlineData(1970)]
    [InlineData(1999)]
    [InlineData(2000)]
    [InlineData(2069)]
    public void Two_digits_of_a_year_are_enough(int year)
    {
        using PvScene scene = new();
        DateTime time = new(year, 3, 1, 12, 0, 0, DateTimeKind.Utc);
        scene.Machine.Ports.Attach(new Clock(time, Hours24), 0x70, 2);
        Assert.Equal((ulong)new DateTimeOffset(time).ToUnixTimeSeconds(), Rtc.ReadSeconds());
    }

    [Fact]
    public void An_update_in_progress_is_waited_for_and_not_for_ever()
    {
        using PvScene scene = new();
        DateTime time = new(2026, 2, 28, 1, 2, 3, DateTimeKind.Utc);
        Clock clock = new(time, Hours24) { Updates = 100 };
        scene.Machine.Ports.Attach(clock, 0x70, 2);
        Assert.Equal((ulong)new DateTimeOffset(time).ToUnixTimeSeconds(), Rtc.ReadSeconds());
        Assert.Equal(0, clock.Updates);
    }

    [Fact]
    public void A_clock_without_a_battery_shows_no_date_before_1970()
    {
        using PvScene scene = new();
        Assert.Equal(0UL, Rtc.ToSeconds(1970, 0, 0, 0, 0, 0));
        Assert.Equal(0UL, Rtc.ToSeconds(1970, 1, 1, 0, 0, 0));
        scene.Machine.Ports.Attach(new Broken(0xff), 0x70, 2);
        Rtc.ReadSeconds();
    }

    [Fact]
    public void The_calendar_is_the_Gregorian_one()
    {
        DateTime start = new(1970, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        for (int day = 0; day < 365 * 140; day++)
        {
            DateTime time = start.AddDays(day).AddSeconds(day);
            Assert.Equal((ulong)(time - start).TotalSeconds, Rtc.ToSeconds((uint)time.Year, (uint)time.Month, (uint)time.Day, (uint)time.Hour, (uint)time.Minute, (uint)time.Second));
        }
    }

    /// <summary>A clock that stands still at a moment.</summary>
    private sealed class Clock(DateTime time, byte mode) : IPortDevice
    {
        private uint _index;

        /// <summary>How often it says yet that an update is in progress.</summary>
        public int Updates { get; set; }

        public uint Read(ushort port, int size) => _index switch
        {
            0 => Encode(time.Second),
            2 => Encode(time.Minute),
            4 => (mode & Hours24) != 0 ? Encode(time.Hour) : Encode(time.Hour % 12 == 0 ? 12 : time.Hour % 12) | (time.Hour >= 12 ? 0x80u : 0),
            7 => Encode(time.Day),
            8 => Encode(time.Month),
            9 => Encode(time.Year % 100),
            0x0a => Updates > 0 && Updates-- > 0 ? 0x80u : 0,
            0x0b => mode,
            _ => 0,
        };

        public void Write(ushort port, int size, uint value) => _index = value & 0x7f;

        private uint Encode(int value) => (uint)((mode & Binary) != 0 ? value : value / 10 << 4 | value % 10);
    }

    private sealed class Broken(byte value) : IPortDevice
    {
        private uint _index;

        public uint Read(ushort port, int size) => _index == 0x0a ? 0u : value;

        public void Write(ushort port, int size, uint written) => _index = written;
    }
}
