// xen/platform.h: calls that only firmware can answer, made by the hypervisor for the control domain.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>A date as EFI has it. C: <c>struct xenpf_efi_time</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PlatformEfiTime
{
    public ushort Year;
    public byte Month;
    public byte Day;
    public byte Hour;
    public byte Min;
    public byte Sec;
    public uint Ns;
    public short Tz;
    public byte Daylight;
}

/// <summary>A GUID as EFI has it. C: <c>struct xenpf_efi_guid</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PlatformEfiGuid
{
    public uint Data1;
    public ushort Data2;
    public ushort Data3;
    public Inline8<byte> Data4;
}

/// <summary>An EFI runtime service to call. C: <c>struct xenpf_efi_runtime_call</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 56)]
public struct PlatformEfiRuntimeCall
{
    [FieldOffset(0)] public uint Function;
    [FieldOffset(4)] public uint Misc;
    [FieldOffset(8)] public ulong Status;
    [FieldOffset(16)] public PlatformEfiTime GetTimeTime;
    [FieldOffset(32)] public uint GetTimeResolution;
    [FieldOffset(36)] public uint GetTimeAccuracy;
    [FieldOffset(16)] public PlatformEfiTime SetTime;
    [FieldOffset(16)] public PlatformEfiTime GetWakeupTime;
    [FieldOffset(16)] public PlatformEfiTime SetWakeupTime;
    [FieldOffset(16)] public GuestHandle<byte> GetVariableName;
    [FieldOffset(24)] public ulong GetVariableSize;
    [FieldOffset(32)] public GuestHandle<byte> GetVariableData;
    [FieldOffset(40)] public PlatformEfiGuid GetVariableVendorGuid;
    [FieldOffset(16)] public GuestHandle<byte> SetVariableName;
    [FieldOffset(24)] public ulong SetVariableSize;
    [FieldOffset(32)] public GuestHandle<byte> SetVariableData;
    [FieldOffset(40)] public PlatformEfiGuid SetVariableVendorGuid;
    [FieldOffset(16)] public ulong GetNextVariableNameSize;
    [FieldOffset(24)] public GuestHandle<byte> GetNextVariableNameName;
    [FieldOffset(32)] public PlatformEfiGuid GetNextVariableNameVendorGuid;
    [FieldOffset(16)] public uint QueryVariableInfoAttr;
    [FieldOffset(24)] public ulong QueryVariableInfoMaxStoreSize;
    [FieldOffset(32)] public ulong QueryVariableInfoRemainStoreSize;
    [FieldOffset(40)] public ulong QueryVariableInfoMaxSize;
    [FieldOffset(16)] public GuestHandle<byte> QueryCapsuleCapabilitiesCapsuleHeaderArray;
    [FieldOffset(24)] public ulong QueryCapsuleCapabilitiesCapsuleCount;
    [FieldOffset(32)] public ulong QueryCapsuleCapabilitiesMaxCapsuleSize;
    [FieldOffset(40)] public uint QueryCapsuleCapabilitiesResetType;
    [FieldOffset(16)] public GuestHandle<byte> UpdateCapsuleCapsuleHeaderArray;
    [FieldOffset(24)] public ulong UpdateCapsuleCapsuleCount;
    [FieldOffset(32)] public ulong UpdateCapsuleSgList;
}

/// <summary>Asks for something that firmware said at boot. C: <c>struct xenpf_firmware_info</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 40)]
public struct PlatformFirmwareInfo
{
    [FieldOffset(0)] public uint Type;
    [FieldOffset(4)] public uint Index;
    [FieldOffset(8)] public byte DiskInfoDevice;
    [FieldOffset(9)] public byte DiskInfoVersion;
    [FieldOffset(10)] public ushort DiskInfoInterfaceSupport;
    [FieldOffset(12)] public ushort DiskInfoLegacyMaxCylinder;
    [FieldOffset(14)] public byte DiskInfoLegacyMaxHead;
    [FieldOffset(15)] public byte DiskInfoLegacySectorsPerTrack;
    [FieldOffset(16)] public GuestHandle<byte> DiskInfoEddParams;
    [FieldOffset(8)] public byte DiskMbrSignatureDevice;
    [FieldOffset(12)] public uint DiskMbrSignatureMbrSignature;
    [FieldOffset(8)] public byte VbeddcInfoCapabilities;
    [FieldOffset(9)] public byte VbeddcInfoEdidTransferTime;
    [FieldOffset(16)] public GuestHandle<byte> VbeddcInfoEdid;
    [FieldOffset(8)] public uint EfiInfoVersion;
    [FieldOffset(8)] public ulong EfiInfoCfgAddr;
    [FieldOffset(16)] public uint EfiInfoCfgNent;
    [FieldOffset(8)] public uint EfiInfoVendorRevision;
    [FieldOffset(12)] public uint EfiInfoVendorBufsz;
    [FieldOffset(16)] public GuestHandle<byte> EfiInfoVendorName;
    [FieldOffset(8)] public ulong EfiInfoMemAddr;
    [FieldOffset(16)] public ulong EfiInfoMemSize;
    [FieldOffset(24)] public ulong EfiInfoMemAttr;
    [FieldOffset(32)] public uint EfiInfoMemType;
    [FieldOffset(8)] public ushort EfiInfoPciRomSegment;
    [FieldOffset(10)] public byte EfiInfoPciRomBus;
    [FieldOffset(11)] public byte EfiInfoPciRomDevfn;
    [FieldOffset(12)] public ushort EfiInfoPciRomVendor;
    [FieldOffset(14)] public ushort EfiInfoPciRomDevid;
    [FieldOffset(16)] public ulong EfiInfoPciRomAddress;
    [FieldOffset(24)] public ulong EfiInfoPciRomSize;
    [FieldOffset(8)] public ulong EfiInfoApplePropertiesAddress;
    [FieldOffset(16)] public ulong EfiInfoApplePropertiesSize;
    [FieldOffset(8)] public byte KbdShiftFlags;
}
