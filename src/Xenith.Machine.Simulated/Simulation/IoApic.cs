// IO-APIC (Intel 82093AA data sheet): 24 pins, each with a redirection entry.

namespace Xenith.Machine.Simulation;

/// <summary>A simulated IO-APIC.</summary>
public sealed class IoApic : IMmioDevice
{
    /// <summary>Machine address of the registers.</summary>
    public const ulong Address = 0xfec0_0000;

    /// <summary>Number of pins.</summary>
    public const int Pins = 24;

    private const ulong Masked = 1UL << 16, LevelTriggered = 1UL << 15, RemoteIrr = 1UL << 14;

    private readonly SimulatedMachine _machine;
    private readonly ulong[] _entries = new ulong[Pins];
    private readonly bool[] _levels = new bool[Pins];
    private uint _selected;
    private uint _id;

    internal IoApic(SimulatedMachine machine)
    {
        _machine = machine;
        System.Array.Fill(_entries, Masked);
    }

    /// <summary>A pin's redirection entry.</summary>
    public ulong Entry(int pin) => _entries[pin];

    /// <summary>A device drives a pin.</summary>
    public void SetPin(int pin, bool level)
    {
        bool rises = level && !_levels[pin];
        _levels[pin] = level;
        bool isLevel = (_entries[pin] & LevelTriggered) != 0;
        if (isLevel ? level : rises)
            Deliver(pin);
    }

    /// <summary>An edge: up and down again.</summary>
    public void Pulse(int pin)
    {
        SetPin(pin, true);
        SetPin(pin, false);
    }

    /// <inheritdoc/>
    public uint Read(uint offset, int size) => offset switch
    {
        0x00 => _selected,
        0x10 => ReadSelected(),
        _ => 0,
    };

    /// <inheritdoc/>
    public void Write(uint offset, int size, uint value)
    {
        if (offset == 0x00)
            _selected = value & 0xff;
        else if (offset == 0x10)
            WriteSelected(value);
        else if (offset == 0x40)
            EndOfInterrupt((byte)value);
    }

    internal void EndOfInterrupt(byte vector)
    {
        for (int pin = 0; pin < Pins; pin++)
        {
            if ((byte)_entries[pin] != vector || (_entries[pin] & RemoteIrr) == 0)
                continue;
            _entries[pin] &= ~RemoteIrr;
            if (_levels[pin])
                Deliver(pin);
        }
    }

    private uint ReadSelected() => _selected switch
    {
        0 => _id,
        1 => (Pins - 1) << 16 | 0x20,
        >= 0x10 and < 0x10 + 2 * Pins => (uint)(_entries[(_selected - 0x10) / 2] >> (int)(_selected & 1) * 32),
        _ => 0,
    };

    private void WriteSelected(uint value)
    {
        if (_selected == 0)
            _id = value & 0x0f00_0000;
        if (_selected is < 0x10 or >= 0x10 + 2 * Pins)
            return;
        int pin = (int)(_selected - 0x10) / 2;
        bool high = (_selected & 1) != 0;
        ulong kept = high ? _entries[pin] & uint.MaxValue : _entries[pin] & ~(ulong)uint.MaxValue;
        ulong written = high ? (ulong)value << 32 : value & ~(uint)(RemoteIrr | 1u << 12) | _entries[pin] & RemoteIrr;
        _entries[pin] = kept | written;
        if (_levels[pin] && (_entries[pin] & LevelTriggered) != 0)
            Deliver(pin);
    }

    private void Deliver(int pin)
    {
        ulong entry = _entries[pin];
        if ((entry & (Masked | RemoteIrr)) != 0)
            return;
        if ((entry & LevelTriggered) != 0)
            _entries[pin] |= RemoteIrr;
        uint destination = (uint)(entry >> 56);
        bool logical = (entry & 1 << 11) != 0;
        foreach (SimulatedCpu cpu in _machine.Cpus)
        {
            if (logical ? (destination >> (int)cpu.Id & 1) != 0 : cpu.Id == destination)
                cpu.LocalApic.Request((byte)entry);
        }
    }
}
