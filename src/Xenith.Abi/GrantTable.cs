// Constants and structures of xen/grant_table.h.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Values of <c>GNTTABOP_…</c>.</summary>
public enum GrantTableOp : uint
{
    MapGrantRef = 0,
    UnmapGrantRef = 1,
    SetupTable = 2,
    DumpTable = 3,
    Transfer = 4,
    Copy = 5,
    QuerySize = 6,
    UnmapAndReplace = 7,
    SetVersion = 8,
    GetStatusFrames = 9,
    GetVersion = 10,
    SwapGrantRef = 11,
    CacheFlush = 12,
}

/// <summary>Values of <c>GTF_…</c>.</summary>
public enum GrantEntryFlags : ushort
{
    Invalid = 0,
    PermitAccess = 1,
    AcceptTransfer = 2,
    Transitive = 3,
    TypeMask = 3,
    Readonly = 4,
    Reading = 8,
    Writing = 16,
    Pwt = 32,
    Pcd = 64,
    Pat = 0x80,
    SubPage = 0x100,
    TransferCommitted = 4,
    TransferCompleted = 8,
}

/// <summary>Values of <c>GNTMAP_…</c>.</summary>
public enum GrantMapFlags : uint
{
    DeviceMap = 1,
    HostMap = 2,
    Readonly = 4,
    ApplicationMap = 8,
    ContainsPte = 16,
    GuestAvailMask = 0xffff0000,
}

/// <summary>Values of <c>GNTCOPY_…</c>.</summary>
public enum GrantCopyFlags : ushort
{
    SourceGref = 1,
    DestGref = 2,
}

/// <summary>Values of <c>GNTTAB_CACHE_…</c>.</summary>
public enum GrantCacheFlags : uint
{
    Clean = 1,
    Inval = 2,
    SourceGref = 0x80000000,
}

/// <summary>Values of <c>GNTST_…</c>.</summary>
public enum GrantStatus : short
{
    Okay = 0,
    GeneralError = -1,
    BadDomain = -2,
    BadGntref = -3,
    BadHandle = -4,
    BadVirtAddr = -5,
    BadDevAddr = -6,
    NoDeviceSpace = -7,
    PermissionDenied = -8,
    BadPage = -9,
    BadCopyArg = -10,
    AddressTooBig = -11,
    Eagain = -12,
    NoSpace = -13,
}

/// <summary>Values of <c>GNTTAB_…</c>.</summary>
public static class GrantTableConstants
{
    public const uint NrReservedEntries = 8;
    public const uint ReservedConsole = 0;
    public const uint ReservedXenstore = 1;
}

/// <summary><c>struct grant_entry_v1</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GrantEntryV1
{
    public ushort Flags;
    public ushort Domid;
    public uint Frame;
}

/// <summary><c>struct grant_entry_header</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GrantEntryHeader
{
    public ushort Flags;
    public ushort Domid;
}

/// <summary><c>union grant_entry_v2</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public struct GrantEntryV2
{
    [FieldOffset(0)] public GrantEntryHeader Hdr;
    [FieldOffset(0)] public GrantEntryHeader FullPageHdr;
    [FieldOffset(4)] public uint FullPagePad0;
    [FieldOffset(8)] public ulong FullPageFrame;
    [FieldOffset(0)] public GrantEntryHeader SubPageHdr;
    [FieldOffset(4)] public ushort SubPagePageOff;
    [FieldOffset(6)] public ushort SubPageLength;
    [FieldOffset(8)] public ulong SubPageFrame;
    [FieldOffset(0)] public GrantEntryHeader TransitiveHdr;
    [FieldOffset(4)] public ushort TransitiveTransDomid;
    [FieldOffset(6)] public ushort TransitivePad0;
    [FieldOffset(8)] public uint TransitiveGref;
}

/// <summary><c>struct gnttab_map_grant_ref</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GrantTableMapGrantRef
{
    public ulong HostAddr;
    public uint Flags;
    public uint Ref;
    public ushort Dom;
    public short Status;
    public uint Handle;
    public ulong DevBusAddr;
}

/// <summary><c>struct gnttab_unmap_grant_ref</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GrantTableUnmapGrantRef
{
    public ulong HostAddr;
    public ulong DevBusAddr;
    public uint Handle;
    public short Status;
}

/// <summary><c>struct gnttab_setup_table</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GrantTableSetupTable
{
    public ushort Dom;
    public uint NrFrames;
    public short Status;
    public GuestHandle<ulong> FrameList;
}

/// <summary><c>struct gnttab_dump_table</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GrantTableDumpTable
{
    public ushort Dom;
    public short Status;
}

/// <summary><c>struct gnttab_transfer</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GrantTableTransfer
{
    public ulong Mfn;
    public ushort Domid;
    public uint Ref;
    public short Status;
}

/// <summary><c>struct gnttab_copy</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GrantTableCopy
{
    public GrantTableCopyPtr Source;
    public GrantTableCopyPtr Dest;
    public ushort Len;
    public ushort Flags;
    public short Status;
}

/// <summary><c>struct gnttab_copy_ptr</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public struct GrantTableCopyPtr
{
    [FieldOffset(0)] public uint Ref;
    [FieldOffset(0)] public ulong Gmfn;
    [FieldOffset(8)] public ushort Domid;
    [FieldOffset(10)] public ushort Offset;
}

/// <summary><c>struct gnttab_query_size</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GrantTableQuerySize
{
    public ushort Dom;
    public uint NrFrames;
    public uint MaxNrFrames;
    public short Status;
}

/// <summary><c>struct gnttab_unmap_and_replace</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GrantTableUnmapAndReplace
{
    public ulong HostAddr;
    public ulong NewAddr;
    public uint Handle;
    public short Status;
}

/// <summary><c>struct gnttab_set_version</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GrantTableSetVersion
{
    public uint Version;
}

/// <summary><c>struct gnttab_get_status_frames</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GrantTableGetStatusFrames
{
    public uint NrFrames;
    public ushort Dom;
    public short Status;
    public GuestHandle<ulong> FrameList;
}

/// <summary><c>struct gnttab_get_version</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GrantTableGetVersion
{
    public ushort Dom;
    public ushort Pad;
    public uint Version;
}

/// <summary><c>struct gnttab_swap_grant_ref</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GrantTableSwapGrantRef
{
    public uint RefA;
    public uint RefB;
    public short Status;
}

/// <summary><c>struct gnttab_cache_flush</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public struct GrantTableCacheFlush
{
    [FieldOffset(0)] public ulong DevBusAddr;
    [FieldOffset(0)] public uint Ref;
    [FieldOffset(8)] public ushort Offset;
    [FieldOffset(10)] public ushort Length;
    [FieldOffset(12)] public uint Op;
}
