// xen/arch-x86/xen-mca.h: machine-check information for the control domain.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Operations (<c>XEN_MC_*</c>).</summary>
public enum McaCommand : uint
{
    Fetch = 1,
    NotifyDomain = 2,
    PhysCpuInfo = 3,
    MsrInject = 4,
    MceInject = 5,
    InjectV2 = 6,
}

/// <summary>Kinds of entries.</summary>
public enum McInfoType : ushort
{
    Global = 0,
    Bank = 1,
    Extended = 2,
    Recovery = 3,
}

/// <summary>What kind of error.</summary>
public enum McFlags : uint
{
    Correctable = 1,
    Uncorrectable = 2,
    Recoverable = 4,
    Polled = 8,
    Reset = 16,
    Cmci = 32,
    Mce = 64,
}

/// <summary>Which errors to fetch.</summary>
public enum McFetchFlags : uint
{
    Nonurgent = 1,
    Urgent = 2,
    Ack = 4,
}

/// <summary>What came of it.</summary>
public enum McFetchStatus : uint
{
    Ok = 0,
    Fetchfailed = 1,
    Nodata = 2,
    Nomatch = 4,
    Cannothandle = 8,
    Notdelivered = 16,
}

/// <summary>What recovery achieved.</summary>
public enum McActionFlags : byte
{
    Recovered = 1,
    None = 2,
    NeedReset = 4,
}

/// <summary>What recovery did.</summary>
public enum McActionTypes : byte
{
    PageOffline = 1,
    CpuOffline = 2,
    CacheShrink = 4,
}

/// <summary>Interface version and sizes.</summary>
public static class McaConstants
{
    public const uint McaInterfaceVersion = 0x1ecc003;
    public const uint McVcpuIdInvalid = 0xffff;
    public const uint VirqMca = 16;
    public const uint McinfoHypercallsize = 0x400;
    public const uint McinfoMaxsize = 768;
    public const uint McinfoFlagsUncomplete = 1;
    public const uint McNcaps = 7;
    public const uint McCapsStdEdx = 0;
    public const uint McCapsAmdEdx = 1;
    public const uint McCapsTm = 2;
    public const uint McCapsLinux = 3;
    public const uint McCapsStdEcx = 4;
    public const uint McCapsVia = 5;
    public const uint McCapsAmdEcx = 6;
    public const uint McMsrinjMaxmsrs = 8;
    public const uint McMsrinjFInterpose = 1;
    public const uint McMsrinjFGpaddr = 2;
    public const uint McInjectTypeMask = 7;
    public const uint McInjectTypeMce = 0;
    public const uint McInjectTypeCmci = 1;
    public const uint McInjectTypeLmce = 2;
    public const uint McInjectCpuBroadcast = 8;
}

/// <summary>What every entry begins with. C: <c>struct mcinfo_common</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct McInfoCommon
{
    public ushort Type;
    public ushort Size;
}

/// <summary>Where the error was. C: <c>struct mcinfo_global</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct McInfoGlobal
{
    public McInfoCommon Common;
    public ushort McDomid;
    public ushort McVcpuId;
    public uint McSocketid;
    public ushort McCoreid;
    public ushort McCoreThreadid;
    public uint McApicid;
    public uint McFlags;
    public ulong McGstatus;
}

/// <summary>A bank's registers. C: <c>struct mcinfo_bank</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct McInfoBank
{
    public McInfoCommon Common;
    public ushort McBank;
    public ushort McDomid;
    public ulong McStatus;
    public ulong McAddr;
    public ulong McMisc;
    public ulong McCtrl2;
    public ulong McTsc;
}

/// <summary>An MSR. C: <c>struct mcinfo_msr</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct McInfoMsr
{
    public ulong Reg;
    public ulong Value;
}

/// <summary>Registers at the error. C: <c>struct mcinfo_extended</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct McInfoExtended
{
    public McInfoCommon Common;
    public uint McMsrs;
    public Inline32<McInfoMsr> McMsr;
}

