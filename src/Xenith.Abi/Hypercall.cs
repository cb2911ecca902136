// Numbers of the hypercalls: what a guest puts into RAX (or EAX), and the slot of a hypercall page.

namespace Xenith.Abi;

/// <summary>
/// Hypercalls by number (<c>__HYPERVISOR_*</c>). Numbers without a name here are free or belong to another
/// architecture.
/// </summary>
public enum HypercallNumber : uint
{
    SetTrapTable = 0,
    MmuUpdate = 1,
    SetGdt = 2,
    StackSwitch = 3,
    SetCallbacks = 4,
    FpuTaskSwitch = 5,
    /// <summary>The form before interface 0x00030101.</summary>
    SchedOpCompat = 6,
    PlatformOp = 7,
    SetDebugreg = 8,
    GetDebugreg = 9,
    UpdateDescriptor = 10,
    MemoryOp = 12,
    Multicall = 13,
    UpdateVaMapping = 14,
    SetTimerOp = 15,
    /// <summary>The form with one structure for all operations.</summary>
    EventChannelOpCompat = 16,
    XenVersion = 17,
    ConsoleIo = 18,
    /// <summary>The form with one structure for all operations.</summary>
    PhysdevOpCompat = 19,
    GrantTableOp = 20,
    VmAssist = 21,
    UpdateVaMappingOtherdomain = 22,
    /// <summary>PV only: return to user or kernel mode through an <see cref="IretContext"/> on the caller's stack.</summary>
    Iret = 23,
    VcpuOp = 24,
    SetSegmentBase = 25,
    MmuExtOp = 26,
    XsmOp = 27,
    NmiOp = 28,
    SchedOp = 29,
    CallbackOp = 30,
    XenoprofOp = 31,
    EventChannelOp = 32,
    PhysdevOp = 33,
    HvmOp = 34,
    Sysctl = 35,
    Domctl = 36,
    KexecOp = 37,
    TmemOp = 38,
    ArgoOp = 39,
    PmuOp = 40,
    DmOp = 41,
    HypfsOp = 42,
    /// <summary>x86: machine checks (<c>do_mca</c>).</summary>
    Arch0 = 48,
    Arch1 = 49,
    Arch2 = 50,
    Arch3 = 51,
    Arch4 = 52,
    Arch5 = 53,
    Arch6 = 54,
    Arch7 = 55,
}
