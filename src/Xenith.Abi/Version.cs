// xen/version.h and xen/features.h: who and what the hypervisor is, and which features of the PV interface it
// has.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>What xen_version asks for (<c>XENVER_*</c>).</summary>
public enum XenVersionOp : uint
{
    Version = 0,
    ExtraVersion = 1,
    CompileInfo = 2,
    Capabilities = 3,
    Changeset = 4,
    PlatformParameters = 5,
    GetFeatures = 6,
    PageSize = 7,
    GuestHandle = 8,
    CommandLine = 9,
    BuildId = 10,
}

/// <summary>Bytes of the texts.</summary>
public static class VersionLengths
{
    public const int ExtraVersionLen = 16;
    public const int CapabilitiesInfoLen = 0x400;
    public const int ChangesetInfoLen = 64;
}

/// <summary>Feature bits that get_features reports (<c>XENFEAT_*</c>); also in a kernel's ELF notes.</summary>
public enum XenFeature : int
{
    WritablePageTables = 0,
    WritableDescriptorTables = 1,
    AutoTranslatedPhysmap = 2,
    SupervisorModeKernel = 3,
    PaePgdirAboveFourGb = 4,
    MmuPtUpdatePreserveAd = 5,
    HighmemAssist = 6,
    GnttabMapAvailBits = 7,
    HvmCallbackVector = 8,
    HvmSafePvclock = 9,
    HvmPirqs = 10,
    Dom0 = 11,
    MemoryOpVnodeSupported = 13,
    ArmSmcccSupported = 14,
    LinuxRsdpUnrestricted = 15,
    NotDirectMapped = 16,
    DirectMapped = 17,
}

/// <summary>Number of 32-bit words of features.</summary>
public static class XenFeatures
{
    public const uint NrSubmaps = 1;
}

/// <summary>Who compiled the hypervisor, with what, when. C: <c>struct xen_compile_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct CompileInfo
{
    public Inline64<byte> Compiler;
    public Inline16<byte> CompileBy;
    public Inline32<byte> CompileDomain;
    public Inline32<byte> CompileDate;
}

/// <summary>Where the hypervisor's part of the address space begins. C: <c>struct xen_platform_parameters</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PlatformParameters
{
    public ulong VirtStart;
}

/// <summary>One word of feature bits. C: <c>struct xen_feature_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FeatureInfo
{
    public uint SubmapIdx;
    public uint Submap;
}
