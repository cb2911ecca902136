// xen/trace.h: trace records and the numbers of events, as xentrace and xenalyze know them.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Classes of events, as bits of the mask.</summary>
public enum TraceClass : uint
{
    Gen = 0x1f000,
    Sched = 0x2f000,
    Dom0Op = 0x4f000,
    Hvm = 0x8f000,
    Mem = 0x10f000,
    Pv = 0x20f000,
    Shadow = 0x40f000,
    Hw = 0x80f000,
    Guest = 0x800f000,
    All = 0xffff000,
    HvmEntryExit = 0x81000,
    HvmHandler = 0x82000,
    HvmEmul = 0x84000,
    SchedMin = 0x21000,
    SchedClass = 0x22000,
    SchedVerbose = 0x28000,
    Dom0Domops = 0x41000,
    HwPm = 0x801000,
    HwIrq = 0x802000,
    PvEntry = 0x201000,
    PvSubcall = 0x202000,
}

/// <summary>How an event number is made up.</summary>
public static class TraceConstants
{
    public const uint TraceExtraMax = 7;
    public const uint TraceExtraShift = 28;
    public const uint TrcClsShift = 16;
    public const uint TrcHdCycleFlag = 0x80000000;
    public const uint TrcSubclsShift = 12;
    public const uint TrcSchedIdBits = 3;
    public const uint TrcSchedIdShift = 9;
    public const uint TrcSchedIdMask = 0xe00;
    public const uint TrcPvHypercallV2ArgMask = 0xfff00000;
    public const uint TrcHvmNestedflag = 0x400;
    public const uint Trc64Flag = 0x100;
}

/// <summary>Scheduler in a scheduler event.</summary>
public enum TraceSchedulerId : uint
{
    Credit = 0,
    Credit2 = 1,
    Arinc653 = 3,
    Rtds = 4,
    Null = 5,
}

