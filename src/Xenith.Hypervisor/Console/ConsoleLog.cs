using System;
using Xenith.Hypervisor.Power;
using Xenith.Machine;

namespace Xenith.Hypervisor.Console;

/// <summary>
/// The hypervisor's own messages. Each line gets the prefix `(XEN) ` that people and tools know from Xen, goes to the serial line if its level
/// is high enough, and always to the ring that `xl dmesg` reads.
/// </summary>
public sealed class ConsoleLog
{
    private readonly SerialPort _serial;
    private readonly ConsoleRing _ring;
    private readonly SpinLock _lock = new(LockRank.Console);

    /// <summary>Makes the log over a serial port.</summary>
    public ConsoleLog(SerialPort serial)
    {
        _serial = serial;
        _ring = new ConsoleRing();
    }

    /// <summary>Level from which on lines are printed: 0 errors, 1 warnings (Xen's default), 2 information, 3 debug.</summary>
    public int Level { get; set; } = 1;

    /// <summary>What follows the last line of a host that has failed.</summary>
    public RestartPolicy Restart { get; } = new();

    /// <summary>The serial line itself, for the guest console.</summary>
    public SerialPort Serial => _serial;

    /// <summary>What was printed lately.</summary>
    public ConsoleRing Ring => _ring;

    /// <summary>A line that is always printed.</summary>
    public void Always(LogText text) => Line(text.Text);

    /// <summary>An error.</summary>
    public void Error(LogText text) => Line(text.Text);

    /// <summary>A warning.</summary>
    public void Warning(LogText text)
    {
        if (Level >= 1)
            Line(text.Text);
    }

    /// <summary>Information.</summary>
    public void Info(LogText text)
    {
        if (Level >= 2)
            Line(text.Text);
    }

    /// <summary>Details for developers.</summary>
    public void Debug(LogText text)
    {
        if (Level >= 3)
            Line(text.Text);
    }

    /// <summary>Bytes of a guest's console, as they are (newlines become CR LF on the wire).</summary>
    public void GuestBytes(ReadOnlySpan<byte> bytes)
    {
        using (_lock.EnterInterruptSafe())
        {
            for (int i = 0; i < bytes.Length; i++)
                Put(bytes[i]);
        }
    }

    private void Line(ReadOnlySpan<byte> text)
    {
        using (_lock.EnterInterruptSafe())
        {
            Bytes("(XEN) "u8);
            Bytes(text);
            Put((byte)'\n');
        }
    }

    private void Bytes(ReadOnlySpan<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
            Put(bytes[i]);
    }

    private void Put(byte value)
    {
        _ring.Put(value);
        if (value == (byte)'\n')
            _serial.Send((byte)'\r');
        _serial.Send(value);
    }
}
