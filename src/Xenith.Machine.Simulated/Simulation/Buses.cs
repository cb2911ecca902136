// The two ways to a device: I/O ports and registers in the machine's address space.

using System.Collections.Generic;

namespace Xenith.Machine.Simulation;

/// <summary>A device behind I/O ports.</summary>
public interface IPortDevice
{
    /// <summary>IN of 1, 2 or 4 bytes.</summary>
    uint Read(ushort port, int size);

    /// <summary>OUT of 1, 2 or 4 bytes.</summary>
    void Write(ushort port, int size, uint value);
}

/// <summary>A device behind registers in memory.</summary>
public interface IMmioDevice
{
    /// <summary>A read at an offset from the device's first byte.</summary>
    uint Read(uint offset, int size);

    /// <summary>A write at an offset from the device's first byte.</summary>
    void Write(uint offset, int size, uint value);
}

/// <summary>The I/O port space. Ports without a device read as ones and swallow what is written.</summary>
public sealed class PortBus
{
    private readonly VirtualClock _clock;
    private readonly Dictionary<ushort, IPortDevice> _devices = [];

    internal PortBus(VirtualClock clock) => _clock = clock;

    /// <summary>Puts a device behind some ports, in place of any before.</summary>
    public void Attach(IPortDevice device, ushort first, int count)
    {
        for (int port = first; port < first + count; port++)
            _devices[(ushort)port] = device;
    }

    internal uint Read(ushort port, int size)
    {
        _clock.Tick();
        return _devices.TryGetValue(port, out IPortDevice? device) ? device.Read(port, size) : uint.MaxValue;
    }

    internal void Write(ushort port, int size, uint value)
    {
        _clock.Tick();
        if (_devices.TryGetValue(port, out IPortDevice? device))
            device.Write(port, size, value);
    }
}

/// <summary>Device registers in the machine's address space.</summary>
public sealed class MmioBus
{
    private readonly List<(ulong First, ulong Size, IMmioDevice Device)> _devices = [];

    /// <summary>What answers where no device is. Without one such an access is a mistake that ends the test.</summary>
    public IMmioDevice? Background { get; set; }

    /// <summary>Puts a device at a machine address.</summary>
    public void Attach(IMmioDevice device, ulong address, ulong size) => _devices.Add((address, size, device));

    internal bool TryFind(ulong address, out IMmioDevice device, out uint offset)
    {
        foreach ((ulong first, ulong size, IMmioDevice candidate) in _devices)
        {
            if (address >= first && address - first < size)
            {
                device = candidate;
                offset = (uint)(address - first);
                return true;
            }
        }

        device = Background!;
        offset = 0;
        return Background is not null;
    }
}

/// <summary>A bus on which nobody answers: reads give ones.</summary>
public sealed class OpenBus : IMmioDevice
{
    /// <inheritdoc/>
    public uint Read(uint offset, int size) => uint.MaxValue;

    /// <inheritdoc/>
    public void Write(uint offset, int size, uint value)
    {
    }
}

/// <summary>Where no device answers: reads give ones, writes vanish.</summary>
internal sealed class EmptyBus : IMmioDevice
{
    public static EmptyBus Instance { get; } = new();

    public uint Read(uint offset, int size) => uint.MaxValue;

    public void Write(uint offset, int size, uint value)
    {
    }
}
