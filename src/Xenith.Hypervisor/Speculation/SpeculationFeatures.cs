using Xenith.Machine;

namespace Xenith.Hypervisor.Speculation;

/// <summary>
/// What a CPU says about its speculation: where it is immune, and what it offers against it. Intel: SDM vol. 4, IA32_ARCH_CAPABILITIES (0x10a), and CPUID leaf 7; AMD: APM vol. 3, CPUID leaves
/// 0x80000008 and 0x80000021.
/// </summary>
internal struct SpeculationFeatures
{
    private const uint ArchCapabilities = 0x10a;

    /// <summary>CPUID 7.0 EDX.</summary>
    internal const uint SrbdsCtrl = 1 << 9, MdClear = 1 << 10, IbrsIbpb = 1 << 26, Stibp = 1 << 27, L1dFlush = 1 << 28, HasArchCapabilities = 1 << 29, Ssbd = 1U << 31;

    /// <summary>CPUID 0x80000008 EBX.</summary>
    internal const uint AmdIbpb = 1 << 12, AmdIbrs = 1 << 14, AmdStibp = 1 << 15, IbrsAlways = 1 << 16, StibpAlways = 1 << 17, IbrsFast = 1 << 18, IbrsSameMode = 1 << 19, AmdSsbd = 1 << 24,
        VirtSsbd = 1 << 25, AmdSsbNo = 1 << 26, Psfd = 1 << 28, BtcNo = 1 << 29, IbpbReturns = 1 << 30;

    /// <summary>CPUID 0x80000021 EAX.</summary>
    internal const uint AutoIbrs = 1 << 8, Sbpb = 1 << 27, IbpbBranchType = 1 << 28, SrsoNo = 1 << 29;

    /// <summary>IA32_ARCH_CAPABILITIES.</summary>
    internal const ulong RdclNo = 1 << 0, EnhancedIbrs = 1 << 1, Rsba = 1 << 2, SkipL1dFlush = 1 << 3, SsbNo = 1 << 4, MdsNo = 1 << 5, TsxCtrl = 1 << 7, TaaNo = 1 << 8, SbdrSsdpNo = 1 << 13,
        FbsdpNo = 1 << 14, PsdpNo = 1 << 15, FbClear = 1 << 17, FbClearCtrl = 1 << 18, Rrsba = 1 << 19, BhiNo = 1 << 20, PbrsbNo = 1 << 24, GdsCtrl = 1 << 25, GdsNo = 1 << 26, RfdsNo = 1 << 27,
        RfdsClear = 1 << 28;

    private const uint Hle = 1 << 4, Rtm = 1 << 11, SmepBit = 1 << 7;

    /// <summary>True for AMD and Hygon, whose CPUs check privilege before they hand data on.</summary>
    internal bool IsAmd;

    /// <summary>IA32_ARCH_CAPABILITIES; 0 if there is none, which says the worst.</summary>
    internal ulong Capabilities;

    /// <summary>CPUID 7.0 EDX, 7.0 EBX, 0x80000008 EBX, 0x80000021 EAX.</summary>
    internal uint Leaf7Edx, Leaf7Ebx, AmdLeaf8, AmdLeaf21;

    /// <summary>Bits of physical addresses.</summary>
    internal uint PhysicalBits;

    /// <summary>What the CPU that runs this says.</summary>
    internal static SpeculationFeatures Read()
    {
        const uint auth = 0x6874_7541, hygo = 0x6f67_7948;
        CpuidResult basic = Cpu.Cpuid(0);
        uint extended = Cpu.Cpuid(0x8000_0000).Eax;
        CpuidResult features = basic.Eax >= 7 ? Cpu.Cpuid(7) : default;
        CpuidResult sizes = extended >= 0x8000_0008 ? Cpu.Cpuid(0x8000_0008) : default;
        SpeculationFeatures read = new()
        {
            IsAmd = basic.Ebx is auth or hygo,
            Leaf7Edx = features.Edx,
            Leaf7Ebx = features.Ebx,
            AmdLeaf8 = sizes.Ebx,
            AmdLeaf21 = extended >= 0x8000_0021 ? Cpu.Cpuid(0x8000_0021).Eax : 0,
            PhysicalBits = sizes.Eax & 0xff,
        };
        if ((features.Edx & HasArchCapabilities) != 0)
            Cpu.TryReadMsr(ArchCapabilities, out read.Capabilities);
        return read;
    }

    internal readonly bool Can(ulong capability) => (Capabilities & capability) != 0;

    internal readonly bool HasLeaf7(uint bit) => (Leaf7Edx & bit) != 0;

    internal readonly bool HasAmd(uint bit) => (AmdLeaf8 & bit) != 0;

    /// <summary>IA32_SPEC_CTRL with its IBRS bit exists.</summary>
    internal readonly bool HasIbrs => HasLeaf7(IbrsIbpb) || HasAmd(AmdIbrs);

    /// <summary>IA32_PRED_CMD exists.</summary>
    internal readonly bool HasIbpb => HasLeaf7(IbrsIbpb) || HasAmd(AmdIbpb);

    /// <summary>IBRS that is set once and needs no write at every entry.</summary>
    internal readonly bool HasLastingIbrs => Can(EnhancedIbrs) || HasAmd(IbrsAlways);

    internal readonly bool HasSsbd => HasLeaf7(Ssbd) || HasAmd(AmdSsbd);

    internal readonly bool HasSmep => (Leaf7Ebx & SmepBit) != 0;

    /// <summary>Meltdown: a guest's process can read what its page tables map for the supervisor.</summary>
    internal readonly bool LeaksSupervisorPages => !IsAmd && !Can(RdclNo);

    /// <summary>Transactional memory, by its instructions, is there to be used.</summary>
    internal readonly bool HasTransactions => (Leaf7Ebx & (Rtm | Hle)) != 0;

    /// <summary>TSX asynchronous abort: a transaction that fails reads what buffers hold (SDM vol. 4, TAA_NO).</summary>
    internal readonly bool LeaksByTransactions => !IsAmd && HasTransactions && !Can(TaaNo);

    /// <summary>Takes transactions away, as <see cref="SpeculationPolicy.TsxControl"/> will have done.</summary>
    internal void HideTransactions() => Leaf7Ebx &= ~(Rtm | Hle);

    /// <summary>Buffers keep data of the last owner of the CPU, and VERW overwrites them.</summary>
    internal readonly bool NeedsVerw
    {
        get
        {
            if (IsAmd)
                return false;
            bool sampling = HasLeaf7(MdClear) && (!Can(MdsNo) || LeaksByTransactions);
            bool devices = Can(FbClear) && !(Can(SbdrSsdpNo) && Can(FbsdpNo) && Can(PsdpNo));
            return sampling || devices || Can(RfdsClear);
        }
    }

    /// <summary>L1 terminal fault: entries that are not present are followed all the same.</summary>
    internal readonly bool HasTerminalFault => !IsAmd && !Can(RdclNo) && !Can(SkipL1dFlush);
}
