// Constants and structures of xen/arch-x86/xen.h, xen/xen.h, xen/physdev.h, xen/memory.h, xen/grant_table.h,
// xen/sched.h, xen/vcpu.h, xen/callback.h, xen/version.h, xen/nmi.h, xen/hvm/dm_op.h.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>32-bit layout of <c>struct physdev_pirq_eoi_gmfn</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 4, Pack = 4)]
public struct CompatPhysdevPirqEoiGmfn
{
    [FieldOffset(0)] public uint Gmfn;
}

/// <summary>32-bit layout of <c>struct physdev_set_iobitmap</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 8, Pack = 4)]
public struct CompatPhysdevSetIoBitmap
{
    [FieldOffset(0)] public CompatHandle<byte> Bitmap;
    [FieldOffset(4)] public uint NrPorts;
}

/// <summary>32-bit layout of <c>struct physdev_apic</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 12, Pack = 4)]
public struct CompatPhysdevApic
{
    [FieldOffset(0)] public uint ApicPhysbase;
    [FieldOffset(4)] public uint Reg;
    [FieldOffset(8)] public uint Value;
}

/// <summary>32-bit layout of <c>struct physdev_map_pirq</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 36, Pack = 4)]
public struct CompatPhysdevMapPirq
{
    [FieldOffset(0)] public ushort Domid;
    [FieldOffset(4)] public int Type;
    [FieldOffset(8)] public int Index;
    [FieldOffset(12)] public int Pirq;
    [FieldOffset(16)] public int Bus;
    [FieldOffset(20)] public int Devfn;
    [FieldOffset(24)] public int EntryNr;
    [FieldOffset(28)] public ulong TableBase;
}

/// <summary>32-bit layout of <c>struct physdev_op</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16, Pack = 4)]
public struct CompatPhysdevOpArgs
{
    [FieldOffset(0)] public uint Cmd;
    [FieldOffset(4)] public PhysdevIrqStatusQuery IrqStatusQuery;
    [FieldOffset(4)] public PhysdevSetIopl SetIopl;
    [FieldOffset(4)] public CompatPhysdevSetIoBitmap SetIoBitmap;
    [FieldOffset(4)] public CompatPhysdevApic ApicOp;
    [FieldOffset(4)] public PhysdevIrq IrqOp;
}