/// <summary>A page taken out of use. C: <c>struct page_offline_action</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct McPageOfflineAction
{
    public ulong Mfn;
    public ulong Status;
}

/// <summary>A CPU taken out of use. C: <c>struct cpu_offline_action</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct McCpuOfflineAction
{
    public uint McSocketid;
    public ushort McCoreid;
    public ushort McCoreThreadid;
}

/// <summary>What was done. C: <c>struct mcinfo_recovery</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 24)]
public struct McInfoRecovery
{
    [FieldOffset(0)] public McInfoCommon Common;
    [FieldOffset(4)] public ushort McBank;
    [FieldOffset(6)] public byte ActionFlags;
    [FieldOffset(7)] public byte ActionTypes;
    [FieldOffset(8)] public McPageOfflineAction ActionInfoPageRetire;
    [FieldOffset(8)] public McCpuOfflineAction ActionInfoCpuOffline;
}

/// <summary>All entries of an error. C: <c>struct mc_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct McInfo
{
    public uint MiNentries;
    public uint Flags;
    public Inline95<ulong> MiData;
}

/// <summary>A physical CPU, for the log. C: <c>struct mcinfo_logical_cpu</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct McLogicalCpu
{
    public uint McCpunr;
    public uint McChipid;
    public ushort McCoreid;
    public ushort McThreadid;
    public uint McApicid;
    public uint McClusterid;
    public uint McNcores;
    public uint McNcoresActive;
    public uint McNthreads;
    public int McCpuidLevel;
    public uint McFamily;
    public uint McVendor;
    public uint McModel;
    public uint McStep;
    public Inline16<byte> McVendorid;
    public Inline64<byte> McBrandid;
    public Inline7<uint> McCpuCaps;
    public uint McCacheSize;
    public uint McCacheAlignment;
    public int McNmsrvals;
    public Inline8<McInfoMsr> McMsrvalues;
}

/// <summary>Fetches errors. C: <c>struct xen_mc_fetch</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct McFetch
{
    public uint Flags;
    public uint Pad0;
    public ulong FetchId;
    public GuestHandle<McInfo> Data;
}

/// <summary>Not used. C: <c>struct xen_mc_notifydomain</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct McNotifyDomain
{
    public ushort McDomid;
    public ushort McVcpuId;
    public uint Flags;
}

/// <summary>Asks for all CPUs. C: <c>struct xen_mc_physcpuinfo</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct McPhysCpuInfo
{
    public uint Ncpus;
    public uint Pad0;
    public GuestHandle<McLogicalCpu> Info;
}

/// <summary>Test: MSR values for an error. C: <c>struct xen_mc_msrinject</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct McMsrInject
{
    public uint McinjCpunr;
    public uint McinjFlags;
    public uint McinjCount;
    public ushort McinjDomid;
    public ushort Pad0;
    public Inline8<McInfoMsr> McinjMsr;
}

/// <summary>Test: raises a machine check on a CPU. C: <c>struct xen_mc_mceinject</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct McMceInject
{
    public uint MceinjCpunr;
}

/// <summary>Test: raises one on several CPUs. C: <c>struct xen_mc_inject_v2</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct McInjectV2
{
    public uint Flags;
    public XenctlBitmap CpuMap;
}

/// <summary>The argument of the call. C: <c>struct xen_mc</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 152)]
public struct McaOpArgs
{
    [FieldOffset(0)] public uint Cmd;
    [FieldOffset(4)] public uint InterfaceVersion;
    [FieldOffset(8)] public McFetch McFetch;
    [FieldOffset(8)] public McNotifyDomain McNotifyDomain;
    [FieldOffset(8)] public McPhysCpuInfo McPhysCpuInfo;
    [FieldOffset(8)] public McMsrInject McMsrInject;
    [FieldOffset(8)] public McMceInject McMceInject;
    [FieldOffset(8)] public McInjectV2 McInjectV2;
}
