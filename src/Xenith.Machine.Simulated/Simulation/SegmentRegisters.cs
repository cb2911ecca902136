// Loading of data segments on a simulated CPU (SDM vol. 3, 3.4.4 and 5.5): the descriptor is read from the table that LGDT or LLDT named, by virtual
// address, so a GDT that is mapped wrongly shows as it would on the metal.

namespace Xenith.Machine.Simulation;

/// <summary>The data-segment registers, in the order in which Machine reads them.</summary>
public enum SegmentRegister
{
    Ds,
    Es,
    Fs,
    Gs,
}

public sealed partial class SimulatedCpu
{
    private const ulong DescriptorPresent = 1UL << 47, DescriptorIsSegment = 1UL << 44, DescriptorIsCode = 1UL << 43, DescriptorReadable = 1UL << 41;

    /// <summary>Selectors in DS, ES, FS and GS.</summary>
    public ushort[] Segments { get; } = new ushort[4];

    /// <summary>Address and limit of the GDT.</summary>
    public (ulong Address, uint Limit) Gdt { get; set; }

    /// <summary>Address and limit of the LDT; limit 0 for none.</summary>
    public (ulong Address, uint Limit) Ldt { get; set; }

    /// <summary>The frame that holds the hypervisor's descriptors for this CPU.</summary>
    public Mfn GdtPage { get; internal set; }

    /// <summary>MOV to a data-segment register at privilege level 0; false where it faults. GS gets the inactive base.</summary>
    internal bool TryLoadSegment(SegmentRegister register, ushort selector)
    {
        ulong segmentBase = 0;
        if ((selector & ~3) != 0 && !TryReadDescriptor(selector, out segmentBase))
            return false;
        Segments[(int)register] = selector;
        if (register == SegmentRegister.Fs)
            Msrs.Write(Msr.FsBase, segmentBase);
        else if (register == SegmentRegister.Gs)
            Msrs.Write(Msr.KernelGsBase, segmentBase);
        return true;
    }

    private unsafe bool TryReadDescriptor(ushort selector, out ulong segmentBase)
    {
        segmentBase = 0;
        (ulong table, uint limit) = (selector & 4) != 0 ? Ldt : Gdt;
        uint offset = selector & 0xfff8u;
        ulong descriptor;
        if (offset + 7 > limit || !TryCopy(unchecked(table + offset), (byte*)&descriptor, 8, AccessKind.Read, AccessMode.SupervisorForGuest))
            return false;
        bool isData = (descriptor & DescriptorIsCode) == 0;
        uint level = (uint)(descriptor >> 45) & 3;
        bool conforming = !isData && (descriptor & 1UL << 42) != 0;
        if ((descriptor & DescriptorPresent) == 0 || (descriptor & DescriptorIsSegment) == 0 || (!isData && (descriptor & DescriptorReadable) == 0))
            return false;
        if (!conforming && level < (selector & 3u))
            return false;
        segmentBase = descriptor >> 16 & 0xff_ffff | descriptor >> 56 << 24;
        return true;
    }
}
