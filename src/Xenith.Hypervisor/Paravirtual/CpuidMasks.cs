namespace Xenith.Hypervisor.Paravirtual;

/// <summary>
/// The CPU features that a 64-bit PV guest can use (SDM vol. 2, CPUID; APM vol. 3, appendix E): those whose instructions and registers work in ring 3 or are emulated. All that
/// needs ring 0, the guest's own page-table format or hardware that is not the guest's is hidden. Names as in the manuals.
/// </summary>
internal static class CpuidMasks
{
    // Leaf 1, EDX.
    private const uint Fpu = 1 << 0, De = 1 << 2, Tsc = 1 << 4, MsrBit = 1 << 5, Pae = 1 << 6, Mce = 1 << 7, Cx8 = 1 << 8, Apic = 1 << 9, Mca = 1 << 14, Cmov = 1 << 15;
    private const uint Pat = 1 << 16, Clfsh = 1 << 19, Acpi = 1 << 22, Mmx = 1 << 23, Fxsr = 1 << 24, Sse = 1 << 25, Sse2 = 1 << 26, SelfSnoop = 1 << 27, Htt = 1 << 28;

    internal const uint Mtrr = 1 << 12;

    internal const uint Leaf1Edx = Fpu | De | Tsc | MsrBit | Pae | Mce | Cx8 | Apic | Mca | Cmov | Pat | Clfsh | Acpi | Mmx | Fxsr | Sse | Sse2 | SelfSnoop | Htt;

    // Leaf 1, ECX.
    private const uint Sse3 = 1 << 0, Pclmulqdq = 1 << 1, Ssse3 = 1 << 9, Fma = 1 << 12, Cx16 = 1 << 13, Sse41 = 1 << 19, Sse42 = 1 << 20, Movbe = 1 << 22, Popcnt = 1 << 23;
    private const uint Aes = 1 << 25, Xsave = 1 << 26, Avx = 1 << 28, F16c = 1 << 29, Rdrand = 1 << 30;

    internal const uint OsXsave = 1 << 27, Hypervisor = 1U << 31;
    internal const uint Leaf1Ecx = Sse3 | Pclmulqdq | Ssse3 | Fma | Cx16 | Sse41 | Sse42 | Movbe | Popcnt | Aes | Xsave | Avx | F16c | Rdrand;

    /// <summary>Those of leaf 1 ECX that need XSAVE to be switched on.</summary>
    internal const uint Leaf1EcxExtended = Fma | Xsave | Avx | F16c;

    // Leaf 7.0, EBX.
    internal const uint FsGsBase = 1 << 0;
    private const uint Bmi1 = 1 << 3, Avx2 = 1 << 5, Bmi2 = 1 << 8, Erms = 1 << 9, NoFpuCsDs = 1 << 13, Rdseed = 1 << 18, Adx = 1 << 19;
    private const uint ClflushOpt = 1 << 23, Clwb = 1 << 24, Sha = 1 << 29;

    private const uint Avx512F = 1 << 16, Avx512Dq = 1 << 17, Avx512Ifma = 1 << 21, Avx512Pf = 1 << 26, Avx512Er = 1 << 27, Avx512Cd = 1 << 28, Avx512Bw = 1 << 30, Avx512Vl = 1U << 31;

    /// <summary>Those that need the AVX-512 components of XCR0.</summary>
    internal const uint Leaf7EbxAvx512 = Avx512F | Avx512Dq | Avx512Ifma | Avx512Pf | Avx512Er | Avx512Cd | Avx512Bw | Avx512Vl;

    internal const uint Leaf7Ebx = FsGsBase | Bmi1 | Avx2 | Bmi2 | Erms | NoFpuCsDs | Rdseed | Adx | ClflushOpt | Clwb | Sha | Leaf7EbxAvx512;
    internal const uint Leaf7EbxExtended = Avx2;

