// xen/sysctl.h: patches for the running hypervisor.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Name of a patch. C: <c>struct xen_livepatch_name</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct LivepatchName
{
    public GuestHandle<byte> Name;
    public ushort Size;
    public Inline3<ushort> Pad;
}

/// <summary>A patch to load. C: <c>struct xen_sysctl_livepatch_upload</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlLivepatchUpload
{
    public LivepatchName Name;
    public ulong Size;
    public GuestHandle<byte> Payload;
}

/// <summary>State of a patch and the result of its last action. C: <c>struct xen_livepatch_status</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct LivepatchStatus
{
    public uint State;
    public int Rc;
}

/// <summary>Asks for the state of one patch. C: <c>struct xen_sysctl_livepatch_get</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlLivepatchGet
{
    public LivepatchName Name;
    public LivepatchStatus Status;
}

/// <summary>Asks for all patches. C: <c>struct xen_sysctl_livepatch_list</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlLivepatchList
{
    public uint Version;
    public uint Idx;
    public uint Nr;
    public uint Pad;
    public uint NameTotalSize;
    public uint MetadataTotalSize;
    public GuestHandle<LivepatchStatus> Status;
    public GuestHandle<byte> Name;
    public GuestHandle<uint> Len;
    public GuestHandle<byte> Metadata;
    public GuestHandle<uint> MetadataLen;
}

/// <summary>Applies, reverts or unloads a patch. C: <c>struct xen_sysctl_livepatch_action</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlLivepatchAction
{
    public LivepatchName Name;
    public uint Cmd;
    public uint Timeout;
    public uint Flags;
    public uint Pad;
}

/// <summary>Live patching. C: <c>struct xen_sysctl_livepatch_op</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 72)]
public struct SysctlLivepatchOp
{
    [FieldOffset(0)] public uint Cmd;
    [FieldOffset(4)] public uint Pad;
    [FieldOffset(8)] public SysctlLivepatchUpload Upload;
    [FieldOffset(8)] public SysctlLivepatchList List;
    [FieldOffset(8)] public SysctlLivepatchGet Get;
    [FieldOffset(8)] public SysctlLivepatchAction Action;
}
