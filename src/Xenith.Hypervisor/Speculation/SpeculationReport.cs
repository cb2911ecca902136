using System;
using Xenith.Hypervisor.Console;
using Xenith.Machine;

namespace Xenith.Hypervisor.Speculation;

/// <summary>The block "Speculative mitigation facilities:" of the boot log, with Xen's words, which checkers of vulnerabilities look for.</summary>
internal static class SpeculationReport
{
    internal static void Print(ConsoleLog log, in SpeculationFeatures cpu, in SpeculationPolicy policy)
    {
        log.Always($"Speculative mitigation facilities:");
        log.Always($"  Hardware hints:{Word(cpu.Can(SpeculationFeatures.RdclNo), " RDCL_NO")}{Word(cpu.Can(SpeculationFeatures.EnhancedIbrs), " EIBRS")}{Word(cpu.Can(SpeculationFeatures.Rsba), " RSBA")}{Word(cpu.Can(SpeculationFeatures.Rrsba), " RRSBA")}{Word(cpu.Can(SpeculationFeatures.SkipL1dFlush), " SKIP_L1DFL")}{Word(cpu.Can(SpeculationFeatures.SsbNo) || cpu.HasAmd(SpeculationFeatures.AmdSsbNo), " SSB_NO")}{Word(cpu.Can(SpeculationFeatures.MdsNo), " MDS_NO")}{Word(cpu.Can(SpeculationFeatures.TaaNo), " TAA_NO")}{Word(cpu.Can(SpeculationFeatures.SbdrSsdpNo), " SBDR_SSDP_NO")}{Word(cpu.Can(SpeculationFeatures.FbsdpNo), " FBSDP_NO")}{Word(cpu.Can(SpeculationFeatures.PsdpNo), " PSDP_NO")}{Word(cpu.Can(SpeculationFeatures.FbClear), " FB_CLEAR")}{Word(cpu.Can(SpeculationFeatures.PbrsbNo), " PBRSB_NO")}{Word(cpu.Can(SpeculationFeatures.GdsNo), " GDS_NO")}{Word(cpu.Can(SpeculationFeatures.RfdsNo), " RFDS_NO")}{Word(cpu.HasAmd(SpeculationFeatures.IbrsAlways), " IBRS_ALWAYS")}{Word(cpu.HasAmd(SpeculationFeatures.StibpAlways), " STIBP_ALWAYS")}{Word(cpu.HasAmd(SpeculationFeatures.IbrsFast), " IBRS_FAST")}{Word(cpu.HasAmd(SpeculationFeatures.IbrsSameMode), " IBRS_SAME_MODE")}{Word(cpu.HasAmd(SpeculationFeatures.BtcNo), " BTC_NO")}{Word(cpu.HasAmd(SpeculationFeatures.IbpbReturns), " IBPB_RET")}{Word((cpu.AmdLeaf21 & SpeculationFeatures.SrsoNo) != 0, " SRSO_NO")}");
        log.Always($"  Hardware features:{Word(cpu.HasIbpb, " IBPB")}{Word(cpu.HasIbrs, " IBRS")}{Word(cpu.HasLeaf7(SpeculationFeatures.Stibp) || cpu.HasAmd(SpeculationFeatures.AmdStibp), " STIBP")}{Word(cpu.HasSsbd, " SSBD")}{Word(cpu.HasAmd(SpeculationFeatures.Psfd), " PSFD")}{Word(cpu.HasLeaf7(SpeculationFeatures.L1dFlush), " L1D_FLUSH")}{Word(cpu.HasLeaf7(SpeculationFeatures.MdClear), " MD_CLEAR")}{Word(cpu.HasAmd(SpeculationFeatures.VirtSsbd), " VIRT_SSBD")}{Word(cpu.HasLeaf7(SpeculationFeatures.SrbdsCtrl), " SRBDS_CTRL")}{Word(cpu.Can(SpeculationFeatures.TsxCtrl), " TSX_CTRL")}{Word(cpu.Can(SpeculationFeatures.FbClearCtrl), " FB_CLEAR_CTRL")}{Word(cpu.Can(SpeculationFeatures.GdsCtrl), " GDS_CTRL")}{Word(cpu.Can(SpeculationFeatures.RfdsClear), " RFDS_CLEAR")}{Word((cpu.AmdLeaf21 & SpeculationFeatures.Sbpb) != 0, " SBPB")}{Word((cpu.AmdLeaf21 & SpeculationFeatures.IbpbBranchType) != 0, " IBPB_BRTYPE")}");
        log.Always($"  Compiled-in support: None");
        log.Always($"  Xen settings: SPEC_CTRL: {Ibrs(in cpu, in policy)}{(cpu.HasSsbd ? (policy.SpecCtrl & SpeculationPolicy.SsbdBit) != 0 ? " SSBD+" : " SSBD-" : "")}{(cpu.Can(SpeculationFeatures.TsxCtrl) ? policy.TsxControl == 0 ? " TSX+" : " TSX-" : "")}, Other:{Word(policy.UsesIbpb, " IBPB-ctxt")}{Word((policy.Guards & GuardKinds.Buffers) != 0, " VERW")}");
        log.Always($"  L1TF: believed{(cpu.HasTerminalFault ? "" : " not")} vulnerable, maxphysaddr CPUID {cpu.PhysicalBits}");
        log.Always($"  Support for PV VMs:{Word((policy.Guards & GuardKinds.SpecCtrl) != 0, " MSR_SPEC_CTRL")}{Word((policy.Guards & GuardKinds.Returns) != 0, " RSB")}{Word((policy.Guards & GuardKinds.Buffers) != 0, " VERW")}{Word(policy.Guards == GuardKinds.None, " None")}");
        log.Always($"  XPTI (64-bit PV only): Dom0 {State(policy.IsolatesDom0)}, DomU {State(policy.IsolatesDomU)} (without PCID)");
        log.Always($"  PV L1TF shadowing: Dom0 disabled, DomU disabled");
    }

    private static string Word(bool condition, string word) => condition ? word : "";

    private static string Ibrs(in SpeculationFeatures cpu, in SpeculationPolicy policy) =>
        policy.UsesAutomaticIbrs || (policy.SpecCtrl & SpeculationPolicy.IbrsBit) != 0 ? "IBRS+" : cpu.HasIbrs ? "IBRS-" : "No";

    private static string State(bool enabled) => enabled ? "enabled" : "disabled";
}
