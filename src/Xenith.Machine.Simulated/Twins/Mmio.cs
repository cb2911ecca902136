// Device registers of the simulated machine. The hypervisor has to have mapped them: the virtual address is translated on every
// access, and what it leads to must be a device.

using Xenith.Machine.Simulation;

namespace Xenith.Machine;

/// <summary>Registers of a device, mapped uncached. Accesses are single and in order.</summary>
public readonly struct MmioRegion
{
    private readonly ulong _address;
    private readonly uint _size;

    private MmioRegion(ulong address, uint size)
    {
        _address = address;
        _size = size;
    }

    /// <summary>Names registers that Xenith.Hypervisor has mapped at a virtual address of <see cref="AddressSpace.DeviceMappings"/>.</summary>
    public static MmioRegion AtMapped(ulong virtualAddress, uint size)
    {
        if (virtualAddress < AddressSpace.DeviceMappings || virtualAddress >= AddressSpace.Image)
            throw SimulatedFault.Protection($"no device mapping at 0x{virtualAddress:x}");
        return new MmioRegion(virtualAddress, size);
    }

    /// <summary>False for a default value.</summary>
    public bool Exists => _address != 0;

    public byte Read8(uint offset) => (byte)Find(offset, 1, AccessKind.Read, out uint at).Read(at, 1);

    public void Write8(uint offset, byte value) => Find(offset, 1, AccessKind.Write, out uint at).Write(at, 1, value);

    public ushort Read16(uint offset) => (ushort)Find(offset, 2, AccessKind.Read, out uint at).Read(at, 2);

    public void Write16(uint offset, ushort value) => Find(offset, 2, AccessKind.Write, out uint at).Write(at, 2, value);

    public uint Read32(uint offset) => Find(offset, 4, AccessKind.Read, out uint at).Read(at, 4);

    public void Write32(uint offset, uint value) => Find(offset, 4, AccessKind.Write, out uint at).Write(at, 4, value);

    public ulong Read64(uint offset) => Read32(offset) | (ulong)Read32(offset + 4) << 32;

    public void Write64(uint offset, ulong value)
    {
        Write32(offset, (uint)value);
        Write32(offset + 4, (uint)(value >> 32));
    }

    private IMmioDevice Find(uint offset, uint size, AccessKind kind, out uint at)
    {
        if (offset > _size || size > _size - offset)
            throw SimulatedFault.Protection($"register 0x{offset:x} lies outside the device");
        SimulatedCpu self = SimulatedCpu.Current;
        self.Machine.Clock.Tick();
        if (!self.TryTranslate(_address + offset, kind, AccessMode.Supervisor, out ulong machine, out uint error))
            throw new SimulatedFault(ExceptionVector.PageFault, error, $"device register at 0x{_address + offset:x}");
        if (self.Machine.Devices.TryFind(machine, out IMmioDevice device, out at))
            return device;
        // RAM mapped as a device is always a mistake; elsewhere the bus may be empty.
        return machine < self.Machine.Memory.Size ? throw new BusError(machine) : EmptyBus.Instance;
    }
}
