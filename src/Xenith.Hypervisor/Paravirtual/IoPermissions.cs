using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>Which of the 65,536 I/O ports a domain may use: a bit each, in frames that only a domain has that was given a port.</summary>
public sealed class IoPermissions
{
    private const uint PortCount = 0x10000;
    private const int FrameOrder = 1;

    private Table<ulong> _bits;
    private Mfn _frames = Mfn.Invalid;

    /// <summary>Allows ports from the first to the last, both included. False if there is no memory for that.</summary>
    public bool Allow(uint first, uint last)
    {
        if (_bits.Count == 0)
        {
            if (!Host.Current.Memory.Allocator.TryAllocate(FrameOrder, AllocationFlags.Zeroed, out _frames))
                return false;
            _bits = Table<ulong>.Over(_frames.Address, PortCount / 64);
        }
        for (uint port = first; port <= last && port < PortCount; port++)
            _bits[port / 64] |= 1UL << (int)(port % 64);
        return true;
    }

    /// <summary>Takes ports away.</summary>
    public void Deny(uint first, uint last)
    {
        for (uint port = first; _bits.Count != 0 && port <= last && port < PortCount; port++)
            _bits[port / 64] &= ~(1UL << (int)(port % 64));
    }

    /// <summary>Frees the frames of a domain that nobody can find any more.</summary>
    internal void FreeFrames(PageAllocator allocator)
    {
        if (_bits.Count != 0)
            allocator.Free(_frames, FrameOrder);
        _bits = default;
    }

    /// <summary>True if all ports of an access are allowed. An access does not go on beyond the last port.</summary>
    public bool IsAllowed(uint first, int size)
    {
        for (uint port = first; port < first + (uint)size; port++)
        {
            if (port >= PortCount || _bits.Count == 0 || (_bits[port / 64] >> (int)(port % 64) & 1) == 0)
                return false;
        }
        return true;
    }

    /// <summary>All ports but those of devices that the hypervisor drives itself: what dom0 gets. False if there is no memory.</summary>
    public bool AllowAllButOwn(Host host)
    {
        if (!Allow(0, PortCount - 1))
            return false;
        Deny(0x20, 0x21); // interrupt controllers
        Deny(0xa0, 0xa1);
        Deny(0x40, 0x43); // interval timer
        Deny(0x61, 0x61); // its gate and the speaker
        Deny(host.Log.Serial);
        Deny(host.Log.Second);
        ushort timer = host.Platform.PmTimerPort;
        if (timer != 0)
            Deny(timer, timer + 3u);
        return true;
    }

    /// <summary>A serial port that the hypervisor uses.</summary>
    private void Deny(SerialPort port)
    {
        if (port.Base != 0)
            Deny(port.Base, port.Base + port.PortCount - 1);
    }
}
