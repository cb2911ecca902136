// xen/xen.h as 32-bit callers lay it out: pointers and longs have four bytes, and so has the alignment of 64-bit
// members.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>32-bit layout of <see cref="MmuExtOp"/>: <c>struct mmuext_op</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 12, Pack = 4)]
public struct CompatMmuExtOp
{
    [FieldOffset(0)] public uint Cmd;
    [FieldOffset(4)] public uint Mfn;
    [FieldOffset(4)] public uint LinearAddr;
    [FieldOffset(8)] public uint NrEnts;
    [FieldOffset(8)] public CompatHandle<byte> VcpuMask;
    [FieldOffset(8)] public uint SrcMfn;
}

/// <summary>32-bit layout of <see cref="MulticallEntry"/>: <c>struct multicall_entry</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 32, Pack = 4)]
public struct CompatMulticallEntry
{
    [FieldOffset(0)] public uint Op;
    [FieldOffset(4)] public uint Result;
    [FieldOffset(8)] public Inline6<uint> Args;
}

/// <summary>32-bit layout of <see cref="VcpuInfo"/>: <c>struct vcpu_info</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 64, Pack = 4)]
public struct CompatVcpuInfo
{
    [FieldOffset(0)] public byte EvtchnUpcallPending;
    [FieldOffset(1)] public byte EvtchnUpcallMask;
    [FieldOffset(4)] public uint EvtchnPendingSel;
    [FieldOffset(8)] public CompatArchVcpuInfo Arch;
    [FieldOffset(32)] public VcpuTimeInfo Time;
}

/// <summary>32-bit layout of <see cref="SharedInfo"/>: <c>struct shared_info</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 2344, Pack = 4)]
public struct CompatSharedInfo
{
    [FieldOffset(0)] public Inline32<CompatVcpuInfo> VcpuInfo;
    [FieldOffset(2048)] public Inline32<uint> EvtchnPending;
    [FieldOffset(2176)] public Inline32<uint> EvtchnMask;
    [FieldOffset(2304)] public uint WcVersion;
    [FieldOffset(2308)] public uint WcSec;
    [FieldOffset(2312)] public uint WcNsec;
    [FieldOffset(2316)] public CompatArchSharedInfo Arch;
}

/// <summary>32-bit layout of <see cref="StartInfo"/>: <c>struct start_info</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 1112, Pack = 4)]
public struct CompatStartInfo
{
    [FieldOffset(0)] public Inline32<byte> Magic;
    [FieldOffset(32)] public uint NrPages;
    [FieldOffset(36)] public uint SharedInfo;
    [FieldOffset(40)] public uint Flags;
    [FieldOffset(44)] public uint StoreMfn;
    [FieldOffset(48)] public uint StoreEvtchn;
    [FieldOffset(52)] public uint ConsoleDomUMfn;
    [FieldOffset(56)] public uint ConsoleDomUEvtchn;
    [FieldOffset(52)] public uint ConsoleDom0InfoOff;
    [FieldOffset(56)] public uint ConsoleDom0InfoSize;
    [FieldOffset(60)] public uint PtBase;
    [FieldOffset(64)] public uint NrPtFrames;
    [FieldOffset(68)] public uint MfnList;
    [FieldOffset(72)] public uint ModStart;
    [FieldOffset(76)] public uint ModLen;
    [FieldOffset(80)] public Inline1024<byte> CmdLine;
    [FieldOffset(1104)] public uint FirstP2mPfn;
    [FieldOffset(1108)] public uint NrP2mFrames;
}
