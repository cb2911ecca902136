using System;
using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>
/// CPUID as a PV guest sees it when it asks the way that traps: the host's values, less what a PV guest cannot use (<see cref="CpuidMasks"/>), and the leaves that say that it runs
/// under a hypervisor with Xen's interface.
/// </summary>
internal static class PvCpuid
{
    private const uint MaxBasic = 0xd, Extended = 0x8000_0000, MaxExtended = 0x8000_0021;

    /// <summary>Leaves from here on, 256 of them, are the hypervisor's.</summary>
    private const uint HypervisorEnd = XenCpuid.FirstLeaf + 0x100;

    /// <summary>True if the CPU has RDFSBASE and its like.</summary>
    internal static bool HasFsGsBase => Cpu.Cpuid(0).Eax >= 7 && (Cpu.Cpuid(7).Ebx & CpuidMasks.FsGsBase) != 0;

    /// <summary>The answer for a leaf and sub-leaf. <paramref name="isForced"/>: the guest used the marked form (<see cref="ForcedCpuid"/>).</summary>
    internal static CpuidResult Query(Vcpu vcpu, uint leaf, uint subleaf, bool isForced)
    {
        if (leaf is >= XenCpuid.FirstLeaf and < HypervisorEnd)
            return XenCpuidLeaves.Query(leaf - XenCpuid.FirstLeaf, subleaf);
        if (leaf < Extended)
            return leaf <= 1 || leaf <= Math.Min(Cpu.Cpuid(0).Eax, MaxBasic) ? Basic(vcpu, leaf, subleaf, isForced) : default;
        return leaf <= Math.Min(Cpu.Cpuid(Extended).Eax, MaxExtended) ? ExtendedLeaf(leaf, subleaf) : default;
    }

    private static bool HasExtendedState => (Cpu.ReadCr4() & Cr4.OsXsave) != 0;

    private static CpuidResult Basic(Vcpu vcpu, uint leaf, uint subleaf, bool isForced)
    {
        CpuidResult result = Cpu.Cpuid(leaf, subleaf);
        switch (leaf)
        {
            case 0:
                result.Eax = Math.Min(result.Eax, MaxBasic);
                return result;
            case 1:
                return Features(vcpu, result, isForced);
            case 2: // caches
            case 4:
                return result;
            case 7:
                return StructuredFeatures(result, subleaf);
            case 0xd:
                return HasExtendedState ? ExtendedState(vcpu.Pv, result, subleaf) : default;
            default:
                // MONITOR, power, direct cache access, performance counters, x2APIC topology: not the guest's.
                return default;
        }
    }

    private static CpuidResult Features(Vcpu vcpu, CpuidResult result, bool isForced)
    {
        PvVcpu pv = vcpu.Pv;
        bool hasMtrr = (result.Edx & CpuidMasks.Mtrr) != 0;
        result.Ebx = (result.Ebx & 0x00ff_ffff) | (vcpu.Id * 2 & 0xff) << 24;
        result.Ecx &= CpuidMasks.Leaf1Ecx;
        result.Edx &= CpuidMasks.Leaf1Edx;
        if (!HasExtendedState)
            result.Ecx &= ~CpuidMasks.Leaf1EcxExtended;
        result.Ecx |= CpuidMasks.Hypervisor;

        // The hypervisor's OSXSAVE shows to kernels that use the marked form: old kernels deduce from it that XSAVE works, and by now it is part of the interface.
        bool kernelAsks = isForced && !pv.InUserMode;
        if (HasExtendedState && ((pv.Cr4 & Cr4.OsXsave) != 0 || kernelAsks))
            result.Ecx |= CpuidMasks.OsXsave;
        // dom0's kernel takes MTRR for the sign that there are hypercalls for memory types.
        if (hasMtrr && vcpu.Domain.IsPrivileged && !pv.InUserMode)
            result.Edx |= CpuidMasks.Mtrr;
        return result;
    }

