// Our names beside C's for xen/arch-x86/cpuid.h. AbiTable explains the format.

namespace Xenith.Tests.Abi;

internal static class CpuidTable
{
    public const string Rows = """
        header xen/arch-x86/cpuid.h
        value XenCpuid.FirstLeaf = XEN_CPUID_FIRST_LEAF
        value XenCpuid.SignatureEbx = XEN_CPUID_SIGNATURE_EBX
        value XenCpuid.SignatureEcx = XEN_CPUID_SIGNATURE_ECX
        value XenCpuid.SignatureEdx = XEN_CPUID_SIGNATURE_EDX
        value XenCpuid.MachineAddressWidthMask = XEN_CPUID_MACHINE_ADDRESS_WIDTH_MASK
        value XenCpuid.MaxNumLeaves = XEN_CPUID_MAX_NUM_LEAVES
        value XenCpuidFeatures.MmuPtUpdatePreserveAd = XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD
        value XenCpuidHvmFeatures.ApicAccessVirt = XEN_HVM_CPUID_APIC_ACCESS_VIRT
        value XenCpuidHvmFeatures.X2apicVirt = XEN_HVM_CPUID_X2APIC_VIRT
        value XenCpuidHvmFeatures.IommuMappings = XEN_HVM_CPUID_IOMMU_MAPPINGS
        value XenCpuidHvmFeatures.VcpuIdPresent = XEN_HVM_CPUID_VCPU_ID_PRESENT
        value XenCpuidHvmFeatures.DomidPresent = XEN_HVM_CPUID_DOMID_PRESENT
        value XenCpuidHvmFeatures.ExtDestId = XEN_HVM_CPUID_EXT_DEST_ID
        value XenCpuidHvmFeatures.UpcallVector = XEN_HVM_CPUID_UPCALL_VECTOR
        """;
}
