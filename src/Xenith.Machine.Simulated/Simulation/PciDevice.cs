// A PCI function with memory regions, MSI and MSI-X (PCI Local Bus Specification 3.0, 6.2.5.1, 6.8). Configuration space is an array of bytes and an array of masks of what can be written, which a test
// may fill with anything.

using System;

namespace Xenith.Machine.Simulation;

/// <summary>A simulated PCI function. Its memory answers at the addresses that its regions had when they were added.</summary>
public sealed class PciDevice
{
    private const ushort MemoryDecoding = 2;

    private readonly SimulatedMachine _machine;
    private readonly MsixMemory?[] _regions = new MsixMemory?[6];
    private int _msi, _msix;
    private bool _msiPending;

    /// <summary>A function without capabilities, which decodes memory.</summary>
    public PciDevice(SimulatedMachine machine, ushort vendor = 0x1b36, ushort device = 0x10)
    {
        _machine = machine;
        Put16(0, vendor);
        Put16(2, device);
        Put16(4, MemoryDecoding | 4);
        Put16Mask(4, 0x0547);
    }

    /// <summary>Configuration space.</summary>
    public byte[] Configuration { get; } = new byte[256];

    /// <summary>Which of its bits can be written.</summary>
    public byte[] Writable { get; } = new byte[256];

    /// <summary>Called before each write to configuration space or table: a device may interrupt at any moment.</summary>
    public Action? BeforeWrite { get; set; }

    /// <summary>Messages that were sent.</summary>
    public int Sent { get; private set; }

    /// <summary>Writes a word of configuration space, as the device itself does.</summary>
    public void Put16(int offset, ushort value) => BitConverter.GetBytes(value).CopyTo(Configuration, offset);

    /// <summary>Writes a doubleword of configuration space, as the device itself does.</summary>
    public void Put32(int offset, uint value) => BitConverter.GetBytes(value).CopyTo(Configuration, offset);

    /// <summary>Reads a word.</summary>
    public ushort Get16(int offset) => BitConverter.ToUInt16(Configuration, offset);

    /// <summary>Reads a doubleword.</summary>
    public uint Get32(int offset) => BitConverter.ToUInt32(Configuration, offset);

    /// <summary>Adds a 32-bit memory region of a power of two.</summary>
    public void AddRegion(int index, uint address, uint size)
    {
        Put32(0x10 + index * 4, address);
        Put32Mask(0x10 + index * 4, ~(size - 1));
        _regions[index] = new MsixMemory(this, size);
        _machine.Devices.Attach(_regions[index]!, address, size);
    }

    /// <summary>Adds the MSI capability in front of the others.</summary>
    public void AddMsi(int offset, bool is64Bit, bool hasMask)
    {
        _msi = offset;
        AddCapability(offset, 5);
        Put16(offset + 2, (ushort)((is64Bit ? 1 << 7 : 0) | (hasMask ? 1 << 8 : 0) | 2 << 1));
        Put16Mask(offset + 2, 0x71);
        Put32Mask(offset + 4, ~3u);
        int data = offset + (is64Bit ? 12 : 8);
        if (is64Bit)
            Put32Mask(offset + 8, ~0u);
        Put16Mask(data, 0xffff);
        if (hasMask)
            Put32Mask(offset + (is64Bit ? 16 : 12), 0xf);
    }

    /// <summary>Adds the MSI-X capability in front of the others; table and pending bits lie in a region that has been added.</summary>
    public void AddMsix(int offset, int entries, int region, uint table, uint pending)
    {
        _msix = offset;
        AddCapability(offset, 0x11);
        Put16(offset + 2, (ushort)(entries - 1));
        Put16Mask(offset + 2, 0xc000);
        Put32(offset + 4, table | (uint)region);
        Put32(offset + 8, pending | (uint)region);
        _regions[region]!.SetTable(entries, table, pending);
    }

