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
    private const byte ReceiveInterrupt = 0x01, TransmitInterrupt = 0x02;

    private readonly SimulatedMachine _machine;
    private readonly int _pin;
    private readonly List<byte> _sent = [];
    private readonly Queue<byte> _typed = [];
    private readonly byte[] _registers = new byte[8];
    private readonly byte[] _divisor = new byte[2];
    private bool _transmitterReported;

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

    /// <summary>Bytes that the line takes before it is busy; null for a line that never is. <see cref="Drain"/> makes it free again.</summary>
    public int? Room { get; set; }

    private bool DivisorLatch => (_registers[3] & 0x80) != 0;

    /// <summary>Bytes arrive on the line.</summary>
    public void Type(string text)
    {
        foreach (byte value in Encoding.Latin1.GetBytes(text))
            _typed.Enqueue(value);
        Update();
    }

    /// <summary>The line has sent what it had, and takes so many bytes again.</summary>
    public void Drain(int room)
    {
        Room = room;
        _transmitterReported = false;
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
                return Identify();
            case 5:
                return (uint)((Room is > 0 or null ? TransmitterEmpty : 0) | (_typed.Count > 0 ? DataReady : 0));
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
            Send((byte)value);
        else
            _registers[register] = (byte)value;
        // Turning the interrupt on with an empty transmitter raises it.
        if (register == 1)
            _transmitterReported = false;
        Update();
    }

    private bool WantsReceive => (_registers[1] & ReceiveInterrupt) != 0 && _typed.Count > 0;

    private bool WantsTransmit => (_registers[1] & TransmitInterrupt) != 0 && (Room is > 0 or null) && !_transmitterReported;

    private void Send(byte value)
    {
        _sent.Add(value);
        if (Room is int room)
            Room = System.Math.Max(room - 1, 0);
        _transmitterReported = false;
    }

    private uint Identify()
    {
        if (WantsReceive)
            return 0xc4;
        if (!WantsTransmit)
            return 0xc1;
        _transmitterReported = true;
        Update();
        return 0xc2;
    }

    private void Update() => _machine.IoApic.SetPin(_pin, WantsReceive || WantsTransmit);
}
