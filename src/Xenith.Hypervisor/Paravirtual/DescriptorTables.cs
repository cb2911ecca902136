using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>
/// GDT and LDT of a PV vCPU. The guest gives frames (GDT) or an address (LDT); the hypervisor maps them in its own part of the address space, 32 pages for each vCPU: 14 of the
/// guest's GDT, one with the hypervisor's descriptors, one that stays empty, 16 of the LDT. While mapped, a frame is held as a page of descriptors: the guest can change it
/// only through a hypercall that checks.
/// </summary>
internal static class DescriptorTables
{
    /// <summary>Descriptors in a page.</summary>
    internal const uint EntriesPerPage = 512;

    /// <summary>vCPUs whose descriptor tables one L1 table maps.</summary>
    internal const uint VcpusPerTable = 512 / SlotsPerVcpu;

    private const uint SlotsPerVcpu = 32, FirstLdtSlot = 16, LdtPages = 16;

    /// <summary>Descriptors that fit into an LDT: a selector has 13 bits for the index.</summary>
    internal const uint MaxLdtEntries = 8192;

    /// <summary>The CPU sets accessed bits in the guest's descriptors; in the hypervisor's they are set already.</summary>
    private const ulong GuestPage = PageFlags.Present | PageFlags.Writable | PageFlags.Accessed | PageFlags.Dirty | PageFlags.NoExecute;
    private const ulong HypervisorPage = PageFlags.Present | PageFlags.Accessed | PageFlags.NoExecute;

    /// <summary>Maps this CPU's descriptors into a vCPU's GDT. Loading CR3 afterwards makes it visible.</summary>
    internal static void ShowHypervisorDescriptors(Vcpu vcpu) =>
        Table(vcpu).Write(Slot(vcpu, Selectors.FirstReservedPage), new PageTableEntry(Descriptors.ReservedGdtFrame, HypervisorPage));

    /// <summary>
    /// Replaces the guest's part of the GDT of a vCPU that is on this CPU or not running. <see cref="XenError.Invalid"/> if a frame cannot be a page of descriptors; nothing has changed then.
    /// </summary>
    internal static XenError SetGdt(Vcpu vcpu, ref GdtFrames frames, uint entries)
    {
        uint pages = (entries + EntriesPerPage - 1) / EntriesPerPage;
        XenError error = AcquireAll(vcpu.Domain, ref frames, pages);
        if (error != XenError.None)
            return error;
        ReleaseGdt(vcpu);
        for (uint i = 0; i < pages; i++)
            Table(vcpu).Write(Slot(vcpu, i), new PageTableEntry(new Mfn(frames[(int)i]), GuestPage));
        vcpu.Pv.GdtFrames = frames;
        vcpu.Pv.GdtEntries = entries;
        return XenError.None;
    }

    /// <summary>Lets go of the guest's part of the GDT: before another is set, and when the domain ends.</summary>
    internal static void ReleaseGdt(Vcpu vcpu)
    {
        PvVcpu pv = vcpu.Pv;
        uint pages = (pv.GdtEntries + EntriesPerPage - 1) / EntriesPerPage;
        if (pages == 0)
            return;
        pv.GdtEntries = 0;
        for (uint i = 0; i < pages; i++)
            Table(vcpu).Write(Slot(vcpu, i), default);
        ForgetMappings();
        for (uint i = 0; i < pages; i++)
            Host.Current.Memory.Types.PutType(new Mfn(pv.GdtFrames[(int)i]));
    }

    /// <summary>
    /// Sets the LDT of the vCPU on this CPU (MMUEXT_SET_LDT). Its pages are mapped when they are first used, and looked at one by one then. <see cref="XenError.Invalid"/> if the address is not the start of a page of the
    /// guest's or there are too many entries.
    /// </summary>
    internal static XenError SetLdt(Vcpu vcpu, ulong address, uint entries)
    {
        if (entries > MaxLdtEntries || (address & (AddressSpace.PageSize - 1)) != 0 || !AddressSpace.IsGuestAddress(address))
            return XenError.Invalid;
        PvVcpu pv = vcpu.Pv;
        if (pv.LdtEntries == entries && (pv.LdtBase == address || entries == 0))
            return XenError.None;
        ReleaseLdtPages(vcpu);
        pv.LdtBase = address;
        pv.LdtEntries = entries;
        Descriptors.LoadLdt(AddressSpace.VcpuLdt(vcpu.Id), entries);
        return XenError.None;
    }

