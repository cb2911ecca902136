// PCI functions behind configuration mechanism 1 (PCI Local Bus Specification 3.0, 3.2.2.3.2): an address in port 0xcf8, data at 0xcfc to 0xcff. Devices are as obliging or as
// hostile as the test makes them: what they say of themselves is a plain array of bytes.

using System.Collections.Generic;

namespace Xenith.Machine.Simulation;

/// <summary>The PCI buses of segment 0.</summary>
public sealed class PciBus : IPortDevice
{
    /// <summary>First of the eight ports.</summary>
    public const ushort FirstPort = 0xcf8;

    private readonly Dictionary<(int Bus, int DeviceAndFunction), PciDevice> _devices = [];
    private uint _address;

    /// <summary>Puts a function on a bus.</summary>
    public void Attach(PciDevice device, int bus, int deviceAndFunction) => _devices[(bus, deviceAndFunction)] = device;

    /// <inheritdoc/>
    public uint Read(ushort port, int size)
    {
        if (port < FirstPort + 4)
            return port == FirstPort && size == 4 ? _address : uint.MaxValue;
        return Selected is { } device ? device.ReadConfiguration(Offset(port), size) : uint.MaxValue;
    }

    /// <inheritdoc/>
    public void Write(ushort port, int size, uint value)
    {
        if (port >= FirstPort + 4)
            Selected?.WriteConfiguration(Offset(port), size, value);
        else if (port == FirstPort && size == 4)
            _address = value;
    }

    private PciDevice? Selected =>
        (_address >> 31) != 0 && _devices.TryGetValue(((int)(_address >> 16 & 0xff), (int)(_address >> 8 & 0xff)), out PciDevice? device) ? device : null;

    private int Offset(ushort port) => (int)(_address & 0xfc) + (port & 3);
}
