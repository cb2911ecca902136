using Xenith.Machine;

namespace Xenith.Hypervisor.Console;

/// <summary>A 16550 UART (National Semiconductor PC16550D data sheet): polled output, input by polling or interrupt.</summary>
public sealed class SerialPort
{
    private const ushort Data = 0, InterruptEnable = 1, FifoControl = 2, LineControl = 3, ModemControl = 4, LineStatus = 5;
    private const byte DataReady = 0x01, TransmitterEmpty = 0x20;

    private readonly bool _present;

    /// <summary>No port: what is sent is lost, nothing arrives.</summary>
    public SerialPort()
    {
    }

    /// <summary>Sets up a port: 8 data bits, no parity, one stop bit, at a baud rate that divides 115200.</summary>
    public SerialPort(ushort basePort, uint baud)
    {
        Base = basePort;
        uint divisor = baud == 0 ? 1 : 115200 / baud;
        Port.Out8((ushort)(basePort + InterruptEnable), 0);
        Port.Out8((ushort)(basePort + LineControl), 0x80);
        Port.Out8((ushort)(basePort + Data), (byte)(divisor & 0xff));
        Port.Out8((ushort)(basePort + InterruptEnable), (byte)(divisor >> 8 & 0xff));
        Port.Out8((ushort)(basePort + LineControl), 0x03);
        Port.Out8((ushort)(basePort + FifoControl), 0x07);
        Port.Out8((ushort)(basePort + ModemControl), 0x0b);
        _present = Port.In8((ushort)(basePort + LineStatus)) != 0xff;
    }

    /// <summary>First of the eight ports.</summary>
    public ushort Base { get; }

    /// <summary>Sends a byte; waits while the transmitter is full, but never for ever.</summary>
    public void Send(byte value)
    {
        if (!_present)
            return;
        for (int patience = 0; patience < 100_000; patience++)
        {
            if ((Port.In8((ushort)(Base + LineStatus)) & TransmitterEmpty) != 0)
                break;
            Cpu.Pause();
        }
        Port.Out8((ushort)(Base + Data), value);
    }

    /// <summary>Takes a received byte, if there is one.</summary>
    public bool TryReceive(out byte value)
    {
        value = 0;
        if (!_present || (Port.In8((ushort)(Base + LineStatus)) & DataReady) == 0)
            return false;
        value = Port.In8((ushort)(Base + Data));
        return true;
    }

    /// <summary>Makes the port raise its interrupt when a byte arrives.</summary>
    public void EnableReceiveInterrupt() => Port.Out8((ushort)(Base + InterruptEnable), 1);
}
