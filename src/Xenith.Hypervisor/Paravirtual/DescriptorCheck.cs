using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>
/// Which descriptors a PV guest may have in its GDT and LDT (SDM vol. 3, 3.4.5 and 5.8.3). Code and data segments lie in ring 3 like the guest; everything that
/// could change the ring or the task is refused.
/// </summary>
public static class DescriptorCheck
{
    private const ulong PresentBit = 1UL << 47;
    private const ulong CodeOrData = 1UL << 44;
    private const ulong TypeMask = 0xfUL << 40;
    private const ulong LevelMask = 3UL << 45;
    private const ulong CallGate = 0xcUL << 40;

    /// <summary>Count of parameters and reserved bits of a call gate, which has none in 64-bit mode.</summary>
    private const ulong GateReserved = 0xffUL << 32;

    /// <summary>True if a descriptor may be as it is in a table of the guest.</summary>
    public static bool IsAllowed(ulong descriptor) => TryAdjust(descriptor, out ulong adjusted) && adjusted == descriptor;

    /// <summary>
    /// Makes a descriptor harmless as Xen does: segments of a more privileged ring become ring 3; a call gate becomes ring 0, where using it
    /// raises #GP, and keeps its old level in its selector. False if it cannot be made harmless.
    /// </summary>
    public static bool TryAdjust(ulong descriptor, out ulong adjusted)
    {
        adjusted = descriptor;
        if ((descriptor & PresentBit) == 0)
            return true;
        if ((descriptor & CodeOrData) != 0)
        {
            adjusted = descriptor | LevelMask;
            return true;
        }
        // Type 0 is the upper half of a 16-byte descriptor; nothing can be loaded by it.
        if ((descriptor & TypeMask) == 0)
            return true;
        if ((descriptor & TypeMask) != CallGate || (descriptor & GateReserved) != 0)
            return false;
        uint target = (uint)(descriptor >> 16 & 0xffff);
        if (!IsGateTarget(target))
            return false;
        ulong level = descriptor >> 45 & 3;
        adjusted = (descriptor & ~(LevelMask | 3UL << 16)) | (level | 3) << 16;
        return true;
    }

    /// <summary>Makes all descriptors of a frame harmless; nobody can write it meanwhile. False if one cannot be.</summary>
    internal static bool TryAdjustPage(Mfn frame)
    {
        PageTableView page = PageTableView.At(frame);
        for (int i = 0; i < DescriptorTables.EntriesPerPage; i++)
        {
            ulong descriptor = page[i].Bits;
            if (!TryAdjust(descriptor, out ulong adjusted))
                return false;
            if (adjusted != descriptor)
                page.Write(i, new PageTableEntry(adjusted));
        }
        return true;
    }

    /// <summary>A code selector that a gate may lead to: the guest's own, or the flat one for 64-bit code in ring 3.</summary>
    private static bool IsGateTarget(uint selector)
    {
        const uint localTable = 4;
        return (selector & localTable) != 0 || selector >> 3 < Selectors.GuestEntries
            || selector == Selectors.Ring3Code64;
    }
}
