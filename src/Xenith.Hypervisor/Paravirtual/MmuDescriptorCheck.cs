using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>
/// Which segment descriptors a 64-bit PV guest may have (SDM vol. 3, 3.4.5). Its kernel runs at privilege level 3, so code and data segments of lower levels are raised to 3;
/// system descriptors and gates would lead into the hypervisor.
/// </summary>
internal static class DescriptorCheck
{
    private const ulong Present = 1UL << 47;
    private const ulong CodeOrData = 1UL << 44;
    private const ulong Level = 3UL << 45;
    private const ulong SystemType = 0xfUL << 40;

    /// <summary>True if a descriptor may stand in a guest's table as it is.</summary>
    internal static bool IsAllowed(ulong descriptor) => TryAdjust(descriptor, out ulong adjusted) && adjusted == descriptor;

    /// <summary>What becomes of a descriptor; false if the guest may not have it.</summary>
    internal static bool TryAdjust(ulong descriptor, out ulong adjusted)
    {
        adjusted = descriptor;
        // One that is not present faults whenever it is used.
        if ((descriptor & Present) == 0)
            return true;
        adjusted = descriptor | Level;
        // System type 0 does nothing; all others are gates, task states and local tables.
        return (descriptor & CodeOrData) != 0 || (descriptor & SystemType) == 0;
    }

    /// <summary>Checks and adjusts a page of descriptors that no guest can write at present.</summary>
    internal static bool TryAdjustPage(Mfn frame)
    {
        Frame page = Frame.At(frame);
        for (int offset = 0; offset < AddressSpace.PageSize; offset += 8)
        {
            ulong descriptor = page.Read<ulong>(offset);
            if (!TryAdjust(descriptor, out ulong adjusted))
                return false;
            if (adjusted != descriptor)
                page.Write(offset, adjusted);
        }
        return true;
    }
}
