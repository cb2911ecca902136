using System.Runtime.CompilerServices;

namespace Xenith.Machine;

/// <summary>
/// The fixed parts of every address space. PV guests see Xen's layout (public/arch-x86/xen-x86_64.h): the hypervisor owns L4 slots
/// 256 to 271, that is 0xffff800000000000 to 0xffff87ffffffffff, and a guest owns all the rest.
/// </summary>
public static class AddressSpace
{
    /// <summary>Bytes in a page.</summary>
    public const int PageSize = 4096;

    /// <summary>Bits of the offset in a page.</summary>
    public const int PageShift = 12;

    /// <summary>First L4 slot of the hypervisor.</summary>
    public const int FirstHypervisorSlot = 256;

    /// <summary>First L4 slot after the hypervisor's.</summary>
    public const int EndHypervisorSlot = 272;

    /// <summary>First byte of the hypervisor's part; the lower half of the address space ends far below it.</summary>
    public const ulong HypervisorStart = 0xffff_8000_0000_0000;

    /// <summary>First byte of the guest kernel's part above the hypervisor.</summary>
    public const ulong HypervisorEnd = 0xffff_8800_0000_0000;

    /// <summary>End of the lower (user) half of canonical addresses.</summary>
    public const ulong LowerHalfEnd = 0x0000_8000_0000_0000;

    /// <summary>Where guests read the machine-to-physical table (slot 256).</summary>
    public const ulong GuestM2P = 0xffff_8000_0000_0000;

    /// <summary>Per-domain area: each vCPU's descriptor tables (slot 260).</summary>
    public const ulong PerDomain = 0xffff_8200_0000_0000;

    /// <summary>L4 slot of <see cref="PerDomain"/>.</summary>
    public const int PerDomainSlot = 260;

    /// <summary>Bytes of the per-domain area for one vCPU: 16 pages for its GDT, then 16 for its LDT.</summary>
    public const ulong PerVcpuSize = 0x2_0000;

    /// <summary>Uncached mappings of device registers.</summary>
    public const ulong DeviceMappings = 0xffff_82c0_0000_0000;

    /// <summary>Where the image is linked; its physical load address is added to this.</summary>
    public const ulong Image = 0xffff_82d0_4000_0000;

    /// <summary>Blocks (record, descriptors, stacks) of the CPUs but the first, 64 KiB each: near enough to the image for 32-bit displacements.</summary>
    public const ulong CpuBlocks = Image + 0x2000_0000;

    /// <summary>All of physical memory, one to one (slots 262 to 271).</summary>
    public const ulong DirectMap = 0xffff_8300_0000_0000;

    /// <summary>Physical addresses that the direct map can reach.</summary>
    public const ulong DirectMapSize = HypervisorEnd - DirectMap;

    /// <summary>True if bits 63..47 of the address are all equal (48-bit addresses).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsCanonical(ulong address) => unchecked((ulong)((long)(address << 16) >> 16)) == address;

    /// <summary>
    /// True if a guest may hand us <paramref name="length"/> bytes at this address: no byte in the non-canonical hole or in the
    /// hypervisor's part, and no wrap around the end. Says nothing about what is mapped there.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsGuestRange(ulong address, ulong length)
    {
        ulong end = unchecked(address + length);
        if (end < address)
            return false;
        return end <= LowerHalfEnd || address >= HypervisorEnd;
    }

    /// <summary>True if the address is the guest's to map and use.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsGuestAddress(ulong address) => address < LowerHalfEnd || address >= HypervisorEnd;

    /// <summary>Index into the page table of a level (1 to 4) for an address.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int TableIndex(ulong address, int level) => (int)(address >> unchecked(3 + 9 * level)) & 511;

    /// <summary>Address of the first byte of a vCPU's GDT mapping.</summary>
    public static ulong VcpuGdt(uint vcpu) => PerDomain + vcpu * PerVcpuSize;

    /// <summary>Address of the first byte of a vCPU's LDT mapping.</summary>
    public static ulong VcpuLdt(uint vcpu) => VcpuGdt(vcpu) + PerVcpuSize / 2;
}
