// Our names beside C's for xen/hypfs.h. AbiTable explains the format.

namespace Xenith.Tests.Abi;

internal static class HypfsTable
{
    public const string Rows = """
        header xen/hypfs.h
        value HypfsOp.GetVersion = XEN_HYPFS_OP_get_version
        value HypfsOp.Read = XEN_HYPFS_OP_read
        value HypfsOp.WriteContents = XEN_HYPFS_OP_write_contents
        value HypfsType.Dir = XEN_HYPFS_TYPE_DIR
        value HypfsType.Blob = XEN_HYPFS_TYPE_BLOB
        value HypfsType.String = XEN_HYPFS_TYPE_STRING
        value HypfsType.Uint = XEN_HYPFS_TYPE_UINT
        value HypfsType.Int = XEN_HYPFS_TYPE_INT
        value HypfsType.Bool = XEN_HYPFS_TYPE_BOOL
        value HypfsEncoding.Plain = XEN_HYPFS_ENC_PLAIN
        value HypfsEncoding.Gzip = XEN_HYPFS_ENC_GZIP
        value HypfsConstants.Version = XEN_HYPFS_VERSION
        value HypfsConstants.MaxPathlen = XEN_HYPFS_MAX_PATHLEN
        struct HypfsDirEntry = both struct xen_hypfs_direntry
            Type = type
            Encoding = encoding
            Pad = pad
            ContentLen = content_len
            MaxWriteLen = max_write_len
        struct HypfsDirListEntry = both struct xen_hypfs_dirlistentry
            E = e
            OffNext = off_next
        """;
}
