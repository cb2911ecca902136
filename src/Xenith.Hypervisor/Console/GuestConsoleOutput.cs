using System;
using System.Runtime.CompilerServices;

namespace Xenith.Hypervisor.Console;

/// <summary>
/// The emergency console of a domain that is not dom0. Its text is gathered to lines, stripped of what could steer a terminal, and printed
/// behind `(dN)`. A domain that prints more than a few lines a second is told off once, so it cannot bury the log.
/// </summary>
public sealed class GuestConsoleOutput
{
    private const int LineSize = 200;

    /// <summary>So many lines may come at once, and as many more in each window (Xen's printk_ratelimit: 10 in 5 seconds).</summary>
    private const uint LinesPerWindow = 10;
    private const ulong Window = 5_000_000_000;

    private readonly ushort _domain;
    private readonly SpinLock _lock = new(LockRank.GuestConsole);
    private Line _line;
    private int _length;
    private ulong _windowStart;
    private uint _linesInWindow;
    private uint _suppressed;

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
        if (!MayPrint(host.Time.Now, out uint missing))
            return;
        if (missing != 0)
            Emit(host, $"(d{_domain}) [{missing} lines suppressed]\n");
        Emit(host, $"(d{_domain}) {line}\n");
    }

    private static void Emit(Host host, LogText text) => host.Log.GuestBytes(text.Text);

    private bool MayPrint(ulong now, out uint missing)
    {
        missing = 0;
        if (_linesInWindow != 0 && now >= _windowStart + Window)
            _linesInWindow = 0;
        if (_linesInWindow == 0)
            _windowStart = now;
        if (_linesInWindow == LinesPerWindow)
        {
            _suppressed++;
            return false;
        }
        _linesInWindow++;
        missing = _suppressed;
        _suppressed = 0;
        return true;
    }

    [InlineArray(LineSize)]
    private struct Line
    {
        private byte _first;
    }
}
