// xen/hypfs.h: the hypervisor's tree of readable and writable parameters.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Operations of hypfs_op.</summary>
public enum HypfsOp : uint
{
    GetVersion = 0,
    Read = 1,
    WriteContents = 2,
}

/// <summary>Kinds of nodes.</summary>
public enum HypfsType : byte
{
    Dir = 0,
    Blob = 1,
    String = 2,
    Uint = 3,
    Int = 4,
    Bool = 5,
}

/// <summary>How a node's contents are encoded.</summary>
public enum HypfsEncoding : byte
{
    Plain = 0,
    Gzip = 1,
}

/// <summary>Version, and the longest path.</summary>
public static class HypfsConstants
{
    public const uint Version = 1;
    public const uint MaxPathlen = 0x400;
}

/// <summary>A node. C: <c>struct xen_hypfs_direntry</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HypfsDirEntry
{
    public byte Type;
    public byte Encoding;
    public ushort Pad;
    public uint ContentLen;
    /// <summary>0 if the node cannot be written.</summary>
    public uint MaxWriteLen;
}

/// <summary>A node in a list; its name follows. C: <c>struct xen_hypfs_dirlistentry</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HypfsDirListEntry
{
    public HypfsDirEntry E;
    /// <summary>Offset of the next one, 0 at the end.</summary>
    public ushort OffNext;
}
