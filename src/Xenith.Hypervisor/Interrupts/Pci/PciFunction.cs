using Xenith.Machine;

namespace Xenith.Hypervisor.Interrupts;

/// <summary>
/// A PCI function that dom0 has reported, and what the hypervisor has read of it then: where its capabilities for messages are, how many messages its MSI-X table has, and how large the
/// memory regions are that the table and its pending bits lie in (PCI Local Bus Specification 3.0, 6.1, 6.2.5.1, 6.7, 6.8.1, 6.8.2).
/// </summary>
/// <remarks>A device may say anything. The list of capabilities is followed for as many steps as there can be capabilities, and a table counts only if it lies inside its region.</remarks>
public sealed class PciFunction
{
    private const uint Command = 4, Status = 6, HeaderType = 0xe, FirstBar = 0x10, CapabilityPointer = 0x34;
    private const ushort MemoryDecoding = 2, HasCapabilities = 1 << 4;
    private const byte MsiId = 5, MsixId = 0x11;

    /// <summary>The space after the header has room for so many capabilities of the smallest kind.</summary>
    private const int MostCapabilities = 48;

    /// <summary>Size of an MSI-X table entry: message address, message data, vector control.</summary>
    internal const uint EntrySize = 16;

    /// <summary>Its address; meaningful while <see cref="IsKnown"/>.</summary>
    public PciSbdf Sbdf { get; private set; }

    /// <summary>dom0 has reported it and not taken it back.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>XEN_PCI_DEV_* of public/physdev.h.</summary>
    public uint Flags { get; internal set; }

    /// <summary>True for a virtual function of SR-IOV, whose memory regions are described by the physical one.</summary>
    public bool IsVirtual => (Flags & (uint)Abi.PciDeviceFlags.Virtfn) != 0;

    /// <summary>Offset of the MSI capability, 0 if there is none.</summary>
    internal uint Msi { get; private set; }

    /// <summary>Offset of the MSI-X capability, 0 if there is none.</summary>
    internal uint Msix { get; private set; }

    /// <summary>Entries of the MSI-X table.</summary>
    internal uint MsixEntries { get; private set; }

    /// <summary>Messages in use: one for MSI, one for each table entry in use.</summary>
    internal uint MessagesInUse { get; set; }

    /// <summary>What is in use, or was prepared (PHYSDEVOP_prepare_msix), is MSI-X.</summary>
    internal bool UsesMsix { get; set; }

    /// <summary>The table is kept ready for somebody else than us.</summary>
    internal bool IsPrepared { get; set; }

    /// <summary>Address and size of the table and of its pending bits while they are in use.</summary>
    internal MsixArea Table, Pending;

    private uint _tableRegister, _pendingRegister;
    private ulong _tableRegionSize, _pendingRegionSize;

    /// <summary>Takes note of a function and reads what it says of itself.</summary>
    internal void Learn(PciConfiguration configuration, PciSbdf sbdf, uint flags)
    {
        Sbdf = sbdf;
        Flags = flags;
        IsKnown = true;
        Msi = FindCapability(configuration, MsiId);
        Msix = FindCapability(configuration, MsixId);
        if (Msix == 0)
            return;
        MsixEntries = (configuration.Read16(sbdf, Msix + 2) & 0x7ffu) + 1;
        _tableRegister = configuration.Read32(sbdf, Msix + 4);
        _pendingRegister = configuration.Read32(sbdf, Msix + 8);
        if (IsVirtual)
            return;
        _tableRegionSize = MeasureRegion(configuration, _tableRegister & 7);
        _pendingRegionSize = (_pendingRegister & 7) == (_tableRegister & 7) ? _tableRegionSize : MeasureRegion(configuration, _pendingRegister & 7);
    }

    /// <summary>Forgets it; nothing of it is in use.</summary>
    internal void Forget()
    {
        IsKnown = IsPrepared = UsesMsix = false;
        Msi = Msix = MsixEntries = Flags = 0;
        _tableRegionSize = _pendingRegionSize = 0;
    }

    /// <summary>True if the function answers accesses to its memory regions.</summary>
    internal bool DecodesMemory(PciConfiguration configuration) => (configuration.Read16(Sbdf, Command) & MemoryDecoding) != 0;

    /// <summary>
    /// Where the MSI-X table and its pending bits lie now. <paramref name="told"/> is the address of the table's region by dom0's word, needed for virtual functions only.
    /// <see cref="XenError.NoDeviceOrAddress"/> if a region has no address, <see cref="XenError.Invalid"/> if what the function says cannot be.
    /// </summary>
    internal XenError Locate(PciConfiguration configuration, ulong told, out MsixArea table, out MsixArea pending)
    {
        pending = default;
        XenError error = Locate(configuration, _tableRegister, _tableRegionSize, told, MsixEntries * EntrySize, out table);
        if (error != XenError.None)
            return error;
        ulong toldPending = (_pendingRegister & 7) == (_tableRegister & 7) ? told : 0;
        error = Locate(configuration, _pendingRegister, _pendingRegionSize, toldPending, (MsixEntries + 63) / 64 * 8, out pending);
        // A virtual function may have its pending bits in a region that nobody has named. Nothing is then kept from dom0 that it could misuse.
        return error != XenError.None && IsVirtual ? XenError.None : error;
    }

