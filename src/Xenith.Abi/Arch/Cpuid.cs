// Constants and structures of xen/arch-x86/cpuid.h.

namespace Xenith.Abi;

/// <summary>Values of <c>XEN_CPUID_…</c>.</summary>
public static class XenCpuid
{
    public const uint FirstLeaf = 0x40000000;
    public const uint SignatureEbx = 0x566e6558;
    public const uint SignatureEcx = 0x65584d4d;
    public const uint SignatureEdx = 0x4d4d566e;
    public const uint MachineAddressWidthMask = 255;
    public const uint MaxNumLeaves = 5;
}

/// <summary>Values of <c>XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD…</c>.</summary>
public enum XenCpuidFeatures : uint
{
    MmuPtUpdatePreserveAd = 1,
}

/// <summary>Values of <c>XEN_HVM_CPUID_…</c>.</summary>
public enum XenCpuidHvmFeatures : uint
{
    ApicAccessVirt = 1,
    X2apicVirt = 2,
    IommuMappings = 4,
    VcpuIdPresent = 8,
    DomidPresent = 16,
    ExtDestId = 32,
    UpcallVector = 64,
}
