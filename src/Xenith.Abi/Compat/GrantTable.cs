// xen/grant_table.h as 32-bit callers lay it out. What is not here has the same layout for both.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>32-bit layout of <see cref="GrantTableSetupTable"/>: <c>struct gnttab_setup_table</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16, Pack = 4)]
public struct CompatGrantTableSetupTable
{
    [FieldOffset(0)] public ushort Dom;
    [FieldOffset(4)] public uint NrFrames;
    [FieldOffset(8)] public short Status;
    [FieldOffset(12)] public CompatHandle<uint> FrameList;
}

/// <summary>32-bit layout of <see cref="GrantTableTransfer"/>: <c>struct gnttab_transfer</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16, Pack = 4)]
public struct CompatGrantTableTransfer
{
    [FieldOffset(0)] public uint Mfn;
    [FieldOffset(4)] public ushort Domid;
    [FieldOffset(8)] public uint Ref;
    [FieldOffset(12)] public short Status;
}

/// <summary>32-bit layout of <see cref="GrantTableCopy"/>: <c>struct gnttab_copy</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 24, Pack = 4)]
public struct CompatGrantTableCopy
{
    [FieldOffset(0)] public CompatGrantTableCopyPtr Source;
    [FieldOffset(8)] public CompatGrantTableCopyPtr Dest;
    [FieldOffset(16)] public ushort Len;
    [FieldOffset(18)] public ushort Flags;
    [FieldOffset(20)] public short Status;
}

/// <summary>32-bit layout of <see cref="GrantTableCopyPtr"/>: <c>struct gnttab_copy_ptr</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 8, Pack = 4)]
public struct CompatGrantTableCopyPtr
{
    [FieldOffset(0)] public uint Ref;
    [FieldOffset(0)] public uint Gmfn;
    [FieldOffset(4)] public ushort Domid;
    [FieldOffset(6)] public ushort Offset;
}

/// <summary>32-bit layout of <see cref="GrantTableGetStatusFrames"/>: <c>struct gnttab_get_status_frames</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 12, Pack = 4)]
public struct CompatGrantTableGetStatusFrames
{
    [FieldOffset(0)] public uint NrFrames;
    [FieldOffset(4)] public ushort Dom;
    [FieldOffset(6)] public short Status;
    [FieldOffset(8)] public CompatHandle<ulong> FrameList;
}
