using System;
using Xenith.Hypervisor.Boot;
using Xenith.Machine;

namespace Xenith.Hypervisor.Console;

/// <summary>
/// A 16550 UART (National Semiconductor PC16550D data sheet). While booting and after a panic each byte is sent before the caller goes on. Once the port's
/// interrupt is connected, bytes go through a buffer that the interrupt empties: a line at 115,200 baud takes 9 ms, for which no CPU need stand still. A full
/// buffer makes the writer wait, so nothing is lost. The console's lock guards the sending half.
/// </summary>
public sealed class SerialPort
{
    private const ushort Data = 0, InterruptEnable = 1, InterruptIdentification = 2, FifoControl = 2, LineControl = 3, ModemControl = 4, LineStatus = 5;
    private const byte DataReady = 0x01, TransmitterEmpty = 0x20, AllSent = 0x40, NoInterrupt = 0x01, FifosWork = 0xc0;
    private const byte ReceiveInterrupt = 0x01, TransmitInterrupt = 0x02;
    private const int FifoSize = 16;
    private const int BufferSize = 16384;

    /// <summary>Reads of the line status before a byte is given up: about a second.</summary>
    private const int Patience = 1_000_000;

    private readonly bool _present;
    private readonly int _shift;
    private readonly int _room;
    private readonly SerialHalf _half;
    private byte[] _buffer = new byte[0];
    private uint _produced;
    private uint _consumed;
    private bool _buffered;
    private byte _interrupts;

    /// <summary>No port: what is sent is lost, nothing arrives.</summary>
    public SerialPort()
    {
    }

    /// <summary>Sets up a port of a PC: 8 data bits, no parity, one stop bit, at a baud rate that divides 115200.</summary>
    public SerialPort(ushort basePort, uint baud)
        : this(SerialOption.Com1 with { IoBase = basePort, Baud = baud }, SerialHalf.Whole)
    {
    }

    /// <summary>Sets up a port as the command line says.</summary>
    internal SerialPort(in SerialOption option, SerialHalf half)
    {
        Base = (ushort)(option.IoBase & 0xffff);
        Irq = option.Irq;
        _shift = (int)option.RegisterShift;
        _half = half;
        Write(InterruptEnable, 0);
        byte format = (byte)(option.DataBits - 5u | (option.StopBits == 2 ? 4u : 0) | ParityBits(option.Parity));
        if (option.Baud != 0)
        {
            uint divisor = Math.Max(option.ClockHertz / 16 / option.Baud, 1);
            Write(LineControl, 0x80);
            Write(Data, (byte)(divisor & 0xff));
            Write(InterruptEnable, (byte)(divisor >> 8 & 0xff));
            Write(LineControl, format);
        }
        Write(FifoControl, 0x07);
        Write(ModemControl, 0x0b);
        _present = Read(LineStatus) != 0xff;
        _room = (Read(InterruptIdentification) & FifosWork) == FifosWork ? FifoSize : 1;
    }

    /// <summary>First of the eight ports; 0 if there is no port.</summary>
    public ushort Base { get; }

    /// <summary>Ports that the device takes.</summary>
    public uint PortCount => 8u << _shift;

    /// <summary>Interrupt line, 0 if the port is to be polled.</summary>
    public uint Irq { get; }

    /// <summary>True if there is a device behind the ports.</summary>
    public bool IsPresent => _present;

    /// <summary>Bytes that wait to be sent.</summary>
    public uint Waiting => unchecked(_produced - _consumed);

    /// <summary>Sends a byte, or puts it into the buffer: <see cref="Pump"/> then has to be called.</summary>
    public void Send(byte value)
    {
        if (!_present)
            return;
        byte coded = _half switch
        {
            SerialHalf.High => (byte)(value | 0x80),
            SerialHalf.Low => (byte)(value & 0x7f),
            _ => value,
        };
        if (!_buffered)
        {
            AwaitTransmitter();
            Write(Data, coded);
            return;
        }
        if (Waiting == BufferSize)
        {
            AwaitTransmitter();
            Transmit();
        }
        _buffer[(int)(_produced % BufferSize)] = coded;
        _produced = unchecked(_produced + 1);
    }

    /// <summary>Sends from the buffer what the port takes now, and asks for an interrupt if something is left.</summary>
    internal void Pump()
    {
        if (!_buffered)
            return;
        while (Waiting != 0 && (Read(LineStatus) & TransmitterEmpty) != 0)
            Transmit();
        SetInterrupts(Waiting != 0 ? (byte)(ReceiveInterrupt | TransmitInterrupt) : ReceiveInterrupt);
    }

    /// <summary>Sends everything that waits, and from now on each byte at once. Returns when the last bit has left the port, so that the machine may end.</summary>
    internal void SendAll()
    {
        while (_buffered && Waiting != 0)
        {
            AwaitTransmitter();
            Transmit();
        }
        _buffered = false;
        for (int patience = 0; _present && patience < Patience && (Read(LineStatus) & AllSent) == 0; patience++)
            Cpu.Pause();
    }

    /// <summary>Takes a received byte, if there is one.</summary>
    public bool TryReceive(out byte value)
    {
        value = 0;
        while (_present && (Read(LineStatus) & DataReady) != 0)
        {
            byte coded = Read(Data);
            bool isHigh = (coded & 0x80) != 0;
            if ((_half == SerialHalf.High && !isHigh) || (_half == SerialHalf.Low && isHigh))
                continue;
            value = _half == SerialHalf.Whole ? coded : (byte)(coded & 0x7f);
            return true;
        }
        return false;
    }

    /// <summary>
    /// True while the port has a reason to interrupt. Its line stays high then, and an edge-triggered pin says nothing until it has been low: whoever serves the
    /// port goes on until this is false.
    /// </summary>
    internal bool WantsService => _present && _interrupts != 0 && (Read(InterruptIdentification) & NoInterrupt) == 0;

    /// <summary>The port's interrupt is connected: it is raised when a byte arrives and, unless <paramref name="synchronous"/>, when bytes can be sent.</summary>
    internal void ConnectInterrupt(bool synchronous)
    {
        if (!_present)
            return;
        if (!synchronous)
            _buffer = new byte[BufferSize];
        _buffered = !synchronous;
        SetInterrupts(ReceiveInterrupt);
    }

    private static uint ParityBits(SerialParity parity) => parity switch
    {
        SerialParity.Odd => 0x08,
        SerialParity.Even => 0x18,
        SerialParity.Mark => 0x28,
        SerialParity.Space => 0x38,
        _ => 0,
    };

    /// <summary>Fills the transmitter, which is empty.</summary>
    private void Transmit()
    {
        for (int i = 0; i < _room && Waiting != 0; i++)
        {
            Write(Data, _buffer[(int)(_consumed % BufferSize)]);
            _consumed = unchecked(_consumed + 1);
        }
    }

    private void AwaitTransmitter()
    {
        for (int patience = 0; patience < Patience && (Read(LineStatus) & TransmitterEmpty) == 0; patience++)
            Cpu.Pause();
    }

    private void SetInterrupts(byte interrupts)
    {
        if (_interrupts == interrupts)
            return;
        _interrupts = interrupts;
        Write(InterruptEnable, interrupts);
    }

    private byte Read(ushort register) => Port.In8((ushort)(Base + (register << _shift)));

    private void Write(ushort register, byte value) => Port.Out8((ushort)(Base + (register << _shift)), value);
}
