using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>
/// Model-specific registers as a PV kernel sees them (SDM vol. 4; APM vol. 2, appendix A): few are its own, some are shown, changes to the rest are refused. Registers of
/// things that a PV guest has not (MTRRs, x2APIC) raise #GP, as on a CPU without them.
/// </summary>
internal static class PvMsr
{
    private const uint Tsc = 0x10, PlatformId = 0x17, FeatureControl = 0x3a, Microcode = 0x8b, PlatformInfo = 0xce;
    private const uint MPerf = 0xe7, APerf = 0xe8, MiscFeatures = 0x140, McgCap = 0x179, McgStatus = 0x17a;
    /// <summary>MC0_CTL; each bank has CTL, STATUS, ADDR and MISC.</summary>
    private const uint FirstBank = 0x400, MachineCheckBanks = 2;
    private const uint ThermControl = 0x19a, EnergyBias = 0x1b0, PerfCapabilities = 0x345;

    /// <summary>The PAT that every PV guest shares, as Xen sets it: WB, WT, UC-, UC, WC, WP, UC, UC.</summary>
    internal const ulong SharedPat = 0x0000_0501_0007_0406;

    private const ulong VisibleEfer = 0xd01; // SCE, LME, LMA, NXE

    /// <summary>RDMSR. False if the guest gets #GP.</summary>
    internal static bool TryRead(Vcpu vcpu, uint msr, out ulong value)
    {
        if (TryReadKnown(vcpu, msr, out value))
            return true;
        if (vcpu.Pv.Traps[ExceptionVector.GeneralProtection].Address != 0)
            return false;
        // A kernel that has no #GP handler yet could not survive the refusal.
        Host.Current.Log.Info($"d{vcpu.Domain.Id}v{vcpu.Id} faking RDMSR 0x{msr:x8}");
        value = 0;
        return true;
    }

    private static bool TryReadKnown(Vcpu vcpu, uint msr, out ulong value)
    {
        value = 0;
        switch (msr)
        {
            case Msr.FsBase:
                value = Segments.FsBase;
                return true;
            case Msr.GsBase:
                value = Segments.GsBase;
                return true;
            case Msr.KernelGsBase:
                value = Segments.InactiveGsBase;
                return true;
            case Msr.TscAux:
                value = vcpu.Pv.TscAux;
                return true;
            case Tsc:
                value = Cpu.ReadTsc();
                return true;
            case Msr.Efer:
                value = Cpu.ReadMsr(Msr.Efer) & VisibleEfer;
                return true;
            case Msr.Pat:
                value = SharedPat;
                return true;
            case Msr.ApicBase:
                const ulong address = 0xfee0_0000, enabled = 1 << 11, bootCpu = 1 << 8;
                value = address | enabled | (vcpu.Id == 0 ? bootCpu : 0);
                return true;
            case Msr.MiscEnable:
                return TryReadMiscEnable(out value);
            case PerfCapabilities:
            case McgStatus:
                return true;
            case McgCap:
                value = MachineCheckBanks;
                return true;
            case >= FirstBank and < FirstBank + MachineCheckBanks * 4:
                // Machine checks are the hypervisor's affair: all reports of a bank are on, and there are none.
                value = (msr & 3) == 0 ? ulong.MaxValue : 0;
                return true;
            case Microcode:
                Cpu.TryReadMsr(msr, out value);
                return true;
            case PlatformId:
                return !IsAmd && Cpu.TryReadMsr(msr, out value);
            case FeatureControl:
                value = 1; // locked
                return !IsAmd;
            case PlatformInfo:
            case MiscFeatures:
                return !IsAmd;
            default:
                return IsPerformance(msr) || (IsAmd && PvAmdMsr.TryRead(vcpu.Domain, msr, out value));
        }
    }

    /// <summary>WRMSR. False if the guest gets #GP.</summary>
    internal static bool TryWrite(Vcpu vcpu, uint msr, ulong value)
    {
        switch (msr)
        {
            case Msr.FsBase:
            case Msr.GsBase:
            case Msr.KernelGsBase:
                if (!AddressSpace.IsCanonical(value))
                    return false;
                Cpu.WriteMsr(msr, value);
                return true;
            case XenCpuidLeaves.HypercallMsr:
                return HypercallPage.TryPlace(vcpu.Domain, value);
            case Msr.TscAux:
                if (value > uint.MaxValue)
                    return false;
                vcpu.Pv.TscAux = (uint)value;
                PvControlRegisters.LoadTscAux(vcpu.Pv);
                return true;
            case Msr.Efer:
                return value == (Cpu.ReadMsr(Msr.Efer) & VisibleEfer);
            case Msr.Pat:
                return value == SharedPat;
            case Msr.MiscEnable:
                return TryReadMiscEnable(out ulong shown) && value == shown;
            case Microcode: // Intel: written before CPUID to have the revision shown
                return value == 0 && !IsAmd;
            case McgStatus:
            case >= FirstBank and < FirstBank + MachineCheckBanks * 4 when (msr & 3) != 0:
                return value == 0;
            case >= FirstBank and < FirstBank + MachineCheckBanks * 4:
                return true;
            case MPerf: // frequency and temperature are the hypervisor's
            case APerf:
                return true;
            case ThermControl:
            case EnergyBias:
                return !IsAmd;
            default:
                return IsPerformance(msr) || (IsAmd && PvAmdMsr.TryWrite(vcpu.Domain, msr, value));
        }
    }

    /// <summary>AMD or Hygon.</summary>
    internal static bool IsAmd
    {
        get
        {
            const uint auth = 0x6874_7541, hygo = 0x6f67_7948;
            return Cpu.Cpuid(0).Ebx is auth or hygo;
        }
    }

    /// <summary>IA32_MISC_ENABLE without what is not the guest's: no performance monitoring, no MONITOR.</summary>
    private static bool TryReadMiscEnable(out ulong value)
    {
        const ulong hidden = 1 << 7 | 1 << 18, shown = 1 << 11 | 1 << 12 | 1 << 23;
        if (!Cpu.TryReadMsr(Msr.MiscEnable, out value))
            return false;
        value = (value & ~hidden) | shown;
        return true;
    }

    /// <summary>Performance counters that exist but do not count: guests have no virtual PMU.</summary>
    private static bool IsPerformance(uint msr) => msr
        is >= 0xc1 and <= 0xc8 or >= 0x186 and <= 0x189 // IA32_PMCx, IA32_PERFEVTSELx
        or >= 0x309 and <= 0x30b or 0x38d or >= 0x38e and <= 0x390 // fixed counters, global control
        && !IsAmd;
}
