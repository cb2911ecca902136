using System.Numerics;
using Xenith.Abi;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>The leaves by which a guest recognises Xen's interface (public/arch-x86/cpuid.h), numbered from 0x40000000.</summary>
internal static class XenCpuidLeaves
{
    /// <summary>The version of Xen whose interface this is, 4.17: its tools insist on it.</summary>
    private const uint Version = 4 << 16 | 17;

    /// <summary>Write a page's address here and it becomes the hypercall page.</summary>
    internal const uint HypercallMsr = 0x4000_0000;

    internal static CpuidResult Query(uint leaf, uint subleaf)
    {
        switch (leaf)
        {
            case 0:
                return new CpuidResult
                {
                    Eax = XenCpuid.FirstLeaf + XenCpuid.MaxNumLeaves,
                    Ebx = XenCpuid.SignatureEbx,
                    Ecx = XenCpuid.SignatureEcx,
                    Edx = XenCpuid.SignatureEdx,
                };
            case 1:
                return new CpuidResult { Eax = Version };
            case 2:
                return new CpuidResult { Eax = 1, Ebx = HypercallMsr, Ecx = (uint)XenCpuidFeatures.MmuPtUpdatePreserveAd };
            case 3:
                return Tsc(Host.Current, subleaf);
            case 5:
                ulong highest = Host.Current.Memory.Frames.Count;
                return new CpuidResult { Ebx = (uint)(64 - BitOperations.LeadingZeroCount(highest) + AddressSpace.PageShift) };
            default:
                return default;
        }
    }

    private static CpuidResult Tsc(Host host, uint subleaf)
    {
        const uint hostTscIsSafe = 1 << 1, hasRdtscp = 1 << 2;
        uint kilohertz = (uint)(host.Time.TscHertz / 1000);
        switch (subleaf)
        {
            case 0:
                uint flags = 0;
                if (Cpu.Cpuid(0x8000_0000).Eax >= 0x8000_0007 && (Cpu.Cpuid(0x8000_0007).Edx & CpuidMasks.InvariantTsc) != 0)
                    flags |= hostTscIsSafe;
                if ((Cpu.Cpuid(0x8000_0001).Edx & CpuidMasks.RdtscpBit) != 0)
                    flags |= hasRdtscp;
                // ECX is the guest's own frequency, if it was given one.
                return new CpuidResult { Eax = flags };
            case 1:
                return new CpuidResult { Ecx = host.Time.PvclockMultiplier, Edx = unchecked((uint)host.Time.PvclockShift) };
            case 2:
                return new CpuidResult { Eax = kilohertz };
            default:
                return default;
        }
    }
}
