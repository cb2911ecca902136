// xen/arch-x86/xen.h as 32-bit callers lay it out.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>32-bit layout of <see cref="CpuUserRegs"/>: <c>struct cpu_user_regs</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 68, Pack = 4)]
public struct CompatCpuUserRegs
{
    [FieldOffset(0)] public uint Ebx;
    [FieldOffset(4)] public uint Ecx;
    [FieldOffset(8)] public uint Edx;
    [FieldOffset(12)] public uint Esi;
    [FieldOffset(16)] public uint Edi;
    [FieldOffset(20)] public uint Ebp;
    [FieldOffset(24)] public uint Eax;
    [FieldOffset(28)] public ushort ErrorCode;
    [FieldOffset(30)] public ushort EntryVector;
    [FieldOffset(32)] public uint Eip;
    [FieldOffset(36)] public ushort Cs;
    [FieldOffset(38)] public byte SavedUpcallMask;
    [FieldOffset(39)] public byte Pad0;
    [FieldOffset(40)] public uint Eflags;
    [FieldOffset(44)] public uint Esp;
    [FieldOffset(48)] public ushort Ss;
    [FieldOffset(50)] public ushort Pad1;
    [FieldOffset(52)] public ushort Es;
    [FieldOffset(54)] public ushort Pad2;
    [FieldOffset(56)] public ushort Ds;
    [FieldOffset(58)] public ushort Pad3;
    [FieldOffset(60)] public ushort Fs;
    [FieldOffset(62)] public ushort Pad4;
    [FieldOffset(64)] public ushort Gs;
    [FieldOffset(66)] public ushort Pad5;
}

/// <summary>32-bit layout of <see cref="ArchVcpuInfo"/>: <c>struct arch_vcpu_info</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 24, Pack = 4)]
public struct CompatArchVcpuInfo
{
    [FieldOffset(0)] public uint Cr2;
    [FieldOffset(4)] public Inline5<uint> Pad;
}

/// <summary>A far address, as 32-bit PV guests give it. C: <c>struct xen_callback</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 8, Pack = 4)]
public struct CompatCallback
{
    [FieldOffset(0)] public uint Cs;
    [FieldOffset(4)] public uint Eip;
}

/// <summary>32-bit layout of <see cref="TrapInfo"/>: <c>struct trap_info</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 8, Pack = 4)]
public struct CompatTrapInfo
{
    [FieldOffset(0)] public byte Vector;
    [FieldOffset(1)] public byte Flags;
    [FieldOffset(2)] public ushort Cs;
    [FieldOffset(4)] public uint Address;
}

/// <summary>32-bit layout of <see cref="VcpuGuestContext"/>: <c>struct vcpu_guest_context</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 2800, Pack = 4)]
public struct CompatVcpuGuestContext
{
    [FieldOffset(0)] public Inline512<byte> FpuCtxtX;
    [FieldOffset(512)] public uint Flags;
    [FieldOffset(516)] public CompatCpuUserRegs UserRegs;
    [FieldOffset(584)] public Inline256<CompatTrapInfo> TrapCtxt;
    [FieldOffset(2632)] public uint LdtBase;
    [FieldOffset(2636)] public uint LdtEnts;
    [FieldOffset(2640)] public Inline16<uint> GdtFrames;
    [FieldOffset(2704)] public uint GdtEnts;
    [FieldOffset(2708)] public uint KernelSs;
    [FieldOffset(2712)] public uint KernelSp;
    [FieldOffset(2716)] public Inline8<uint> Ctrlreg;
    [FieldOffset(2748)] public Inline8<uint> Debugreg;
    [FieldOffset(2780)] public uint EventCallbackCs;
    [FieldOffset(2784)] public uint EventCallbackEip;
    [FieldOffset(2788)] public uint FailsafeCallbackCs;
    [FieldOffset(2792)] public uint FailsafeCallbackEip;
    [FieldOffset(2796)] public uint VmAssist;
}

/// <summary>32-bit layout of <see cref="ArchSharedInfo"/>: <c>struct arch_shared_info</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 28, Pack = 4)]
public struct CompatArchSharedInfo
{
    [FieldOffset(0)] public uint MaxPfn;
    [FieldOffset(4)] public uint PfnToMfnFrameListList;
    [FieldOffset(8)] public uint NmiReason;
    [FieldOffset(12)] public uint P2mCr3;
    [FieldOffset(16)] public uint P2mVaddr;
    [FieldOffset(20)] public uint P2mGeneration;
    [FieldOffset(24)] public uint WcSecHi;
}
