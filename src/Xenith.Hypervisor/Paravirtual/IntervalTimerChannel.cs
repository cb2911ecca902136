using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>
/// What dom0 may do with the interval timer (Intel 8254): channel 2, which sounds the speaker and which Linux measures the TSC with, and its gate and output in port 0x61. The other
/// channels are not dom0's, so commands for them go nowhere. The real channel answers: the hypervisor uses it only while it boots.
/// </summary>
internal static class IntervalTimerChannel
{
    private const ushort Channel2 = 0x42, Command = 0x43, Gate = 0x61;

    // A command's upper two bits select the channel; both set read several back, and bits 1 to 3 say which (8254 data sheet, "Read-Back Command").
    private const byte Select = 0xc0, SelectChannel2 = 0x80, ReadBack = 0xc0, ReadBackOfChannel2 = 0x08, NotOtherChannels = 0xf8;

    // Port 0x61: the gate of channel 2 and the speaker.
    private const byte GateAndSpeaker = 3;

    /// <summary>True for the ports of channel 2.</summary>
    internal static bool Has(ushort port) => port is Channel2 or Command or Gate;

    /// <summary>Reads a byte. The command register cannot be read, and gives zero.</summary>
    internal static byte Read(ushort port) => port == Command ? (byte)0 : Port.In8(port);

    /// <summary>Writes a byte.</summary>
    internal static void Write(ushort port, byte value)
    {
        switch (port)
        {
            case Channel2:
                Port.Out8(port, value);
                break;
            case Gate:
                Port.Out8(port, (byte)((Port.In8(port) & ~GateAndSpeaker) | (value & GateAndSpeaker)));
                break;
            case Command when (value & Select) == SelectChannel2:
                Port.Out8(port, value);
                break;
            case Command when (value & Select) == ReadBack && (value & ReadBackOfChannel2) != 0:
                Port.Out8(port, (byte)(value & NotOtherChannels));
                break;
        }
    }
}
