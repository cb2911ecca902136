using Xenith.Hypervisor.Console;
namespace Xenith.Hypervisor.Paravirtual;

/// <summary>Which of the 65,536 I/O ports a domain may use: a bit each.</summary>
public sealed class IoPermissions
{
    private const uint PortCount = 0x10000;

    private readonly ulong[] _bits = new ulong[PortCount / 64];

    /// <summary>Allows ports from the first to the last, both included.</summary>
    public void Allow(uint first, uint last)
    {
        for (uint port = first; port <= last && port < PortCount; port++)
            _bits[(int)(port / 64)] |= 1UL << (int)(port % 64);
    }

    /// <summary>Takes ports away.</summary>
    public void Deny(uint first, uint last)
    {
        for (uint port = first; port <= last && port < PortCount; port++)
            _bits[(int)(port / 64)] &= ~(1UL << (int)(port % 64));
    }

    /// <summary>True if all ports of an access are allowed. An access does not go on beyond the last port.</summary>
    public bool IsAllowed(uint first, int size)
    {
        for (uint port = first; port < first + (uint)size; port++)
        {
            if (port >= PortCount || (_bits[(int)(port / 64)] >> (int)(port % 64) & 1) == 0)
                return false;
        }
        return true;
    }

    /// <summary>All ports but those of devices that the hypervisor drives itself: what dom0 gets.</summary>
    public void AllowAllButOwn(Host host)
    {
        Allow(0, PortCount - 1);
        Deny(0x20, 0x21); // interrupt controllers
        Deny(0xa0, 0xa1);
        Deny(0x40, 0x43); // interval timer
        Deny(0x61, 0x61); // its gate and the speaker
        Deny(host.Log.Serial);
        Deny(host.Log.Second);
        ushort timer = host.Platform.PmTimerPort;
        if (timer != 0)
            Deny(timer, timer + 3u);
    }

    /// <summary>A serial port that the hypervisor uses.</summary>
    private void Deny(SerialPort port)
    {
        if (port.Base != 0)
            Deny(port.Base, port.Base + port.PortCount - 1);
    }
}
