// The log on the simulated machine: prefixes, levels, rates, stamps, the ring, and serial lines that are slow.

using System.Text;
using Xenith.Hypervisor.Boot;
using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Time;
using Xenith.Machine;
using Xenith.Tests.Machine;
using Xunit;

namespace Xenith.Tests.Console;

public sealed class ConsoleLogTests : IDisposable
{
    private readonly Scene _scene = new();
    private readonly ConsoleLog _log = new(new SerialPort(0x3f8, 115200));

    private string Printed => _scene.Machine.Com1.Text;

    [Fact]
    public void Every_line_of_a_text_has_its_prefix()
    {
        _log.Always($"one");
        _log.Always($"\ntwo\nthree\n");
        Assert.Equal("(XEN) one\n(XEN) \n(XEN) two\n(XEN) three\n", Printed);
        Assert.Equal(Printed, RingText());
    }

    [Theory]
    [InlineData(0, 0, "A")]
    [InlineData(1, 1, "AE")]
    [InlineData(2, 2, "AEW")]
    [InlineData(3, 3, "AEWI")]
    [InlineData(4, 4, "AEWID")]
    [InlineData(1, 3, "AEWI")]
    public void Levels_decide_what_is_printed(byte always, byte limited, string expected)
    {
        _log.Host.Set(always, limited);
        _log.Always($"A");
        _log.Error($"E");
        _log.Warning($"W");
        _log.Info($"I");
        _log.Debug($"D");
        Assert.Equal(expected, Printed.Replace("(XEN) ", "").Replace("\n", ""));
    }

    [Fact]
    public void Messages_of_the_limited_levels_come_ten_at_once_and_one_more_in_five_seconds()
    {
        _log.Time = new SystemTime(2_000_000_000);
        _log.Host.Set(1, 3);
        for (int i = 0; i < 30; i++)
            _log.Info($"tick");
        Assert.Equal(10, Lines().Count(line => line == "(XEN) tick"));
        _scene.Machine.Clock.Advance(5_100_000_000);
        _log.Info($"tock");
        _log.Info($"tock");
        Assert.Equal(["(XEN) printk: 20 messages suppressed.", "(XEN) tock"], Lines().TakeLast(2));
        _log.Error($"at once");
        Assert.Equal("(XEN) at once", Lines().Last());
    }

    [Fact]
    public void Guests_have_levels_and_a_rate_of_their_own()
    {
        _log.Time = new SystemTime(2_000_000_000);
        _log.Guest.Set(0, 2);
        for (int i = 0; i < 30; i++)
            _log.AboutGuest(LogLevel.Warning, $"d1: bad");
        _log.AboutGuest(LogLevel.Info, $"d1: well");
        Assert.Equal(10, Lines().Length);
        _log.Warning($"mine");
        Assert.Equal("(XEN) mine", Lines().Last());
    }

    [Fact]
    public void Stamps_have_the_formats_of_Xen()
    {
        var time = new SystemTime(2_000_000_000);
        time.SetWallClock(1_709_164_799, 0, time.Now);   // 2024-02-28 23:59:59
        _log.Timestamps = TimestampOption.Boot;
        _log.Always($"early");
        Assert.Matches(@"^\(XEN\) \[[0-9a-f]{16}\] early$", Lines().Last());
        _log.Time = time;
        _log.Always($"boot");
        Assert.Matches(@"^\(XEN\) \[    0\.\d{6}\] boot$", Lines().Last());
        _scene.Machine.Clock.Advance(86_401_500_000_000);
        _log.Timestamps = TimestampOption.Date;
        _log.Always($"date");
        Assert.Equal("(XEN) [2024-03-01 00:00:00] date", Lines().Last());
        _log.Timestamps = TimestampOption.DateMilliseconds;
        _log.Always($"ms");
        Assert.Matches(@"^\(XEN\) \[2024-03-01 00:00:00\.50\d\] ms$", Lines().Last());
        _log.Timestamps = TimestampOption.Raw;
        _log.Always($"raw");
        Assert.Matches(@"^\(XEN\) \[[0-9a-f]{16}\] raw$", Lines().Last());
    }

