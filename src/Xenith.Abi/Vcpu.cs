// Constants and structures of xen/vcpu.h.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Values of <c>VCPUOP_…</c>.</summary>
public enum VcpuOp : uint
{
    Initialise = 0,
    Up = 1,
    Down = 2,
    IsUp = 3,
    GetRunstateInfo = 4,
    RegisterRunstateMemoryArea = 5,
    SetPeriodicTimer = 6,
    StopPeriodicTimer = 7,
    SetSingleshotTimer = 8,
    StopSingleshotTimer = 9,
    RegisterVcpuInfo = 10,
    SendNmi = 11,
    GetPhysid = 12,
    RegisterVcpuTimeMemoryArea = 13,
}

/// <summary>Values of <c>RUNSTATE_…</c>.</summary>
public enum RunState : int
{
    Running = 0,
    Runnable = 1,
    Blocked = 2,
    Offline = 3,
}

/// <summary>Values of <c>VCPU_SSHOTTMR_future…</c>.</summary>
public enum SingleshotTimerFlags : uint
{
    Future = 1,
}

/// <summary>Values of <c>XEN_RUNSTATE_UPDATE…</c>.</summary>
public static class RunstateConstants
{
    public const ulong Update = 0x8000000000000000;
}

/// <summary><c>struct vcpu_runstate_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VcpuRunstateInfo
{
    public int State;
    public ulong StateEntryTime;
    public Inline4<ulong> Time;
}

/// <summary><c>struct vcpu_register_runstate_memory_area</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 8)]
public struct VcpuRegisterRunstateMemoryArea
{
    [FieldOffset(0)] public GuestHandle<VcpuRunstateInfo> Addr;
    [FieldOffset(0)] public ulong AddrP;
}

/// <summary><c>struct vcpu_set_periodic_timer</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VcpuSetPeriodicTimer
{
    public ulong PeriodNs;
}

/// <summary><c>struct vcpu_set_singleshot_timer</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VcpuSetSingleshotTimer
{
    public ulong TimeoutAbsNs;
    public uint Flags;
}

/// <summary><c>struct vcpu_register_vcpu_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VcpuRegisterVcpuInfo
{
    public ulong Mfn;
    public uint Offset;
    public uint Rsvd;
}

/// <summary><c>struct vcpu_get_physid</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VcpuGetPhysid
{
    public ulong PhysId;
}

/// <summary><c>struct vcpu_register_time_memory_area</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 8)]
public struct VcpuRegisterTimeMemoryArea
{
    [FieldOffset(0)] public GuestHandle<VcpuTimeInfo> Addr;
    [FieldOffset(0)] public ulong AddrP;
}
