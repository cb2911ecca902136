// xen/vcpu.h: vCPUs brought up and down, their timers, and the memory in which they watch their own run state
// and time.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Operations of vcpu_op (<c>VCPUOP_*</c>).</summary>
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

/// <summary>What a vCPU does (<c>RUNSTATE_*</c>).</summary>
public enum RunState : int
{
    /// <summary>It runs on a CPU.</summary>
    Running = 0,
    /// <summary>It waits for a CPU.</summary>
    Runnable = 1,
    /// <summary>It sleeps or waits for an event.</summary>
    Blocked = 2,
    /// <summary>It is down or paused.</summary>
    Offline = 3,
}

/// <summary>How a one-shot timer is set.</summary>
public enum SingleshotTimerFlags : uint
{
    /// <summary>Refuse (-ETIME) a moment that has passed.</summary>
    Future = 1,
}

/// <summary>Bits of run-state memory.</summary>
public static class RunstateConstants
{
    /// <summary>In state_entry_time: the record is being written.</summary>
    public const ulong Update = 0x8000000000000000;
}

/// <summary>What a vCPU does and for how long it has done what. C: <c>struct vcpu_runstate_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VcpuRunstateInfo
{
    /// <summary><see cref="RunState"/>.</summary>
    public int State;
    /// <summary>System time when that began.</summary>
    public ulong StateEntryTime;
    /// <summary>Nanoseconds spent in each state.</summary>
    public Inline4<ulong> Time;
}

/// <summary>Where the run state is to be kept up to date. C: <c>struct vcpu_register_runstate_memory_area</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 8)]
public struct VcpuRegisterRunstateMemoryArea
{
    [FieldOffset(0)] public GuestHandle<VcpuRunstateInfo> Addr;
    [FieldOffset(0)] public ulong AddrP;
}

/// <summary>Period in nanoseconds. C: <c>struct vcpu_set_periodic_timer</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VcpuSetPeriodicTimer
{
    public ulong PeriodNs;
}

/// <summary>One-shot timer. C: <c>struct vcpu_set_singleshot_timer</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VcpuSetSingleshotTimer
{
    /// <summary>System time at which it is due.</summary>
    public ulong TimeoutAbsNs;
    public uint Flags;
}

/// <summary>Moves vcpu_info out of shared_info; once. C: <c>struct vcpu_register_vcpu_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VcpuRegisterVcpuInfo
{
    /// <summary>Frame of the guest.</summary>
    public ulong Mfn;
    /// <summary>Place in it; the structure must not cross the page's end.</summary>
    public uint Offset;
    public uint Rsvd;
}

/// <summary>APIC and ACPI id of the CPU that a pinned vCPU runs on. C: <c>struct vcpu_get_physid</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VcpuGetPhysid
{
    public ulong PhysId;
}

/// <summary>Where a copy of the time record is to be kept up to date. C: <c>struct vcpu_register_time_memory_area</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 8)]
public struct VcpuRegisterTimeMemoryArea
{
    [FieldOffset(0)] public GuestHandle<VcpuTimeInfo> Addr;
    [FieldOffset(0)] public ulong AddrP;
}
