using Xenith.Machine;

namespace Xenith.Hypervisor.Interrupts;

/// <summary>An IO-APIC (Intel 82093AA data sheet): routes interrupt pins to vectors of local APICs. Its registers are reached by an index and a window.</summary>
public sealed class IoApic
{
    private const uint Select = 0x00, Window = 0x10, FirstEntry = 0x10;
    private const uint MaskBit = 1 << 16, LevelBit = 1 << 15, RemoteIrrBit = 1 << 14, LowBit = 1 << 13;

    private readonly MmioRegion _registers;
    private readonly SpinLock _lock = new(LockRank.InterruptHardware);

    /// <summary>An IO-APIC whose first pin is a global system interrupt; all its pins are masked.</summary>
    public IoApic(MmioRegion registers, ulong address, uint firstGsi)
    {
        _registers = registers;
        Address = address;
        FirstGsi = firstGsi;
        PinCount = (Read(1) >> 16 & 0xff) + 1;
        for (uint pin = 0; pin < PinCount; pin++)
            Write(FirstEntry + pin * 2, MaskBit);
    }

    /// <summary>Machine address of its registers: how dom0 names it.</summary>
    public ulong Address { get; }

    /// <summary>Global system interrupt of pin 0.</summary>
    public uint FirstGsi { get; }

    /// <summary>Number of pins.</summary>
    public uint PinCount { get; }

    /// <summary>True if a global system interrupt is one of its pins.</summary>
    public bool Has(uint gsi) => gsi >= FirstGsi && gsi - FirstGsi < PinCount;

    /// <summary>Reads a register by index.</summary>
    public uint Read(uint index)
    {
        using (_lock.EnterInterruptSafe())
        {
            _registers.Write32(Select, index);
            return _registers.Read32(Window);
        }
    }

    /// <summary>Routes a pin to a vector of one local APIC.</summary>
    public void Route(uint gsi, byte vector, uint apicId, bool level, bool activeLow, bool masked)
    {
        Write(EntryOf(gsi), MaskBit);
        WriteDestination(gsi, apicId);
        WriteEntry(gsi, vector, level, activeLow, masked);
    }

    /// <summary>Writes a pin's vector, trigger, polarity and mask at once; where it goes to stays. Delivery is fixed, the destination physical.</summary>
    internal void WriteEntry(uint gsi, byte vector, bool level, bool activeLow, bool masked) =>
        Write(EntryOf(gsi), (uint)vector | (level ? LevelBit : 0) | (activeLow ? LowBit : 0) | (masked ? MaskBit : 0));

    /// <summary>Sends a pin's interrupts to another local APIC.</summary>
    internal void WriteDestination(uint gsi, uint apicId) => Write(EntryOf(gsi) + 1, apicId << 24);

    /// <summary>True from the moment that a local APIC has accepted a level-triggered interrupt until its end.</summary>
    internal bool AwaitsEnd(uint gsi) => (Read(EntryOf(gsi)) & RemoteIrrBit) != 0;

    private uint EntryOf(uint gsi) => FirstEntry + (gsi - FirstGsi) * 2;

    private void Write(uint index, uint value)
    {
        using (_lock.EnterInterruptSafe())
        {
            _registers.Write32(Select, index);
            _registers.Write32(Window, value);
        }
    }
}
