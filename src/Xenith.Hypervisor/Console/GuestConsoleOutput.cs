using System;
using System.Runtime.CompilerServices;

namespace Xenith.Hypervisor.Console;

/// <summary>
/// The emergency console of a domain that is not dom0. Its text is gathered to lines, stripped of what could steer a terminal, and printed behind `(dN)` if
/// `guest_loglvl` lets messages of the level "debug" through, as in Xen: always, at a limited rate, or (what holds if nothing is said) not at all.
/// </summary>
public sealed class GuestConsoleOutput
{
    private const int LineSize = 200;

    private readonly ushort _domain;
    private readonly SpinLock _lock = new(LockRank.GuestConsole);
    private Line _line;
    private int _length;
    private RateLimit _limit;

    /// <summary>The console of a domain.</summary>
    public GuestConsoleOutput(ushort domain) => _domain = domain;

    /// <summary>Takes text; whole lines are printed.</summary>
    public void Write(Host host, ReadOnlySpan<byte> text)
    {
        using (_lock.Enter())
        {
            for (int i = 0; i < text.Length; i++)
                Put(host, text[i]);
        }
    }

    private void Put(Host host, byte value)
    {
        if (value == (byte)'\n')
        {
            Print(host);
            return;
        }
        if (value != (byte)'\t' && (value < 0x20 || value > 0x7e))
            return;
        _line[_length++] = value;
        if (_length == LineSize)
            Print(host);
    }

    private void Print(Host host)
    {
        ReadOnlySpan<byte> line = ((ReadOnlySpan<byte>)_line)[.._length];
        _length = 0;
        LogThreshold threshold = host.Log.Guest;
        if ((byte)LogLevel.Debug > threshold.Limited)
            return;
        if ((byte)LogLevel.Debug > threshold.Always)
        {
            if (!_limit.MayPass(host.Time.Now, out uint missed))
                return;
            if (missed != 0)
                host.Log.DomainLine(_domain, $"printk: {missed} messages suppressed.");
        }
        host.Log.DomainLine(_domain, $"{line}");
    }

    [InlineArray(LineSize)]
    private struct Line
    {
        private byte _first;
    }
}