    private static CpuidResult StructuredFeatures(CpuidResult result, uint subleaf)
    {
        switch (subleaf)
        {
            case 0:
                result.Eax = Math.Min(result.Eax, 1);
                result.Ebx &= CpuidMasks.Leaf7Ebx;
                result.Ecx &= CpuidMasks.Leaf7Ecx;
                result.Edx &= CpuidMasks.Leaf7Edx;
                if (!HasExtendedState)
                {
                    result.Ebx &= ~CpuidMasks.Leaf7EbxExtended;
                    result.Ecx &= ~CpuidMasks.Leaf7EcxExtended;
                }
                if (!HasExtendedState || (PvControlRegisters.HostXcr0 & PvControlRegisters.Avx512) == 0)
                {
                    result.Ebx &= ~CpuidMasks.Leaf7EbxAvx512;
                    result.Ecx &= ~CpuidMasks.Leaf7EcxAvx512;
                    result.Edx &= ~CpuidMasks.Leaf7EdxAvx512;
                }
                return result;
            case 1:
                uint features = result.Eax & CpuidMasks.Leaf71Eax;
                if ((PvControlRegisters.HostXcr0 & PvControlRegisters.Avx512) == 0)
                    features &= ~CpuidMasks.Leaf71EaxAvx512;
                return new CpuidResult { Eax = HasExtendedState ? features : features & ~CpuidMasks.Leaf71EaxExtended };
            default:
                return default;
        }
    }

    /// <summary>Leaf 0xd (SDM vol. 1, 13.2) for the components that the hypervisor has on. XSAVES is hidden, so no component is a supervisor's.</summary>
    private static CpuidResult ExtendedState(PvVcpu pv, CpuidResult result, uint subleaf)
    {
        const uint aligned = 2, lastComponent = 62;
        ulong all = PvControlRegisters.HostXcr0;
        switch (subleaf)
        {
            case 0:
                return new CpuidResult { Eax = (uint)all, Ebx = AreaSize(PvControlRegisters.ReadXcr0(pv)), Ecx = AreaSize(all) };
            case 1:
                uint features = result.Eax & CpuidMasks.LeafD1Eax;
                return new CpuidResult { Eax = features, Ebx = (features & CpuidMasks.CompactedSave) != 0 ? CompactedSize(PvControlRegisters.ReadXcr0(pv)) : 0 };
            case <= lastComponent when (all >> (int)subleaf & 1) != 0:
                return new CpuidResult { Eax = result.Eax, Ebx = result.Ebx, Ecx = result.Ecx & aligned };
            default:
                return default;
        }
    }

    /// <summary>512 bytes of FXSAVE and 64 of header begin every XSAVE area.</summary>
    private const uint AreaStart = 576;

    /// <summary>Bytes of an XSAVE area in the standard format: to the end of the last component.</summary>
    private static uint AreaSize(ulong components)
    {
        uint size = AreaStart;
        for (uint i = 2; components >> (int)i != 0; i++)
        {
            if ((components >> (int)i & 1) == 0)
                continue;
            CpuidResult part = Cpu.Cpuid(0xd, i);
            size = Math.Max(size, part.Eax + part.Ebx);
        }
        return size;
    }

    /// <summary>Bytes of an XSAVE area in the compacted format: the components one behind the other, some at a boundary of 64 bytes.</summary>
    private static uint CompactedSize(ulong components)
    {
        const uint aligned = 2;
        uint size = AreaStart;
        for (uint i = 2; components >> (int)i != 0; i++)
        {
            if ((components >> (int)i & 1) == 0)
                continue;
            CpuidResult part = Cpu.Cpuid(0xd, i);
            if ((part.Ecx & aligned) != 0)
                size = (size + 63) & ~63u;
            size += part.Eax;
        }
        return size;
    }

    private static CpuidResult ExtendedLeaf(uint leaf, uint subleaf)
    {
        CpuidResult result = Cpu.Cpuid(leaf, subleaf);
        switch (leaf)
        {
            case Extended:
                result.Eax = Math.Min(result.Eax, MaxExtended);
                return result;
            case Extended + 1:
                result.Ecx &= CpuidMasks.ExtendedEcx;
                if (!HasExtendedState)
                    result.Ecx &= ~CpuidMasks.ExtendedEcxExtended;
                result.Edx = (result.Edx & CpuidMasks.ExtendedEdx) | CpuidMasks.Syscall;
                return result;
            case Extended + 2: // name of the CPU
            case Extended + 3:
            case Extended + 4:
            case Extended + 5: // caches
            case Extended + 6:
                return result;
            case Extended + 7:
                return new CpuidResult { Edx = result.Edx & CpuidMasks.InvariantTsc };
            case Extended + 8:
                const uint linearBits = 48;
                return new CpuidResult { Eax = (result.Eax & 0xff) | linearBits << 8, Ebx = result.Ebx & CpuidMasks.Extended8Ebx, Ecx = result.Ecx };
            case MaxExtended:
                return new CpuidResult { Eax = result.Eax & CpuidMasks.Extended21Eax };
            default:
                return default;
        }
    }
}
