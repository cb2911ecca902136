// The clocks of a PC's chipset that software calibrates with: the interval timer (Intel 8254 data sheet), the ACPI PM timer (ACPI
// 4.8.3.3) and the real-time clock (Motorola MC146818A data sheet).

using System;

namespace Xenith.Machine.Simulation;

/// <summary>8254 interval timer at ports 0x40 to 0x43, and the gate of channel 2 at port 0x61.</summary>
public sealed class IntervalTimer : IPortDevice
{
    /// <summary>Counts per second.</summary>
    public const ulong Frequency = 1193182;

    private readonly SimulatedMachine _machine;
    private readonly VirtualClock.Alarm _alarm;
    private readonly Channel[] _channels = [new(), new(), new()];
    private byte _control;

    internal IntervalTimer(SimulatedMachine machine)
    {
        _machine = machine;
        _alarm = machine.Clock.CreateAlarm(Channel0Rings);
    }

    private ulong Now => _machine.Clock.Now;

    /// <inheritdoc/>
    public uint Read(ushort port, int size)
    {
        if (port == 0x61)
            return (uint)(_control & 0x0f | (_channels[2].IsOutputHigh(Now) ? 0x20 : 0));
        return port == 0x43 ? 0xffu : _channels[port & 3].ReadByte(Now);
    }

    /// <inheritdoc/>
    public void Write(ushort port, int size, uint value)
    {
        if (port == 0x61)
        {
            if ((value & 1) != 0 && (_control & 1) == 0)
                _channels[2].Start(Now);
            _control = (byte)value;
        }
        else if (port == 0x43)
        {
            if (value >> 6 != 3)
                _channels[value >> 6].Command((byte)value, Now);
        }
        else if (_channels[port & 3].WriteByte((byte)value, Now) && port == 0x40)
        {
            SetAlarm();
        }
    }

    private void SetAlarm() => _alarm.Set(Now + _channels[0].Period);

    private void Channel0Rings()
    {
        if (_channels[0].IsPeriodic)
            SetAlarm();
        _machine.IoApic.Pulse(2);
    }

    private sealed class Channel
    {
        private ulong _started;
        private uint _reload = 0x10000;
        private int _mode;
        private int _access = 3;
        private bool _highNext;
        private int _latched = -1;

        internal bool IsPeriodic => _mode is 2 or 3;

        internal ulong Period => (ulong)((UInt128)_reload * 1_000_000_000 / Frequency);

        internal void Command(byte value, ulong now)
        {
            int access = value >> 4 & 3;
            if (access == 0)
            {
                _latched = (int)Count(now);
                return;
            }

            _access = access;
            _mode = (value >> 1 & 7) % 6;
            _highNext = false;
            _latched = -1;
        }

        internal void Start(ulong now) => _started = now;

        /// <summary>Takes a byte of the count; true if the count is complete and runs.</summary>
        internal bool WriteByte(byte value, ulong now)
        {
            bool high = _access == 2 || (_access == 3 && _highNext);
            _reload = high ? _reload & 0xff | (uint)value << 8 : _reload & 0xff00 | value;
            if (_access == 3 && !_highNext)
            {
                _highNext = true;
                return false;
            }

            _highNext = false;
            if (_access == 1)
                _reload &= 0xff;
            if (_reload == 0)
                _reload = 0x10000;
            _started = now;
            return true;
        }

        internal byte ReadByte(ulong now)
        {
            uint count = _latched >= 0 ? (uint)_latched : Count(now);
            bool high = _access == 2 || (_access == 3 && _highNext);
            if (_access == 3)
                _highNext = !_highNext;
            if (high || _access != 3)
                _latched = -1;
            return (byte)(high ? count >> 8 : count);
        }

        internal bool IsOutputHigh(ulong now) => _mode != 0 || Passed(now) >= _reload;

        private uint Count(ulong now)
        {
            ulong passed = Passed(now);
            return (uint)(IsPeriodic ? _reload - passed % _reload : unchecked(_reload - passed)) & 0xffff;
        }

        private ulong Passed(ulong now) => (ulong)((UInt128)(now - _started) * Frequency / 1_000_000_000);
    }
}

/// <summary>ACPI power-management timer: 3.579545 MHz, 32 bits.</summary>
public sealed class PmTimer : IPortDevice
{
    /// <summary>Its port on the simulated machine, as on QEMU's q35.</summary>
    public const ushort PortNumber = 0x608;

    /// <summary>Counts per second.</summary>
    public const ulong Frequency = 3579545;

    private readonly VirtualClock _clock;

    internal PmTimer(VirtualClock clock) => _clock = clock;

    /// <inheritdoc/>
    public uint Read(ushort port, int size) => (uint)((UInt128)_clock.Now * Frequency / 1_000_000_000);

    /// <inheritdoc/>
    public void Write(ushort port, int size, uint value)
    {
    }
}

/// <summary>Real-time clock and CMOS memory at ports 0x70 and 0x71.</summary>
public sealed class RealTimeClock : IPortDevice
{
    private readonly VirtualClock _clock;
    private readonly byte[] _memory = new byte[128];
    private int _index;

    internal RealTimeClock(VirtualClock clock)
    {
        _clock = clock;
        _memory[0x0a] = 0x26;
        _memory[0x0b] = 0x02;
        _memory[0x0d] = 0x80;
    }

    /// <summary>The date and time at which the machine was switched on.</summary>
    public DateTime Start { get; set; } = new(2025, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    private DateTime Now => Start.AddTicks((long)(_clock.Now / 100));

    /// <inheritdoc/>
    public uint Read(ushort port, int size)
    {
        if ((port & 1) == 0)
            return 0xff;
        return _index switch
        {
            0x00 => Encode(Now.Second),
            0x02 => Encode(Now.Minute),
            0x04 => Encode(Now.Hour),
            0x06 => Encode((int)Now.DayOfWeek + 1),
            0x07 => Encode(Now.Day),
            0x08 => Encode(Now.Month),
            0x09 => Encode(Now.Year % 100),
            0x32 => Encode(Now.Year / 100),
            _ => _memory[_index],
        };
    }

    /// <inheritdoc/>
    public void Write(ushort port, int size, uint value)
    {
        if ((port & 1) == 0)
            _index = (int)(value & 0x7f);
        else
            _memory[_index] = (byte)value;
    }

    /// <summary>BCD, unless bit 2 of register B asks for binary.</summary>
    private byte Encode(int value) => (byte)((_memory[0x0b] & 4) != 0 ? value : value / 10 << 4 | value % 10);
}

/// <summary>The two 8259 interrupt controllers: they are masked and stay silent, but their registers can be read back.</summary>
public sealed class InterruptController8259 : IPortDevice
{
    private byte _mask = 0xff;

    /// <inheritdoc/>
    public uint Read(ushort port, int size) => (port & 1) != 0 ? _mask : 0u;

    /// <inheritdoc/>
    public void Write(ushort port, int size, uint value)
    {
        if ((port & 1) != 0)
            _mask = (byte)value;
    }
}
