using System;
using System.Threading;
using Xenith.Hypervisor.Boot;
using Xenith.Hypervisor.Power;
using Xenith.Hypervisor.Time;
using Xenith.Machine;

namespace Xenith.Hypervisor.Console;

/// <summary>
/// The log: the hypervisor's own messages, behind the prefix `(XEN) ` that people and tools know from Xen, and what domains print. It goes to the serial lines
/// and the screen, and into the ring that `xl dmesg` reads. All CPUs may print at any time, also under locks and in interrupt handlers; after a panic has begun,
/// the CPU that panics prints without the lock, and nobody else prints.
/// </summary>
public sealed class ConsoleLog
{
    private readonly SpinLock _lock = new(LockRank.Console);
    private int _emergencyCpu = -1;
    private int _news;

    /// <summary>Makes the log over a serial port. Everything is printed until levels are set.</summary>
    public ConsoleLog(SerialPort serial)
    {
        Serial = serial;
        Second = new SerialPort();
        Host.Set(4, 4);
        Guest.Set(4, 4);
    }

    /// <summary>The first serial line.</summary>
    public SerialPort Serial { get; }

    /// <summary>The second one, if there is one.</summary>
    public SerialPort Second { get; set; }

    /// <summary>The screen, while it is the hypervisor's.</summary>
    public Screen? Screen { get; set; }

    /// <summary>What was printed lately.</summary>
    public ConsoleRing Ring { get; } = new();

    /// <summary>Which of the hypervisor's messages are printed.</summary>
    public LogThreshold Host { get; } = new();

    /// <summary>Which messages about what guests do are printed.</summary>
    public LogThreshold Guest { get; } = new();

    /// <summary>What follows the last line of a host that has failed.</summary>
    public RestartPolicy Restart { get; } = new();

    /// <summary>System time for time stamps and rate limits; null until the clocks run.</summary>
    public SystemTime? Time { get; set; }

    /// <summary>dom0's console output goes into the ring too (`console_to_ring`).</summary>
    public bool GuestsToRing { get; set; }

    /// <summary>Time stamps in front of lines.</summary>
    internal TimestampOption Timestamps { get; set; }

    /// <summary>A line that is always printed.</summary>
    public void Always(LogText text) => Line("(XEN) "u8, text.Text);

    /// <summary>An error of the hypervisor.</summary>
    public void Error(LogText text) => Message(LogLevel.Error, text);

    /// <summary>A warning.</summary>
    public void Warning(LogText text) => Message(LogLevel.Warning, text);

    /// <summary>Information.</summary>
    public void Info(LogText text) => Message(LogLevel.Info, text);

    /// <summary>Details for developers.</summary>
    public void Debug(LogText text) => Message(LogLevel.Debug, text);

    /// <summary>A message about what a guest has done, or failed to do: the guest's own fault, so it must not fill the log (`guest_loglvl`).</summary>
    public void AboutGuest(LogLevel level, LogText text) => Message(Guest, level, text);

    /// <summary>Bytes of dom0's console, as they are (newlines become CR LF on the wire).</summary>
    public void GuestBytes(ReadOnlySpan<byte> bytes)
    {
        if (IsSilent)
            return;
        using (_lock.EnterInterruptSafe())
        {
            Show(bytes, GuestsToRing);
            Serial.Pump();
            Second.Pump();
        }
    }

    /// <summary>Bytes of the ring once more, to the serial lines and the screen.</summary>
    internal void Replay(ReadOnlySpan<byte> bytes)
    {
        using (_lock.EnterInterruptSafe())
        {
            Show(bytes, false);
            Serial.Pump();
            Second.Pump();
        }
    }

    /// <summary>A line that another domain has printed: behind `(dN) `, into the ring too.</summary>
    internal void DomainLine(ushort domain, LogText text)
    {
        LogText prefix = new(0, 0);
        prefix.AppendLiteral("(d");
        prefix.AppendFormatted(domain);
        prefix.AppendLiteral(") ");
        Line(prefix.Text, text.Text);
    }

    /// <summary>Bytes of the ring, for a reader; see <see cref="ConsoleRing.Read"/>.</summary>
    public int ReadRing(Span<byte> to, bool incremental, ref uint index, bool clear)
    {
        using (_lock.EnterInterruptSafe())
            return Ring.Read(to, incremental, ref index, clear);
    }

    /// <summary>Shows everything on a screen too, first what has been printed so far.</summary>
    internal void Attach(Screen screen)
    {
        using (_lock.EnterInterruptSafe())
        {
            for (uint at = Ring.Oldest; at != Ring.Produced; at = unchecked(at + 1))
                screen.Put(Ring.At(at));
            Screen = screen;
        }
    }

