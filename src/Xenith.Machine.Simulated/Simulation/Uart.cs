// A 16550 UART (National Semiconductor PC16550D data sheet) whose line ends in the test: what is sent is kept, what the test
// types arrives.

using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace Xenith.Machine.Simulation;

/// <summary>A simulated serial port.</summary>
public sealed class Uart : IPortDevice
{
    private const byte TransmitterEmpty = 0x60, DataReady = 0x01;

    private readonly SimulatedMachine _machine;
    private readonly int _pin;
    private readonly List<byte> _sent = [];
    private readonly Queue<byte> _typed = [];
    private readonly byte[] _registers = new byte[8];
    private readonly byte[] _divisor = new byte[2];

    internal Uart(SimulatedMachine machine, int pin)
    {
        _machine = machine;
        _pin = pin;
    }

    /// <summary>Every byte that was sent.</summary>
    public IReadOnlyList<byte> Sent => _sent;

    /// <summary>What was sent, as text, without carriage returns.</summary>
    public string Text => Encoding.Latin1.GetString(_sent.Where(value => value != '\r').ToArray());

    /// <summary>The line speed that was programmed.</summary>
    public int Baud => 115200 / System.Math.Max(1, _divisor[0] | _divisor[1] << 8);

    private bool DivisorLatch => (_registers[3] & 0x80) != 0;

    /// <summary>Bytes arrive on the line.</summary>
    public void Type(string text)
    {
        foreach (byte value in Encoding.Latin1.GetBytes(text))
            _typed.Enqueue(value);
        Update();
    }

    /// <inheritdoc/>
    public uint Read(ushort port, int size)
    {
        int register = port & 7;
        switch (register)
        {
            case 0 or 1 when DivisorLatch:
                return _divisor[register];
            case 0:
                byte value = _typed.TryDequeue(out byte next) ? next : (byte)0;
                Update();
                return value;
            case 2:
                return (_registers[1] & 1) != 0 && _typed.Count > 0 ? 0xc4u : 0xc1u;
            case 5:
                return (uint)(TransmitterEmpty | (_typed.Count > 0 ? DataReady : 0));
            case 6:
                return 0xb0;
            default:
                return _registers[register];
        }
    }

    /// <inheritdoc/>
    public void Write(ushort port, int size, uint value)
    {
        int register = port & 7;
        if (register < 2 && DivisorLatch)
            _divisor[register] = (byte)value;
        else if (register == 0)
            _sent.Add((byte)value);
        else
            _registers[register] = (byte)value;
        Update();
    }

    private void Update() => _machine.IoApic.SetPin(_pin, (_registers[1] & 1) != 0 && _typed.Count > 0);
}
