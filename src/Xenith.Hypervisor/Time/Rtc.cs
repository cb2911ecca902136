using System;
using Xenith.Machine;

namespace Xenith.Hypervisor.Time;

/// <summary>The battery-backed clock of a PC (Motorola MC146818), from which the wall clock starts.</summary>
internal static class Rtc
{
    private const ushort Index = 0x70, Data = 0x71;

    /// <summary>Seconds since 1970 (UTC) that the clock shows.</summary>
    internal static ulong ReadSeconds()
    {
        for (int patience = 0; (Read(0x0a) & 0x80) != 0 && patience < 1_000_000; patience++)
        {
        }
        uint second = Read(0), minute = Read(2), hour = Read(4), day = Read(7), month = Read(8), year = Read(9);
        byte mode = Read(0x0b);
        bool afternoon = (mode & 2) == 0 && (hour & 0x80) != 0;
        hour &= 0x7f;
        if ((mode & 4) == 0)
        {
            second = FromBcd(second);
            minute = FromBcd(minute);
            hour = FromBcd(hour);
            day = FromBcd(day);
            month = FromBcd(month);
            year = FromBcd(year);
        }
        if ((mode & 2) == 0)
            hour = hour % 12 + (afternoon ? 12u : 0);
        return ToSeconds(year + (year < 70 ? 2000u : 1900u), month, day, hour, minute, second);
    }

    /// <summary>Seconds since 1970 of a date of the Gregorian calendar. A date before 1970, as a clock without a battery may show, counts as its first day.</summary>
    internal static ulong ToSeconds(uint year, uint month, uint day, uint hour, uint minute, uint second)
    {
        // Years start in March here, so that the leap day is the last.
        uint shifted = month > 2 ? year : year - 1;
        uint fromMarch = month > 2 ? month - 3 : month + 9;
        ulong days = shifted * 365UL + shifted / 4 - shifted / 100 + shifted / 400 + (fromMarch * 153 + 2) / 5 + day;
        const ulong firstDay = 719_469;
        return (Math.Max(days, firstDay) - firstDay) * 86_400 + hour * 3600UL + minute * 60UL + second;
    }

    private static uint FromBcd(uint value) => (value >> 4) * 10 + (value & 15);

    private static byte Read(byte register)
    {
        Port.Out8(Index, register);
        return Port.In8(Data);
    }
}
