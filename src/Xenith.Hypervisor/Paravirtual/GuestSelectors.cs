using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>
/// Loads data-segment selectors that a guest chose. We load them in ring 0, where the CPU would allow more than it allows the guest; with RPL 3 it checks
/// as if the guest did it (SDM vol. 3, 5.6). A selector of the guest's LDT may need its page mapped first.
/// </summary>
internal static class GuestSelectors
{
    private const ushort LastNull = 3;
    private const ushort LocalTable = 4;

    /// <summary>Loads DS, ES, FS and GS of a vCPU. False if one could not be loaded; it is null then.</summary>
    internal static bool LoadAll(Vcpu vcpu)
    {
        PvVcpu pv = vcpu.Pv;
        Segments.Read(out ushort ds, out ushort es, out ushort fs, out ushort gs);
        bool loaded = true;
        if (Differs(ds, pv.Ds))
            loaded &= Load(vcpu, SegmentRegister.Ds, pv.Ds);
        if (Differs(es, pv.Es))
            loaded &= Load(vcpu, SegmentRegister.Es, pv.Es);
        if (Differs(fs, pv.Fs))
            loaded &= Load(vcpu, SegmentRegister.Fs, pv.Fs);
        if (Differs(gs, pv.Gs))
            loaded &= Load(vcpu, SegmentRegister.Gs, pv.Gs);
        return loaded;
    }

    /// <summary>Loads one of DS, ES, FS and GS; GS such that the base goes to the inactive one. If it cannot be loaded, loads null and says false.</summary>
    internal static bool Load(Vcpu vcpu, SegmentRegister register, ushort selector)
    {
        if (selector > LastNull)
            selector |= 3;
        if (TryLoad(register, selector))
            return true;
        if ((selector & LocalTable) != 0 && DescriptorTables.TryMapLdtPageOf(vcpu, selector) && TryLoad(register, selector))
            return true;
        TryLoad(register, 0);
        return false;
    }

    /// <summary>A selector that is not null is always loaded again: its descriptor may be another one.</summary>
    private static bool Differs(ushort loaded, ushort wanted) => loaded != wanted || wanted > LastNull;

    private static bool TryLoad(SegmentRegister register, ushort selector) => register switch
    {
        SegmentRegister.Ds => Segments.TryLoadDs(selector),
        SegmentRegister.Es => Segments.TryLoadEs(selector),
        SegmentRegister.Fs => Segments.TryLoadFs(selector),
        _ => Segments.TryLoadUserGs(selector),
    };
}