    [Fact]
    public void Dates_are_right_for_eight_hundred_years()
    {
        for (ulong day = 0; day < 365 * 800; day++)
        {
            CivilDate date = CivilDate.FromSeconds(day * 86_400 + 5);
            DateTime expected = DateTime.UnixEpoch.AddDays(day);
            Assert.Equal((expected.Year, expected.Month, expected.Day), ((int)date.Year, (int)date.Month, (int)date.Day));
        }
    }

    [Fact]
    public void Dom0s_bytes_go_into_the_ring_only_if_asked()
    {
        _log.GuestBytes("dom0 says\n"u8);
        Assert.Equal("", RingText());
        _log.GuestsToRing = true;
        _log.GuestBytes("again\n"u8);
        Assert.Equal("again\n", RingText());
        Assert.Equal("dom0 says\nagain\n", Printed);
    }

    [Fact]
    public void A_slow_line_loses_nothing_and_is_served_by_its_interrupt()
    {
        _scene.Machine.Com1.Room = 10;
        _log.Serial.ConnectInterrupt(synchronous: false);
        var expected = new StringBuilder();
        for (int i = 0; i < 100; i++)
        {
            _log.Always($"a line, number {i}");
            expected.Append($"(XEN) a line, number {i}\n");
        }
        Assert.True(_log.Serial.Waiting > 2000);
        for (int i = 0; i < 1000 && _log.Serial.Waiting != 0; i++)
        {
            _scene.Machine.Com1.Drain(16);
            Assert.True(_log.Serial.WantsService);
            _log.Pump();
            Assert.False(_log.Serial.WantsService);
        }
        Assert.Equal(expected.ToString(), Printed);
        _scene.Machine.Com1.Drain(16);
        Assert.False(_log.Serial.WantsService);
    }

    [Fact]
    public void A_panic_sends_what_waits_and_prints_under_a_lock_that_is_held()
    {
        _log.Serial.ConnectInterrupt(synchronous: false);
        _scene.Machine.Com1.Room = 0;
        _log.Always($"waits");
        Assert.Equal("", Printed);
        _scene.Machine.Com1.Drain(1000);
        Assert.True(_log.BeginEmergency());
        _log.Always($"now");
        Assert.Equal("(XEN) waits\n(XEN) now\n", Printed);
        Assert.False(_log.BeginEmergency());
    }

    [Fact]
    public void The_end_of_the_machine_sends_what_waits()
    {
        _log.Serial.ConnectInterrupt(synchronous: false);
        _scene.Machine.Com1.Room = 0;
        _log.Always($"waits");
        Assert.Equal("", Printed);
        _scene.Machine.Com1.Drain(1000);
        _log.SendAll();
        Assert.Equal("(XEN) waits\n", Printed);
        _log.Always($"now");
        Assert.Equal((0u, "(XEN) waits\n(XEN) now\n"), (_log.Serial.Waiting, Printed));
    }

    [Fact]
    public void Both_serial_lines_say_the_same_and_a_shared_one_marks_its_bytes()
    {
        _log.Second = new SerialPort(SerialOption.Com2, SerialHalf.High);
        _log.Always($"hi");
        Assert.Equal("(XEN) hi\n", Printed);
        Assert.Equal("(XEN) hi\r\n".Select(c => (byte)(c | 0x80)), _scene.Machine.Com2.Sent.TakeLast(10));
        _scene.Machine.Com2.Type("aá");
        Assert.True(_log.Second.TryReceive(out byte value));
        Assert.Equal('á' & 0x7f, value);
        Assert.False(_log.Second.TryReceive(out _));
    }

    public void Dispose() => _scene.Dispose();

    private string[] Lines() => Printed.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private string RingText()
    {
        uint index = 0;
        var buffer = new byte[100_000];
        return Encoding.ASCII.GetString(buffer, 0, _log.ReadRing(buffer, false, ref index, false));
    }
}