    private XenError Locate(PciConfiguration configuration, uint register, ulong regionSize, ulong told, uint size, out MsixArea area)
    {
        area = default;
        uint offset = register & ~7u;
        ulong region = IsVirtual ? told : ReadRegion(configuration, register & 7);
        if (region == 0)
            return XenError.NoDeviceOrAddress;
        if (!IsVirtual && (offset >= regionSize || size > regionSize - offset))
            return XenError.Invalid;
        if (region >> 52 != 0 || (region & 15) != 0)
            return XenError.Invalid;
        area = new MsixArea { Address = region + offset, Size = size };
        return XenError.None;
    }

    /// <summary>Address of a memory region; 0 if it is none or has none.</summary>
    private ulong ReadRegion(PciConfiguration configuration, uint index)
    {
        uint low = RegisterOf(configuration, index, out uint offset) ? configuration.Read32(Sbdf, offset) : 1;
        if ((low & 1) != 0)
            return 0;
        ulong high = Is64Bit(low) ? configuration.Read32(Sbdf, offset + 4) : 0;
        return high << 32 | low & ~15u;
    }

    /// <summary>Size of a memory region, found by writing ones (6.2.5.1), during which the function does not answer there. 0 if it is none.</summary>
    private ulong MeasureRegion(PciConfiguration configuration, uint index)
    {
        if (!RegisterOf(configuration, index, out uint offset))
            return 0;
        uint low = configuration.Read32(Sbdf, offset);
        if ((low & 1) != 0)
            return 0;
        ushort command = configuration.Read16(Sbdf, Command);
        configuration.Write16(Sbdf, Command, (ushort)(command & ~MemoryDecoding));
        configuration.Write32(Sbdf, offset, uint.MaxValue);
        ulong mask = configuration.Read32(Sbdf, offset) & ~15u;
        configuration.Write32(Sbdf, offset, low);
        if (Is64Bit(low))
        {
            uint high = configuration.Read32(Sbdf, offset + 4);
            configuration.Write32(Sbdf, offset + 4, uint.MaxValue);
            mask |= (ulong)configuration.Read32(Sbdf, offset + 4) << 32;
            configuration.Write32(Sbdf, offset + 4, high);
        }
        else if (mask != 0)
            mask |= 0xffff_ffff_0000_0000;
        configuration.Write16(Sbdf, Command, command);
        // The lowest bit that can be written is the size.
        return mask & unchecked(0 - mask);
    }

    /// <summary>Offset of a region's register. False if a header of this function's type has none of this number, or the second half of a pair would lie outside.</summary>
    private bool RegisterOf(PciConfiguration configuration, uint index, out uint offset)
    {
        offset = FirstBar + index * 4;
        uint count = (configuration.Read8(Sbdf, HeaderType) & 0x7f) switch { 0 => 6u, 1 => 2u, _ => 0u };
        return index < count && (index + 1 < count || !Is64Bit(configuration.Read32(Sbdf, offset)));
    }

    private static bool Is64Bit(uint register) => (register & 7) == 4;

    private uint FindCapability(PciConfiguration configuration, byte id)
    {
        if ((configuration.Read16(Sbdf, Status) & HasCapabilities) == 0 || (configuration.Read8(Sbdf, HeaderType) & 0x7f) > 1)
            return 0;
        uint at = CapabilityPointer;
        for (int i = 0; i < MostCapabilities; i++)
        {
            at = configuration.Read8(Sbdf, at) & 0xfcu;
            if (at < 0x40)
                return 0;
            ushort header = configuration.Read16(Sbdf, at);
            if (header == 0xffff)
                return 0;
            if ((header & 0xff) == id)
                return at + LengthOf(id) <= 0x100 ? at : 0;
            at++;
        }
        return 0;
    }

    /// <summary>The part of a capability that every function has.</summary>
    private static uint LengthOf(byte id) => id == MsixId ? 12u : 10u;
}

/// <summary>Where a table of MSI-X lies in machine memory.</summary>
internal struct MsixArea
{
    internal ulong Address;
    internal uint Size;

    /// <summary>First frame.</summary>
    internal readonly ulong FirstFrame => Address / AddressSpace.PageSize;

    /// <summary>Last frame.</summary>
    internal readonly ulong LastFrame => (Address + Size - 1) / AddressSpace.PageSize;
}
