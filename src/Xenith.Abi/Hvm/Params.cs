// xen/hvm/params.h: numbered parameters of an HVM domain, set by whoever builds it and partly by itself.

namespace Xenith.Abi;

/// <summary>Parameters (<c>HVM_PARAM_*</c>).</summary>
public enum HvmParamIndex : uint
{
    PaeEnabled = 4,
    DmDomain = 13,
    MemoryEventCr0 = 20,
    MemoryEventCr3 = 21,
    MemoryEventCr4 = 22,
    MemoryEventInt3 = 23,
    Nestedhvm = 24,
    MemoryEventSingleStep = 25,
    BufIoReqEvtchn = 26,
    MemoryEventMsr = 30,
    /// <summary>How events reach the guest; type in bits 56 to 63, see <see cref="HvmCallbackType"/>.</summary>
    CallbackIrq = 0,
    StorePfn = 1,
    StoreEvtchn = 2,
    IoReqPfn = 5,
    BufIoReqPfn = 6,
    Viridian = 9,
    TimerMode = 10,
    HpetEnabled = 11,
    IdentPt = 12,
    AcpiSState = 14,
    Vm86Tss = 15,
    VptAlign = 16,
    ConsolePfn = 17,
    ConsoleEvtchn = 18,
    AcpiIoPortsLocation = 19,
    PagingRingPfn = 27,
    MonitorRingPfn = 28,
    SharingRingPfn = 29,
    TripleFaultReason = 31,
    IoReqServerPfn = 32,
    NrIoReqServerPages = 33,
    VmGenerationIdAddr = 34,
    Altp2m = 35,
    X87FipWidth = 36,
    Vm86TssSized = 37,
    McaCap = 38,
}

/// <summary>Ways in which events reach an HVM guest.</summary>
public enum HvmCallbackType : ulong
{
    Gsi = 0,
    PciIntx = 1,
    Vector = 2,
}

/// <summary>Hyper-V interfaces offered to the guest (<c>HVMPV_*</c>).</summary>
public enum ViridianFeatures : ulong
{
    BaseFreq = 1,
    NoFreq = 2,
    TimeRefCount = 4,
    ReferenceTsc = 8,
    HcallRemoteTlbFlush = 16,
    ApicAssist = 32,
    CrashCtl = 64,
    Synic = 0x80,
    Stimer = 0x100,
    HcallIpi = 0x200,
    ExProcessorMasks = 0x400,
    NoVpLimit = 0x800,
    CpuHotplug = 0x1000,
    FeatureMask = 0x1fff,
}

/// <summary>What becomes of timer ticks that a guest missed (<c>HVMPTM_*</c>).</summary>
public enum HvmTimerMode : ulong
{
    DelayForMissedTicks = 0,
    NoDelayForMissedTicks = 1,
    NoMissedTicksPending = 2,
    OneMissedTickPending = 3,
}

/// <summary>Who may use several views.</summary>
public enum Altp2mMode : ulong
{
    Disabled = 0,
    Mixed = 1,
    External = 2,
    Limited = 3,
}

/// <summary>Masks and limits.</summary>
public static class HvmParamConstants
{
    public const ulong ParamCallbackIrqTypeMask = 0xff00000000000000;
    public const ulong McaCapLmce = 1;
    public const ulong McaCapMask = 1;
    public const ulong NrParams = 39;
}
