// Constants and structures of xen/hypfs.h.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Values of <c>XEN_HYPFS_OP_…</c>.</summary>
public enum HypfsOp : uint
{
    GetVersion = 0,
    Read = 1,
    WriteContents = 2,
}

/// <summary>Values of <c>XEN_HYPFS_TYPE_…</c>.</summary>
public enum HypfsType : byte
{
    Dir = 0,
    Blob = 1,
    String = 2,
    Uint = 3,
    Int = 4,
    Bool = 5,
}

/// <summary>Values of <c>XEN_HYPFS_ENC_…</c>.</summary>
public enum HypfsEncoding : byte
{
    Plain = 0,
    Gzip = 1,
}

/// <summary>Values of <c>XEN_HYPFS_…</c>.</summary>
public static class HypfsConstants
{
    public const uint Version = 1;
    public const uint MaxPathlen = 0x400;
}

/// <summary><c>struct xen_hypfs_direntry</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HypfsDirEntry
{
    public byte Type;
    public byte Encoding;
    public ushort Pad;
    public uint ContentLen;
    public uint MaxWriteLen;
}

/// <summary><c>struct xen_hypfs_dirlistentry</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HypfsDirListEntry
{
    public HypfsDirEntry E;
    public ushort OffNext;
}
