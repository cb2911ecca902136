// xen/grant_table.h: grants. A domain writes entries that let another domain map, copy from or take over single
// pages of it.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Operations of grant_table_op (<c>GNTTABOP_*</c>).</summary>
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

/// <summary>
/// Kind and state of a grant entry (<c>GTF_*</c>). The transfer bits reuse the values of readonly and reading.
/// </summary>
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

/// <summary>How a grant is to be mapped (<c>GNTMAP_*</c>).</summary>
public enum GrantMapFlags : uint
{
    /// <summary>Map it for devices.</summary>
    DeviceMap = 1,
    /// <summary>Map it for CPUs.</summary>
    HostMap = 2,
    Readonly = 4,
    ApplicationMap = 8,
    /// <summary>host_addr is the machine address of a page-table entry.</summary>
    ContainsPte = 16,
    GuestAvailMask = 0xffff0000,
}

/// <summary>Which side of a copy is a grant (<c>GNTCOPY_*</c>).</summary>
public enum GrantCopyFlags : ushort
{
    SourceGref = 1,
    DestGref = 2,
}

/// <summary>What a cache flush does (<c>GNTTAB_CACHE_*</c>).</summary>
public enum GrantCacheFlags : uint
{
    Clean = 1,
    Inval = 2,
    SourceGref = 0x80000000,
}

/// <summary>Result of one grant operation (<c>GNTST_*</c>).</summary>
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

/// <summary>Entries that the builder of a domain fills.</summary>
public static class GrantTableConstants
{
    public const uint NrReservedEntries = 8;
    public const uint ReservedConsole = 0;
    public const uint ReservedXenstore = 1;
}

/// <summary>Version 1 of an entry. The grantor writes flags last. C: <c>struct grant_entry_v1</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GrantEntryV1
{
    public ushort Flags;
    /// <summary>Who may use it.</summary>
    public ushort Domid;
    /// <summary>The frame, 32 bits.</summary>
    public uint Frame;
}

/// <summary>What all forms of a version 2 entry begin with. C: <c>struct grant_entry_header</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GrantEntryHeader
{
    public ushort Flags;
    public ushort Domid;
}

/// <summary>
/// Version 2 of an entry: a page, a part of one, or another domain's grant. Its state is in the status frames. C:
/// <c>union grant_entry_v2</c>.
/// </summary>
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

/// <summary>One grant to map. C: <c>struct gnttab_map_grant_ref</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GrantTableMapGrantRef
{
    /// <summary>Where, see <see cref="GrantMapFlags"/>.</summary>
    public ulong HostAddr;
    public uint Flags;
    public uint Ref;
    public ushort Dom;
    public short Status;
    /// <summary>Out: names the mapping when it is undone.</summary>
    public uint Handle;
    public ulong DevBusAddr;
}

/// <summary>One mapping to undo. C: <c>struct gnttab_unmap_grant_ref</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GrantTableUnmapGrantRef
{
    public ulong HostAddr;
    public ulong DevBusAddr;
    public uint Handle;
    public short Status;
}

/// <summary>Makes the table at least so many frames and says where they are. C: <c>struct gnttab_setup_table</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GrantTableSetupTable
{
    public ushort Dom;
    public uint NrFrames;
    public short Status;
    public GuestHandle<ulong> FrameList;
}

/// <summary>Prints a table on the hypervisor's console. C: <c>struct gnttab_dump_table</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GrantTableDumpTable
{
    public ushort Dom;
    public short Status;
}

/// <summary>Gives a page away to a domain that wants one. C: <c>struct gnttab_transfer</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GrantTableTransfer
{
    public ulong Mfn;
    public ushort Domid;
    public uint Ref;
    public short Status;
}

/// <summary>Copies within one page at each side. C: <c>struct gnttab_copy</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GrantTableCopy
{
    public GrantTableCopyPtr Source;
    public GrantTableCopyPtr Dest;
    public ushort Len;
    public ushort Flags;
    public short Status;
}

/// <summary>One side of a copy: a grant or an own frame. C: <c>struct gnttab_copy_ptr</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public struct GrantTableCopyPtr
{
    [FieldOffset(0)] public uint Ref;
    [FieldOffset(0)] public ulong Gmfn;
    [FieldOffset(8)] public ushort Domid;
    [FieldOffset(10)] public ushort Offset;
}

/// <summary>Asks how large a table is and may become. C: <c>struct gnttab_query_size</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GrantTableQuerySize
{
    public ushort Dom;
    public uint NrFrames;
    public uint MaxNrFrames;
    public short Status;
}

/// <summary>Undoes a mapping and puts another page there. C: <c>struct gnttab_unmap_and_replace</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GrantTableUnmapAndReplace
{
    public ulong HostAddr;
    public ulong NewAddr;
    public uint Handle;
    public short Status;
}

/// <summary>In: version wanted. Out: version in force. C: <c>struct gnttab_set_version</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GrantTableSetVersion
{
    public uint Version;
}

/// <summary>Asks where the status frames of version 2 are. C: <c>struct gnttab_get_status_frames</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GrantTableGetStatusFrames
{
    public uint NrFrames;
    public ushort Dom;
    public short Status;
    public GuestHandle<ulong> FrameList;
}

/// <summary>Asks for a domain's version. C: <c>struct gnttab_get_version</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GrantTableGetVersion
{
    public ushort Dom;
    public ushort Pad;
    public uint Version;
}

/// <summary>Exchanges two entries. C: <c>struct gnttab_swap_grant_ref</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GrantTableSwapGrantRef
{
    public uint RefA;
    public uint RefB;
    public short Status;
}

/// <summary>Flushes a part of a page from the caches. C: <c>struct gnttab_cache_flush</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public struct GrantTableCacheFlush
{
    [FieldOffset(0)] public ulong DevBusAddr;
    [FieldOffset(0)] public uint Ref;
    [FieldOffset(8)] public ushort Offset;
    [FieldOffset(10)] public ushort Length;
    [FieldOffset(12)] public uint Op;
}