    // Leaf 7.0, ECX and EDX.
    private const uint Prefetchwt1 = 1 << 0, Gfni = 1 << 8, Vaes = 1 << 9, Vpclmulqdq = 1 << 10, Rdpid = 1 << 22, Cldemote = 1 << 25, Movdiri = 1 << 27, Movdir64b = 1 << 28;
    private const uint Vbmi = 1 << 1, Vbmi2 = 1 << 6, Vnni = 1 << 11, Bitalg = 1 << 12, Vpopcntdq = 1 << 14;
    internal const uint Leaf7EcxAvx512 = Vbmi | Vbmi2 | Vnni | Bitalg | Vpopcntdq;
    internal const uint Leaf7Ecx = Leaf7EcxAvx512 | Prefetchwt1 | Gfni | Vaes | Vpclmulqdq | Rdpid | Cldemote | Movdiri | Movdir64b;
    internal const uint Leaf7EcxExtended = Vaes | Vpclmulqdq;
    private const uint Fsrm = 1 << 4, MdClear = 1 << 10, Serialize = 1 << 14;
    private const uint Vnniw4 = 1 << 2, Fmaps4 = 1 << 3, Vp2Intersect = 1 << 8, Fp16 = 1 << 23;
    internal const uint Leaf7EdxAvx512 = Vnniw4 | Fmaps4 | Vp2Intersect | Fp16;
    internal const uint Leaf7Edx = Leaf7EdxAvx512 | Fsrm | MdClear | Serialize;

    // Leaf 7.1, EAX.
    private const uint AvxVnni = 1 << 4, Fzrm = 1 << 10, Fsrs = 1 << 11, Fsrcs = 1 << 12;
    internal const uint Leaf71EaxAvx512 = 1 << 5; // BF16
    internal const uint Leaf71Eax = Leaf71EaxAvx512 | AvxVnni | Fzrm | Fsrs | Fsrcs;
    internal const uint Leaf71EaxExtended = AvxVnni | Leaf71EaxAvx512;

    /// <summary>Leaf 0xd.1, EAX: XSAVEOPT, XSAVEC, XGETBV with ECX 1; not XSAVES.</summary>
    internal const uint LeafD1Eax = 7, CompactedSave = 2;

    // Leaf 0x80000001.
    private const uint LahfSahf = 1 << 0, CmpLegacy = 1 << 1, Abm = 1 << 5, Sse4A = 1 << 6, MisalignSse = 1 << 7, Prefetchw = 1 << 8, Xop = 1 << 11, Fma4 = 1 << 16, Tbm = 1 << 21;
    internal const uint ExtendedEcx = LahfSahf | CmpLegacy | Abm | Sse4A | MisalignSse | Prefetchw | Xop | Fma4 | Tbm;
    internal const uint ExtendedEcxExtended = Xop | Fma4;
    internal const uint Syscall = 1 << 11, RdtscpBit = 1 << 27;
    private const uint Nx = 1 << 20, MmxExt = 1 << 22, Ffxsr = 1 << 25, Lm = 1 << 29, ThreeDNowExt = 1 << 30, ThreeDNow = 1U << 31;

    /// <summary>EDX: on AMD the low bits repeat those of leaf 1.</summary>
    internal const uint ExtendedEdx = (Leaf1Edx & 0x0183_f3ff) | Syscall | Nx | MmxExt | Ffxsr | RdtscpBit | Lm | ThreeDNowExt | ThreeDNow;

    /// <summary>Leaf 0x80000007, EDX: the TSC runs at a constant rate always.</summary>
    internal const uint InvariantTsc = 1 << 8;

    /// <summary>Leaf 0x80000008, EBX: CLZERO, restored FP error pointers, WBNOINVD.</summary>
    internal const uint Extended8Ebx = 1 << 0 | 1 << 2 | 1 << 9;

    /// <summary>Leaf 0x80000021, EAX: LFENCE serialises, null selectors clear the base.</summary>
    internal const uint Extended21Eax = 1 << 2 | 1 << 6;
}