    /// <summary>
    /// Lets go of the LDT pages that are mapped: before another LDT is set, when the kernel's page tables change (the address may mean other frames now), and when the domain ends.
    /// </summary>
    internal static void ReleaseLdtPages(Vcpu vcpu)
    {
        if (vcpu.Pv.LdtEntries == 0)
            return;
        bool any = false;
        for (uint i = 0; i < LdtPages; i++)
            any |= Table(vcpu)[Slot(vcpu, FirstLdtSlot + i)].IsPresent;
        if (!any)
            return;
        // References go only when no TLB entry is left that the CPU could write an accessed bit through.
        LdtFrames frames = default;
        for (uint i = 0; i < LdtPages; i++)
            frames[(int)i] = Table(vcpu).Exchange(Slot(vcpu, FirstLdtSlot + i), default).Bits;
        ForgetMappings();
        for (uint i = 0; i < LdtPages; i++)
        {
            PageTableEntry entry = new(frames[(int)i]);
            if (entry.IsPresent)
                Host.Current.Memory.Types.PutType(entry.Frame);
        }
    }

    /// <summary>Maps the LDT page that a selector needs. False if the selector is not one of the LDT, or its page is mapped already or cannot be.</summary>
    internal static bool TryMapLdtPageOf(Vcpu vcpu, ulong selector)
    {
        const ulong localTable = 4;
        return (selector & localTable) != 0 && TryMapLdtPage(vcpu, (uint)(selector & 0xffff) >> 12);
    }

    /// <summary>Maps a page of the LDT by its number.</summary>
    internal static bool TryMapLdtPage(Vcpu vcpu, uint page)
    {
        PvVcpu pv = vcpu.Pv;
        if (page * EntriesPerPage >= pv.LdtEntries || Table(vcpu)[Slot(vcpu, FirstLdtSlot + page)].IsPresent)
            return false;
        if (!PageWalk.TryFind(pv.KernelRoot, unchecked(pv.LdtBase + page * (ulong)AddressSpace.PageSize), out MappedPage mapped))
            return false;
        if (Host.Current.Memory.Types.TryGetDescriptors(mapped.Entry.Frame, vcpu.Domain) != XenError.None)
            return false;
        Table(vcpu).Write(Slot(vcpu, FirstLdtSlot + page), new PageTableEntry(mapped.Entry.Frame, GuestPage));
        return true;
    }

    /// <summary>
    /// Writes one descriptor at a machine address, into a page of descriptors or one that the domain could write itself. <see cref="XenError.Invalid"/> if the address is not aligned, the
    /// frame is something else, or the guest may not have such a descriptor.
    /// </summary>
    internal static XenError UpdateDescriptor(Domain domain, ulong address, ulong descriptor)
    {
        if ((address & 7) != 0 || !DescriptorCheck.TryAdjust(descriptor, out ulong adjusted))
            return XenError.Invalid;
        Mfn frame = Mfn.FromAddress(address);
        PageTypes types = Host.Current.Memory.Types;
        // A page that is no page of descriptors must not become one by this call.
        if (!types.TryShareDescriptors(frame, domain) && types.TryGetWritable(frame, domain) != XenError.None)
            return XenError.Invalid;
        PageTableView.At(frame).Write(unchecked((int)(address >> 3)) & 511, new PageTableEntry(adjusted));
        types.PutType(frame);
        return XenError.None;
    }

    private static XenError AcquireAll(Domain domain, ref GdtFrames frames, uint pages)
    {
        PageTypes types = Host.Current.Memory.Types;
        for (uint i = 0; i < pages; i++)
        {
            if (types.TryGetDescriptors(new Mfn(frames[(int)i]), domain) == XenError.None)
                continue;
            while (i > 0)
                types.PutType(new Mfn(frames[(int)--i]));
            return XenError.Invalid;
        }
        return XenError.None;
    }

    /// <summary>Per-domain mappings are not global, so loading CR3 is enough.</summary>
    private static void ForgetMappings() => Cpu.WriteCr3(Cpu.ReadCr3());

    private static PageTableView Table(Vcpu vcpu) =>
        PageTableView.At(PageTableView.At(vcpu.Domain.Pv.PerDomainL2)[(int)(vcpu.Id / VcpusPerTable)].Frame);

    private static int Slot(Vcpu vcpu, uint page) => (int)(vcpu.Id * SlotsPerVcpu + page) & 511;
}