/// <summary>Events.</summary>
public enum TraceEvent : uint
{
    LostRecords = 0x1f001,
    TraceWrapBuffer = 0x1f002,
    TraceCpuChange = 0x1f003,
    SchedRunstateChange = 0x21001,
    SchedContinueRunning = 0x21002,
    SchedDomAdd = 0x28001,
    SchedDomRem = 0x28002,
    SchedSleep = 0x28003,
    SchedWake = 0x28004,
    SchedYield = 0x28005,
    SchedBlock = 0x28006,
    SchedShutdown = 0x28007,
    SchedCtl = 0x28008,
    SchedAdjdom = 0x28009,
    SchedSwitch = 0x2800a,
    SchedSTimerFn = 0x2800b,
    SchedTTimerFn = 0x2800c,
    SchedDomTimerFn = 0x2800d,
    SchedSwitchInfprev = 0x2800e,
    SchedSwitchInfnext = 0x2800f,
    SchedShutdownCode = 0x28010,
    SchedSwitchInfcont = 0x28011,
    Dom0DomAdd = 0x41001,
    Dom0DomRem = 0x41002,
    MemPageGrantMap = 0x10f001,
    MemPageGrantUnmap = 0x10f002,
    MemPageGrantTransfer = 0x10f003,
    MemSetP2mEntry = 0x10f004,
    MemDecreaseReservation = 0x10f005,
    MemPodPopulate = 0x10f010,
    MemPodZeroReclaim = 0x10f011,
    MemPodSuperpageSplinter = 0x10f012,
    PvHypercall = 0x201001,
    PvTrap = 0x201003,
    PvPageFault = 0x201004,
    PvForcedInvalidOp = 0x201005,
    PvEmulatePrivop = 0x201006,
    PvEmulateFourGb = 0x201007,
    PvMathStateRestore = 0x201008,
    PvPagingFixup = 0x201009,
    PvGdtLdtMappingFault = 0x20100a,
    PvPtwrEmulation = 0x20100b,
    PvPtwrEmulationPae = 0x20100c,
    PvHypercallV2 = 0x20100d,
    PvHypercallSubcall = 0x20200e,
    ShadowNotShadow = 0x40f001,
    ShadowFastPropagate = 0x40f002,
    ShadowFastMmio = 0x40f003,
    ShadowFalseFastPath = 0x40f004,
    ShadowMmio = 0x40f005,
    ShadowFixup = 0x40f006,
    ShadowDomfDying = 0x40f007,
    ShadowEmulate = 0x40f008,
    ShadowEmulateUnshadowUser = 0x40f009,
    ShadowEmulateUnshadowEvtinj = 0x40f00a,
    ShadowEmulateUnshadowUnhandled = 0x40f00b,
    ShadowWrmapBf = 0x40f00c,
    ShadowPreallocUnpin = 0x40f00d,
    ShadowResyncFull = 0x40f00e,
    ShadowResyncOnly = 0x40f00f,
    HvmVmentry = 0x81001,
    HvmVmexit = 0x81002,
    HvmVmexit64 = 0x81102,
    HvmPfXen = 0x82001,
    HvmPfXen64 = 0x82101,
    HvmPfInject = 0x82002,
    HvmPfInject64 = 0x82102,
    HvmInjExc = 0x82003,
    HvmInjVirq = 0x82004,
    HvmReinjVirq = 0x82005,
    HvmIoRead = 0x82006,
    HvmIoWrite = 0x82007,
    HvmCrRead = 0x82008,
    HvmCrRead64 = 0x82108,
    HvmCrWrite = 0x82009,
    HvmCrWrite64 = 0x82109,
    HvmDrRead = 0x8200a,
    HvmDrWrite = 0x8200b,
    HvmMsrRead = 0x8200c,
    HvmMsrWrite = 0x8200d,
    HvmCpuid = 0x8200e,
    HvmIntr = 0x8200f,
    HvmNmi = 0x82010,
    HvmSmi = 0x82011,
    HvmVmmcall = 0x82012,
    HvmHlt = 0x82013,
    HvmInvlpg = 0x82014,
    HvmInvlpg64 = 0x82114,
    HvmMce = 0x82015,
    HvmIoPortRead = 0x82016,
    HvmIoMemRead = 0x82017,
    HvmClts = 0x82018,
    HvmLmsw = 0x82019,
    HvmLmsw64 = 0x82119,
    HvmRdtsc = 0x8201a,
    HvmIntrWindow = 0x82020,
    HvmNpf = 0x82021,
    HvmRealmodeEmulate = 0x82022,
    HvmTrap = 0x82023,
    HvmTrapDebug = 0x82024,
    HvmVlapic = 0x82025,
    HvmXcrRead64 = 0x82126,
    HvmXcrWrite64 = 0x82127,
    HvmIoPortWrite = 0x82216,
    HvmIoMemWrite = 0x82217,
    HvmEmulHpetStartTimer = 0x84001,
    HvmEmulPitStartTimer = 0x84002,
    HvmEmulRtcStartTimer = 0x84003,
    HvmEmulLapicStartTimer = 0x84004,
    HvmEmulHpetStopTimer = 0x84005,
    HvmEmulPitStopTimer = 0x84006,
    HvmEmulRtcStopTimer = 0x84007,
    HvmEmulLapicStopTimer = 0x84008,
    HvmEmulPitTimerCb = 0x84009,
    HvmEmulLapicTimerCb = 0x8400a,
    HvmEmulPicIntOutput = 0x8400b,
    HvmEmulPicKick = 0x8400c,
    HvmEmulPicIntack = 0x8400d,
    HvmEmulPicPosedge = 0x8400e,
    HvmEmulPicNegedge = 0x8400f,
    HvmEmulPicPendIrqCall = 0x84010,
    HvmEmulLapicPicIntr = 0x84011,
    PmFreqChange = 0x801001,
    PmIdleEntry = 0x801002,
    PmIdleExit = 0x801003,
    HwIrqMoveCleanupDelay = 0x802001,
    HwIrqMoveCleanup = 0x802002,
    HwIrqBindVector = 0x802003,
    HwIrqClearVector = 0x802004,
    HwIrqMoveFinish = 0x802005,
    HwIrqAssignVector = 0x802006,
    HwIrqUnmappedVector = 0x802007,
    HwIrqHandled = 0x802008,
}

/// <summary>A trace record. C: <c>struct t_rec</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 40)]
public struct TraceRecord
{
    /// <summary>Bits 0-27 event, 28-30 number of extra words, 31 a counter value follows.</summary>
    [FieldOffset(0)] public uint Header;
    [FieldOffset(4)] public uint CyclesCyclesLo;
    [FieldOffset(4)] public Inline7<uint> NocyclesExtraU32;
    [FieldOffset(8)] public uint CyclesCyclesHi;
    [FieldOffset(12)] public Inline7<uint> CyclesExtraU32;
}

/// <summary>Head of a CPU's buffer: positions of producer and consumer. C: <c>struct t_buf</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct TraceBuffer
{
    public uint Cons;
    public uint Prod;
}

/// <summary>Where the buffers are. C: <c>struct t_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct TraceInfo
{
    public ushort TbufSize;
}
