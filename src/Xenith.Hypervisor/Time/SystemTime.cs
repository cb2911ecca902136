using Xenith.Machine;

namespace Xenith.Hypervisor.Time;

/// <summary>
/// Nanoseconds since boot, from the TSC scaled as guests scale it (public/xen.h, vcpu_time_info): ns = base + ((tsc - stamp) shifted by
/// shift) * multiplier / 2^32. The hypervisor and all vCPUs use the same numbers, stamp and base too, so they agree to the nanosecond: time never steps back between vCPUs
/// whose CPUs have the same TSC.
/// </summary>
public sealed class SystemTime
{
    private readonly SpinLock _lock = new(LockRank.Clock);

    /// <summary>Starts the clock for a CPU whose TSC runs at a frequency.</summary>
    public SystemTime(ulong tscHertz)
    {
        TscHertz = tscHertz;
        ulong scaled = tscHertz;
        int shift = 0;
        while (scaled > 2_000_000_000)
        {
            scaled >>= 1;
            shift--;
        }
        while (scaled <= 1_000_000_000 && scaled != 0)
        {
            scaled <<= 1;
            shift++;
        }
        PvclockShift = (sbyte)shift;
        PvclockMultiplier = (uint)(((1_000_000_000UL << 31) / scaled) << 1);
        StampTsc = Cpu.ReadTsc();
    }

    /// <summary>TSC ticks per second.</summary>
    public ulong TscHertz { get; }

    /// <summary>tsc_to_system_mul.</summary>
    public uint PvclockMultiplier { get; }

    /// <summary>tsc_shift: positive shifts left.</summary>
    public sbyte PvclockShift { get; }

    /// <summary>TSC value at <see cref="StampNanoseconds"/>.</summary>
    public ulong StampTsc { get; }

    /// <summary>System time at <see cref="StampTsc"/>. Not 0, by which guests know a record that nobody has filled in.</summary>
    public const ulong StampNanoseconds = 1;

    /// <summary>Wall clock at system time 0: seconds since 1970, UTC.</summary>
    public ulong WallClockSeconds { get; private set; }

    /// <summary>The part below a second, in nanoseconds.</summary>
    public uint WallClockNanoseconds { get; private set; }

    /// <summary>Nanoseconds since boot.</summary>
    public ulong Now => FromTsc(Cpu.ReadTsc());

    /// <summary>System time at a TSC value; <see cref="StampNanoseconds"/> for values before the start.</summary>
    public ulong FromTsc(ulong tsc)
    {
        if (tsc <= StampTsc)
            return StampNanoseconds;
        ulong delta = tsc - StampTsc;
        delta = PvclockShift >= 0 ? delta << PvclockShift : delta >> -PvclockShift;
        return unchecked(StampNanoseconds + (delta >> 32) * PvclockMultiplier + ((delta & 0xffff_ffff) * PvclockMultiplier >> 32));
    }

    /// <summary>The TSC value at a moment of system time, rounded up to where that moment has come for sure.</summary>
    public ulong ToTsc(ulong nanoseconds)
    {
        const ulong second = 1_000_000_000;
        // Beyond 34 years there is nothing to be waited for; so many fit up to 17 GHz.
        ulong seconds = nanoseconds / second;
        if (seconds > uint.MaxValue >> 2)
            seconds = uint.MaxValue >> 2;
        return unchecked(StampTsc + seconds * TscHertz + nanoseconds % second * TscHertz / second + 1);
    }

    /// <summary>Sets the wall clock: it showed so much when system time was <paramref name="systemTime"/> nanoseconds.</summary>
    public void SetWallClock(ulong seconds, uint nanoseconds, ulong systemTime)
    {
        using (_lock.Enter())
        {
            ulong total = unchecked(seconds * 1_000_000_000 + nanoseconds - systemTime);
            WallClockSeconds = total / 1_000_000_000;
            WallClockNanoseconds = (uint)(total % 1_000_000_000);
        }
    }
}
