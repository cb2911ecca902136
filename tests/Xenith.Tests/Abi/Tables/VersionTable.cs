// Our names beside C's for xen/version.h, xen/features.h. AbiTable explains the format.

namespace Xenith.Tests.Abi;

internal static class VersionTable
{
    public const string Rows = """
        header xen/version.h
        header xen/features.h
        value XenVersionOp.Version = XENVER_version
        value XenVersionOp.ExtraVersion = XENVER_extraversion
        value XenVersionOp.CompileInfo = XENVER_compile_info
        value XenVersionOp.Capabilities = XENVER_capabilities
        value XenVersionOp.Changeset = XENVER_changeset
        value XenVersionOp.PlatformParameters = XENVER_platform_parameters
        value XenVersionOp.GetFeatures = XENVER_get_features
        value XenVersionOp.PageSize = XENVER_pagesize
        value XenVersionOp.GuestHandle = XENVER_guest_handle
        value XenVersionOp.CommandLine = XENVER_commandline
        value XenVersionOp.BuildId = XENVER_build_id
        value VersionLengths.ExtraVersionLen = XEN_EXTRAVERSION_LEN
        value VersionLengths.CapabilitiesInfoLen = XEN_CAPABILITIES_INFO_LEN
        value VersionLengths.ChangesetInfoLen = XEN_CHANGESET_INFO_LEN
        value XenFeature.WritablePageTables = XENFEAT_writable_page_tables
        value XenFeature.WritableDescriptorTables = XENFEAT_writable_descriptor_tables
        value XenFeature.AutoTranslatedPhysmap = XENFEAT_auto_translated_physmap
        value XenFeature.SupervisorModeKernel = XENFEAT_supervisor_mode_kernel
        value XenFeature.PaePgdirAboveFourGb = XENFEAT_pae_pgdir_above_4gb
        value XenFeature.MmuPtUpdatePreserveAd = XENFEAT_mmu_pt_update_preserve_ad
        value XenFeature.HighmemAssist = XENFEAT_highmem_assist
        value XenFeature.GnttabMapAvailBits = XENFEAT_gnttab_map_avail_bits
        value XenFeature.HvmCallbackVector = XENFEAT_hvm_callback_vector
        value XenFeature.HvmSafePvclock = XENFEAT_hvm_safe_pvclock
        value XenFeature.HvmPirqs = XENFEAT_hvm_pirqs
        value XenFeature.Dom0 = XENFEAT_dom0
        value XenFeature.MemoryOpVnodeSupported = XENFEAT_memory_op_vnode_supported
        value XenFeature.ArmSmcccSupported = XENFEAT_ARM_SMCCC_supported
        value XenFeature.LinuxRsdpUnrestricted = XENFEAT_linux_rsdp_unrestricted
        value XenFeature.NotDirectMapped = XENFEAT_not_direct_mapped
        value XenFeature.DirectMapped = XENFEAT_direct_mapped
        value XenFeatures.NrSubmaps = XENFEAT_NR_SUBMAPS
        struct CompileInfo = both struct xen_compile_info
            Compiler = compiler
            CompileBy = compile_by
            CompileDomain = compile_domain
            CompileDate = compile_date
        struct PlatformParameters = struct xen_platform_parameters
            VirtStart = virt_start
        struct FeatureInfo = both struct xen_feature_info
            SubmapIdx = submap_idx
            Submap = submap
        """;
}
