using System;
using Xenith.Hypervisor.Boot;

namespace Xenith.Hypervisor.Console;

/// <summary>How important a message is.</summary>
public enum LogLevel : byte
{
    Error = 1,
    Warning = 2,
    Info = 3,
    Debug = 4,
}

/// <summary>
/// Which messages are printed (`loglvl`, `guest_loglvl`, keys + and -): those up to one level always, those up to a higher one at a limited rate. Level 0 is
/// nothing, 4 everything.
/// </summary>
public sealed class LogThreshold
{
    private const byte Highest = 4;

    private RateLimit _limit;

    /// <summary>Up to this level messages are always printed.</summary>
    public byte Always { get; private set; }

    /// <summary>Up to this level they are printed at a limited rate; not below <see cref="Always"/>.</summary>
    public byte Limited { get; private set; }

    /// <summary>Sets both levels; above 4 counts as 4.</summary>
    public void Set(byte always, byte limited)
    {
        Always = Math.Min(always, Highest);
        Limited = Math.Min(Math.Max(always, limited), Highest);
    }

    /// <summary>One level more: the limited level rises first, then the other follows, as in Xen.</summary>
    public void Raise() => Set((byte)(Always + 1), Math.Max((byte)(Always + 1), Limited));

    /// <summary>One level less, down to nothing.</summary>
    public void Lower()
    {
        if (Always > 0)
            Always--;
        else if (Limited > 0)
            Limited--;
    }

    /// <summary>Asks for one of the messages that come at a limited rate. The console's lock is held.</summary>
    internal bool MayPass(ulong now, out uint missed) => _limit.MayPass(now, out missed);

    internal void Set(LogLevelOption option) => Set(option.Always, option.Limited);

    /// <summary>Xen's words for a level.</summary>
    internal static string Words(byte level) => level switch
    {
        0 => "Nothing",
        1 => "Errors",
        2 => "Errors and warnings",
        3 => "Errors, warnings and info",
        _ => "All",
    };
}
