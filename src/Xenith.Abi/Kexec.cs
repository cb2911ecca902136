// xen/kexec.h: another kernel loaded to be started in place of this hypervisor, on request or after a crash.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Operations of kexec_op; Exec starts the loaded image.</summary>
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

/// <summary>Ranges to ask for.</summary>
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

/// <summary>Which image.</summary>
public enum KexecType : byte
{
    Default = 0,
    Crash = 1,
}

/// <summary>Size of the old form.</summary>
public static class KexecConstants
{
    public const int XenNoPages = 17;
}

/// <summary>An image in the old form. C: <c>struct xen_kexec_image</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct KexecImage
{
    public Inline17<ulong> PageList;
    public ulong IndirectionPage;
    public ulong StartAddress;
}

/// <summary>Which image to start. C: <c>struct xen_kexec_exec</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct KexecExec
{
    public int Type;
}

/// <summary>Loads an image, old form. C: <c>struct xen_kexec_load_v1</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct KexecLoadV1
{
    public int Type;
    public KexecImage Image;
}

/// <summary>Asks for a range. C: <c>struct xen_kexec_range</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct KexecRange
{
    public int Range;
    public int Nr;
    public ulong Size;
    public ulong Start;
}

/// <summary>A segment of an image. C: <c>struct xen_kexec_segment</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct KexecSegment
{
    public GuestHandle<byte> Buf;
    public ulong BufSize;
    public ulong DestMaddr;
    public ulong DestSize;
}

/// <summary>Loads an image. C: <c>struct xen_kexec_load</c>.</summary>
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

/// <summary>Drops an image. C: <c>struct xen_kexec_unload</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct KexecUnload
{
    public byte Type;
}

/// <summary>Asks whether an image is loaded. C: <c>struct xen_kexec_status</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct KexecStatus
{
    public byte Type;
}
