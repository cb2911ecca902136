using Xenith.Hypervisor.Boot;
using Xenith.Hypervisor.Time;
using Xenith.Machine;

namespace Xenith.Hypervisor.Console;

/// <summary>What stands between the prefix and the text of a line if `console_timestamps` asks for it, in Xen's formats.</summary>
internal static class Timestamp
{
    /// <summary>Adds the stamp. Before the clocks run (<paramref name="time"/> is null), the TSC stands for the time since boot, and dates are left out.</summary>
    internal static void Append(ref LogText text, TimestampOption format, SystemTime? time)
    {
        if (format == TimestampOption.Raw || (format == TimestampOption.Boot && time is null))
            Raw(ref text);
        else if (time is not null && format == TimestampOption.Boot)
            SinceBoot(ref text, time.Now);
        else if (time is not null && format != TimestampOption.None)
            Date(ref text, time, format == TimestampOption.DateMilliseconds);
    }

    private static void Raw(ref LogText text)
    {
        text.AppendLiteral("[");
        text.AppendFormatted(Cpu.ReadTsc(), "x16");
        text.AppendLiteral("] ");
    }

    private static void SinceBoot(ref LogText text, ulong nanoseconds)
    {
        text.AppendLiteral("[");
        text.AppendFormatted(nanoseconds / 1_000_000_000, 5);
        text.AppendLiteral(".");
        text.AppendFormatted(nanoseconds / 1000 % 1_000_000, "d6");
        text.AppendLiteral("] ");
    }

    private static void Date(ref LogText text, SystemTime time, bool milliseconds)
    {
        ulong fraction = time.WallClockNanoseconds + time.Now % 1_000_000_000;
        ulong seconds = time.WallClockSeconds + time.Now / 1_000_000_000 + fraction / 1_000_000_000;
        CivilDate date = CivilDate.FromSeconds(seconds);
        text.AppendLiteral("[");
        text.AppendFormatted((ulong)date.Year, "d4");
        text.AppendLiteral("-");
        text.AppendFormatted((ulong)date.Month, "d2");
        text.AppendLiteral("-");
        text.AppendFormatted((ulong)date.Day, "d2");
        text.AppendLiteral(" ");
        text.AppendFormatted(seconds / 3600 % 24, "d2");
        text.AppendLiteral(":");
        text.AppendFormatted(seconds / 60 % 60, "d2");
        text.AppendLiteral(":");
        text.AppendFormatted(seconds % 60, "d2");
        if (milliseconds)
        {
            text.AppendLiteral(".");
            text.AppendFormatted(fraction / 1_000_000 % 1000, "d3");
        }
        text.AppendLiteral("] ");
    }
}

/// <summary>A date of the Gregorian calendar.</summary>
internal struct CivilDate
{
    internal uint Year, Month, Day;

    /// <summary>The date of a number of seconds since 1970, UTC. The inverse of <see cref="Rtc.ToSeconds"/>.</summary>
    internal static CivilDate FromSeconds(ulong seconds)
    {
        // Days since 1 March of the year 0; years start in March, so that the leap day is the last of one.
        ulong days = seconds / 86_400 + 719_468;
        ulong era = days / 146_097;
        ulong dayOfEra = days % 146_097;
        ulong yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
        ulong dayOfYear = dayOfEra - (yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100);
        ulong monthFromMarch = (dayOfYear * 5 + 2) / 153;
        ulong month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
        return new CivilDate
        {
            Year = (uint)(era * 400 + yearOfEra + (month <= 2 ? 1UL : 0)),
            Month = (uint)month,
            Day = (uint)(dayOfYear - (monthFromMarch * 153 + 2) / 5 + 1),
        };
    }
}
