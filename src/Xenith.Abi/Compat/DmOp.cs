// Constants and structures of xen/arch-x86/xen.h, xen/xen.h, xen/physdev.h, xen/memory.h, xen/grant_table.h,
// xen/sched.h, xen/vcpu.h, xen/callback.h, xen/version.h, xen/nmi.h, xen/hvm/dm_op.h.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>32-bit layout of <c>struct xen_dm_op_buf</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 8, Pack = 4)]
public struct CompatDmOpBuf
{
    [FieldOffset(0)] public CompatHandle<byte> H;
    [FieldOffset(4)] public uint Size;
}