    /// <summary>Continues the ring in larger memory.</summary>
    internal void GrowRing(Table<byte> larger)
    {
        using (_lock.EnterInterruptSafe())
            Ring.Grow(larger);
    }

    /// <summary>True once after something came into the ring: whoever watches it (VIRQ_CON_RING) is to be told.</summary>
    internal bool TakeNews() => Interlocked.Exchange(ref _news, 0) != 0;

    /// <summary>Sends what still waits in front of the serial lines, as far as they take it.</summary>
    internal void Pump()
    {
        using (_lock.EnterInterruptSafe())
        {
            Serial.Pump();
            Second.Pump();
        }
    }

    /// <summary>The machine is about to end: sends what still waits, and from now on each byte at once. Nothing that was printed is lost with the power.</summary>
    internal void SendAll()
    {
        if (Volatile.Read(ref _emergencyCpu) != -1)
            return;
        using (_lock.EnterInterruptSafe())
        {
            Serial.SendAll();
            Second.SendAll();
        }
    }

    /// <summary>
    /// The host is failing: from now on only this CPU prints, without the lock, and every byte is sent at once. False if that has been said before, by this CPU
    /// or another.
    /// </summary>
    internal bool BeginEmergency()
    {
        if (Interlocked.CompareExchange(ref _emergencyCpu, (int)PerCpu.Id, -1) != -1)
            return false;
        Serial.SendAll();
        Second.SendAll();
        return true;
    }

    /// <summary>New lines raise VIRQ_CON_RING: once there are domains that may watch the ring.</summary>
    internal bool TellsReaders { get; set; }

    /// <summary>True if the host is failing, and this CPU or another says so.</summary>
    internal bool IsEmergency => Volatile.Read(ref _emergencyCpu) >= 0;

    /// <summary>True if another CPU has begun a panic: this one has nothing to say any more.</summary>
    internal bool IsSilent => Volatile.Read(ref _emergencyCpu) is var cpu && cpu >= 0 && cpu != (int)PerCpu.Id;

    private void Message(LogLevel level, LogText text) => Message(Host, level, text);

    private void Message(LogThreshold threshold, LogLevel level, LogText text)
    {
        if ((byte)level > threshold.Limited || IsSilent)
            return;
        if ((byte)level > threshold.Always && !IsEmergency)
        {
            if (!MayPass(threshold, out uint missed))
                return;
            if (missed != 0)
                Always($"printk: {missed} messages suppressed.");
        }
        Line("(XEN) "u8, text.Text);
    }

    private bool MayPass(LogThreshold threshold, out uint missed)
    {
        ulong now = Time is SystemTime time ? time.Now : 0;
        using (_lock.EnterInterruptSafe())
            return threshold.MayPass(now, out missed);
    }

    private void Line(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> text)
    {
        if (IsSilent)
            return;
        LogText stamp = new(0, 0);
        Timestamp.Append(ref stamp, Timestamps, Time);
        if (IsEmergency)
        {
            Lines(prefix, stamp.Text, text);
            return;
        }
        using (_lock.EnterInterruptSafe())
            Lines(prefix, stamp.Text, text);
        if (TellsReaders && Interlocked.Exchange(ref _news, 1) == 0)
            PerCpu.RaiseWork(PendingWork.Deferred);
    }

    /// <summary>A text with newlines in it becomes several lines, each with prefix and stamp.</summary>
    private void Lines(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> stamp, ReadOnlySpan<byte> text)
    {
        int start = 0;
        do
        {
            ReadOnlySpan<byte> rest = text.Slice(start);
            int end = rest.IndexOf((byte)'\n');
            Show(prefix, true);
            Show(stamp, true);
            Show(end < 0 ? rest : rest.Slice(0, end), true);
            Show((byte)'\n', true);
            start = end < 0 ? text.Length : start + end + 1;
        }
        while (start < text.Length);
        Serial.Pump();
        Second.Pump();
    }

    private void Show(ReadOnlySpan<byte> bytes, bool keep)
    {
        for (int i = 0; i < bytes.Length; i++)
            Show(bytes[i], keep);
    }

    private void Show(byte value, bool keep)
    {
        if (keep)
            Ring.Put(value);
        if (value == (byte)'\n')
        {
            Serial.Send((byte)'\r');
            Second.Send((byte)'\r');
        }
        Serial.Send(value);
        Second.Send(value);
        Screen?.Put(value);
    }
}
