// Constants and structures of xen/arch-x86/xen.h, xen/xen.h, xen/physdev.h, xen/memory.h, xen/grant_table.h,
// xen/sched.h, xen/vcpu.h, xen/callback.h, xen/version.h, xen/nmi.h, xen/hvm/dm_op.h.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>32-bit layout of <c>struct gnttab_setup_table</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16, Pack = 4)]
public struct CompatGrantTableSetupTable
{
    [FieldOffset(0)] public ushort Dom;
    [FieldOffset(4)] public uint NrFrames;
    [FieldOffset(8)] public short Status;
    [FieldOffset(12)] public CompatHandle<uint> FrameList;
}

/// <summary>32-bit layout of <c>struct gnttab_transfer</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16, Pack = 4)]
public struct CompatGrantTableTransfer
{
    [FieldOffset(0)] public uint Mfn;
    [FieldOffset(4)] public ushort Domid;
    [FieldOffset(8)] public uint Ref;
    [FieldOffset(12)] public short Status;
}

/// <summary>32-bit layout of <c>struct gnttab_copy</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 24, Pack = 4)]
public struct CompatGrantTableCopy
{
    [FieldOffset(0)] public CompatGrantTableCopyPtr Source;
    [FieldOffset(8)] public CompatGrantTableCopyPtr Dest;
    [FieldOffset(16)] public ushort Len;
    [FieldOffset(18)] public ushort Flags;
    [FieldOffset(20)] public short Status;
}

/// <summary>32-bit layout of <c>struct gnttab_copy_ptr</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 8, Pack = 4)]
public struct CompatGrantTableCopyPtr
{
    [FieldOffset(0)] public uint Ref;
    [FieldOffset(0)] public uint Gmfn;
    [FieldOffset(4)] public ushort Domid;
    [FieldOffset(6)] public ushort Offset;
}

/// <summary>32-bit layout of <c>struct gnttab_get_status_frames</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 12, Pack = 4)]
public struct CompatGrantTableGetStatusFrames
{
    [FieldOffset(0)] public uint NrFrames;
    [FieldOffset(4)] public ushort Dom;
    [FieldOffset(6)] public short Status;
    [FieldOffset(8)] public CompatHandle<ulong> FrameList;
}
