// xen/arch-x86/cpuid.h: the CPUID leaves from 0x40000000 on by which a guest finds out that it runs on Xen.

namespace Xenith.Abi;

/// <summary>Leaf numbers, the signature, and limits.</summary>
public static class XenCpuid
{
    public const uint FirstLeaf = 0x40000000;
    public const uint SignatureEbx = 0x566e6558;
    public const uint SignatureEcx = 0x65584d4d;
    public const uint SignatureEdx = 0x4d4d566e;
    public const uint MachineAddressWidthMask = 255;
    public const uint MaxNumLeaves = 5;
}

/// <summary>Features in ECX of leaf 0x40000002 (<c>XEN_CPUID_FEAT1_*</c>).</summary>
public enum XenCpuidFeatures : uint
{
    MmuPtUpdatePreserveAd = 1,
}

/// <summary>Features of HVM guests in EAX of leaf 0x40000004 (<c>XEN_HVM_CPUID_*</c>).</summary>
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
