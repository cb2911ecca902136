// Constants and structures of xen/kexec.h.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Values of <c>KEXEC_CMD_kexec…</c>.</summary>
public enum KexecCommand : uint
{
    Exec = 0,
    LoadV1 = 1,
    UnloadV1 = 2,
    GetRange = 3,
    Load = 4,
    Unload = 5,
    Status = 6,
}

/// <summary>Values of <c>KEXEC_RANGE_MA_…</c>.</summary>
public enum KexecRangeId : int
{
    Crash = 0,
    Xen = 1,
    Cpu = 2,
    Xenheap = 3,
    BootParam = 4,
    EfiMemmap = 5,
    Vmcoreinfo = 6,
}

/// <summary>Values of <c>KEXEC_TYPE_…</c>.</summary>
public enum KexecType : byte
{
    Default = 0,
    Crash = 1,
}

/// <summary>Values of <c>KEXEC_XEN_NO_PAGES…</c>.</summary>
public static class KexecConstants
{
    public const int XenNoPages = 17;
}

/// <summary><c>struct xen_kexec_image</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct KexecImage
{
    public Inline17<ulong> PageList;
    public ulong IndirectionPage;
    public ulong StartAddress;
}

/// <summary><c>struct xen_kexec_exec</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct KexecExec
{
    public int Type;
}

/// <summary><c>struct xen_kexec_load_v1</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct KexecLoadV1
{
    public int Type;
    public KexecImage Image;
}

/// <summary><c>struct xen_kexec_range</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct KexecRange
{
    public int Range;
    public int Nr;
    public ulong Size;
    public ulong Start;
}

/// <summary><c>struct xen_kexec_segment</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct KexecSegment
{
    public GuestHandle<byte> Buf;
    public ulong BufSize;
    public ulong DestMaddr;
    public ulong DestSize;
}

/// <summary><c>struct xen_kexec_load</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct KexecLoad
{
    public byte Type;
    public byte Pad;
    public ushort Arch;
    public uint NrSegments;
    public GuestHandle<KexecSegment> Segments;
    public ulong EntryMaddr;
}

/// <summary><c>struct xen_kexec_unload</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct KexecUnload
{
    public byte Type;
}

/// <summary><c>struct xen_kexec_status</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct KexecStatus
{
    public byte Type;
}
