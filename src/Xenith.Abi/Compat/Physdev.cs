// xen/physdev.h as 32-bit callers lay it out. What is not here has the same layout for both.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>32-bit layout of <see cref="PhysdevPirqEoiGmfn"/>: <c>struct physdev_pirq_eoi_gmfn</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 4, Pack = 4)]
public struct CompatPhysdevPirqEoiGmfn
{
    [FieldOffset(0)] public uint Gmfn;
}

/// <summary>32-bit layout of <see cref="PhysdevSetIoBitmap"/>: <c>struct physdev_set_iobitmap</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 8, Pack = 4)]
public struct CompatPhysdevSetIoBitmap
{
    [FieldOffset(0)] public CompatHandle<byte> Bitmap;
    [FieldOffset(4)] public uint NrPorts;
}

/// <summary>32-bit layout of <see cref="PhysdevApic"/>: <c>struct physdev_apic</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 12, Pack = 4)]
public struct CompatPhysdevApic
{
    [FieldOffset(0)] public uint ApicPhysbase;
    [FieldOffset(4)] public uint Reg;
    [FieldOffset(8)] public uint Value;
}

/// <summary>32-bit layout of <see cref="PhysdevMapPirq"/>: <c>struct physdev_map_pirq</c>.</summary>
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

/// <summary>32-bit layout of <see cref="PhysdevOpArgs"/>: <c>struct physdev_op</c>.</summary>
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