    /// <summary>The device interrupts by its MSI. One that is masked stays pending, one that is not switched on is lost.</summary>
    public void RaiseMsi()
    {
        ushort control = Get16(_msi + 2);
        bool is64Bit = (control & 1 << 7) != 0;
        if ((control & 1) == 0)
            return;
        if ((control & 1 << 8) != 0 && (Get32(_msi + (is64Bit ? 16 : 12)) & 1) != 0)
        {
            _msiPending = true;
            return;
        }

        _msiPending = false;
        Send(Get32(_msi + 4), Get16(_msi + (is64Bit ? 12 : 8)));
    }

    /// <summary>The device interrupts by an entry of its MSI-X table.</summary>
    public void RaiseMsix(int entry)
    {
        if ((Get16(_msix + 2) & 0x8000) != 0)
            _regions[Get32(_msix + 4) & 7]!.Raise(entry);
    }

    internal bool MsixHeld => (Get16(_msix + 2) & 0xc000) != 0x8000;

    internal uint ReadConfiguration(int offset, int size)
    {
        uint value = 0;
        for (int i = 0; i < size; i++)
            value |= (uint)Configuration[offset + i] << (8 * i);
        return value;
    }

    internal void WriteConfiguration(int offset, int size, uint value)
    {
        BeforeWrite?.Invoke();
        for (int i = 0; i < size; i++)
        {
            byte mask = Writable[offset + i];
            Configuration[offset + i] = (byte)(Configuration[offset + i] & ~mask | (byte)(value >> (8 * i)) & mask);
        }

        if (_msi != 0 && _msiPending)
            RaiseMsi();
        foreach (MsixMemory? region in _regions)
            region?.SendPending();
    }

    internal void Send(uint address, uint data)
    {
        Sent++;
        uint destination = address >> 12 & 0xff;
        foreach (SimulatedCpu cpu in _machine.Cpus)
        {
            if (address >> 20 == 0xfee && cpu.Id == destination)
                cpu.LocalApic.Request((byte)data);
        }
    }

    private void AddCapability(int offset, byte id)
    {
        Configuration[offset] = id;
        Configuration[offset + 1] = Configuration[0x34];
        Configuration[0x34] = (byte)offset;
        Put16(6, (ushort)(Get16(6) | 1 << 4));
    }

    private void Put16Mask(int offset, ushort value) => BitConverter.GetBytes(value).CopyTo(Writable, offset);

    private void Put32Mask(int offset, uint value) => BitConverter.GetBytes(value).CopyTo(Writable, offset);

    /// <summary>A memory region: plain memory, but for a table of MSI-X and its pending bits.</summary>
    private sealed class MsixMemory(PciDevice device, uint size) : IMmioDevice
    {
        private readonly byte[] _bytes = new byte[size];
        private int _entries;
        private uint _table, _pending;

        public void SetTable(int entries, uint table, uint pending)
        {
            (_entries, _table, _pending) = (entries, table, pending);
            for (int i = 0; i < entries; i++)
                _bytes[table + i * 16 + 12] = 1;
        }

        public uint Read(uint offset, int size)
        {
            uint value = 0;
            for (int i = 0; i < size; i++)
                value |= (uint)_bytes[offset + i] << (8 * i);
            return value;
        }

        public void Write(uint offset, int size, uint value)
        {
            device.BeforeWrite?.Invoke();
            for (int i = 0; i < size; i++)
                _bytes[offset + i] = (byte)(value >> (8 * i));
            SendPending();
        }

        public void Raise(int entry)
        {
            if (device.MsixHeld || (Word(entry, 12) & 1) != 0)
            {
                _bytes[_pending + entry / 8] |= (byte)(1 << entry % 8);
                return;
            }

            device.Send(Word(entry, 0), Word(entry, 8));
        }

        public void SendPending()
        {
            if (device._msix == 0 || device.MsixHeld)
                return;
            for (int entry = 0; entry < _entries; entry++)
            {
                byte bit = (byte)(1 << entry % 8);
                if ((_bytes[_pending + entry / 8] & bit) == 0 || (Word(entry, 12) & 1) != 0)
                    continue;
                _bytes[_pending + entry / 8] &= (byte)~bit;
                device.Send(Word(entry, 0), Word(entry, 8));
            }
        }

        private uint Word(int entry, int offset) => BitConverter.ToUInt32(_bytes, (int)_table + entry * 16 + offset);
    }
}
