using Xenith.Hypervisor.Boot;
using Xenith.Machine;

namespace Xenith.Hypervisor.Speculation;

/// <summary>What is done against speculation on this host: what its CPUs need and the command line does not forbid.</summary>
internal struct SpeculationPolicy
{
    /// <summary>IA32_SPEC_CTRL (SDM vol. 4; APM vol. 2, 3.2.9): indirect branches restricted, speculative store bypass disabled.</summary>
    internal const uint IbrsBit = 1, SsbdBit = 4;

    /// <summary>At the first and last instructions of every visit.</summary>
    internal GuardKinds Guards;

    /// <summary>IA32_SPEC_CTRL inside the hypervisor.</summary>
    internal uint SpecCtrl;

    /// <summary>IA32_SPEC_CTRL stays as it is in guests too: IBRS of a kind that is set once.</summary>
    internal bool IsSpecCtrlLasting;

    /// <summary>EFER.AutomaticIBRS is set.</summary>
    internal bool UsesAutomaticIbrs;

    /// <summary>IBPB when another vCPU than the last comes to a CPU.</summary>
    internal bool UsesIbpb;

    /// <summary>dom0 and other domains run on roots that do not show the hypervisor.</summary>
    internal bool IsolatesDom0, IsolatesDomU;

    /// <summary>What IA32_TSX_CTRL (SDM vol. 4, 0x122) is set to where it exists: 0, or transactions abort and CPUID does not show them.</summary>
    internal uint TsxControl;

    /// <summary>RTM_DISABLE and TSX_CPUID_CLEAR.</summary>
    internal const uint TsxOff = 1 | 2;

    /// <summary>True if any entry or exit has more to do than on a CPU that needs nothing.</summary>
    internal readonly bool NeedsGuards => Guards != GuardKinds.None || IsolatesDom0 || IsolatesDomU;

    /// <summary>Decides.</summary>
    internal static SpeculationPolicy Choose(SpeculationFeatures cpu, in HypervisorOptions options)
    {
        SpeculationPolicy policy = default;
        // A CPU that leaks by them is better without, unless its owner says otherwise (Xen's document of tsx=).
        if (cpu.Can(SpeculationFeatures.TsxCtrl) && !IsWanted(options.Tsx, !cpu.LeaksByTransactions))
        {
            policy.TsxControl = TsxOff;
            cpu.HideTransactions();
        }
        SpeculationOption chosen = options.Speculation;
        bool own = !chosen.AllOff && !chosen.XenOff;
        bool restrict = IsWanted(chosen.Ibrs, own);
        policy.UsesAutomaticIbrs = cpu.IsAmd && (cpu.AmdLeaf21 & SpeculationFeatures.AutoIbrs) != 0 && restrict;
        // There are no thunks for indirect calls, so IBRS is the only protection of their targets.
        if (cpu.HasIbrs && !policy.UsesAutomaticIbrs && restrict)
            policy.SpecCtrl |= IbrsBit;
        if (cpu.HasSsbd && IsWanted(chosen.Ssbd, false))
            policy.SpecCtrl |= SsbdBit;
        policy.IsSpecCtrlLasting = cpu.HasLastingIbrs;
        if (policy.SpecCtrl != 0 && !policy.IsSpecCtrlLasting && IsWanted(chosen.SpecCtrlMsr.Pv, !chosen.AllOff))
            policy.Guards |= GuardKinds.SpecCtrl;
        // With SMEP the hypervisor does not even speculate in user pages, where alone a guest can leave return addresses.
        if (IsWanted(chosen.Rsb.Pv, !chosen.AllOff && !cpu.HasSmep))
            policy.Guards |= GuardKinds.Returns;
        bool canVerw = cpu.HasLeaf7(SpeculationFeatures.MdClear) || cpu.Can(SpeculationFeatures.FbClear) || cpu.Can(SpeculationFeatures.RfdsClear);
        if (canVerw && IsWanted(chosen.Verw.Pv, !chosen.AllOff && cpu.NeedsVerw))
            policy.Guards |= GuardKinds.Buffers;
        policy.UsesIbpb = cpu.HasIbpb && IsWanted(chosen.Ibpb, own);
        policy.IsolatesDom0 = IsWanted(options.Xpti.Dom0, cpu.LeaksSupervisorPages);
        policy.IsolatesDomU = IsWanted(options.Xpti.DomU, cpu.LeaksSupervisorPages);
        return policy;
    }

    private static bool IsWanted(SwitchOption choice, bool otherwise) => choice == SwitchOption.On || (choice == SwitchOption.NotGiven && otherwise);
}
