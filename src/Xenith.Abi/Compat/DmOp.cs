// xen/hvm/dm_op.h as 32-bit callers lay it out. What is not here has the same layout for both.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>32-bit layout of <see cref="DmOpBuf"/>: <c>struct xen_dm_op_buf</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 8, Pack = 4)]
public struct CompatDmOpBuf
{
    [FieldOffset(0)] public CompatHandle<byte> H;
    [FieldOffset(4)] public uint Size;
}
