using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>Registers of AMD and Hygon CPUs (APM vol. 2, appendix A; the BIOS and kernel developer's guides). dom0 may see how the firmware set memory up.</summary>
internal static class PvAmdMsr
{
    private const uint FirstPerformance = 0xc001_0000, LastPerformance = 0xc001_0007;
    private const uint SysCfg = 0xc001_0010, Hwcr = 0xc001_0015, FirstIorr = 0xc001_0016, LastIorr = 0xc001_0019, TopMem = 0xc001_001a, TopMem2 = 0xc001_001d;
    private const uint NorthBridgeCfg = 0xc001_001f, FidVidControl = 0xc001_0041, FidVidStatus = 0xc001_0042, MmioConfigBase = 0xc001_0058;
    private const uint FirstPState = 0xc001_0061, LastPState = 0xc001_006b, DecodeCfg = 0xc001_1029;

    private const ulong TscFrequencySelect = 1 << 24;
    private const ulong LfenceSerialises = 1 << 1;

    /// <summary>NB_CFG: configuration space beyond 256 bytes through port 0xcf8.</summary>
    private const ulong ExtendedCf8 = 1UL << 46;

    internal static bool TryRead(Domain domain, uint msr, out ulong value)
    {
        value = 0;
        switch (msr)
        {
            case >= FirstPerformance and <= LastPerformance:
            case FidVidControl:
            case FidVidStatus:
            case >= FirstPState and <= LastPState:
                return true;
            case Hwcr:
                if (Cpu.TryReadMsr(msr, out value))
                    value &= TscFrequencySelect;
                return true;
            case DecodeCfg:
                if (Cpu.TryReadMsr(msr, out value))
                    value &= LfenceSerialises;
                return true;
            case NorthBridgeCfg:
            case MmioConfigBase:
            case SysCfg:
            case TopMem:
            case TopMem2:
            case >= FirstIorr and <= LastIorr:
                return domain.IsPrivileged && Cpu.TryReadMsr(msr, out value);
            default:
                return false;
        }
    }

    internal static bool TryWrite(Domain domain, uint msr, ulong value)
    {
        switch (msr)
        {
            case >= FirstPerformance and <= LastPerformance:
            case FidVidControl:
            case FidVidStatus:
            case >= FirstPState and <= LastPState:
            case DecodeCfg:
                return true;
            case NorthBridgeCfg:
                if (!domain.IsPrivileged)
                    return true;
                return Cpu.TryReadMsr(msr, out ulong now) && ((now ^ value) & ~ExtendedCf8) == 0 && Cpu.TryWriteMsr(msr, value);
            case MmioConfigBase:
                return domain.IsPrivileged && Cpu.TryReadMsr(msr, out ulong present) && value == present;
            default:
                return false;
        }
    }
}
