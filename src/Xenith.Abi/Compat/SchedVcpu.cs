// xen/sched.h, vcpu.h, callback.h, version.h and nmi.h as 32-bit callers lay them out. What is not here has the
// same layout for both.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>32-bit layout of <see cref="SchedPoll"/>: <c>struct sched_poll</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16, Pack = 4)]
public struct CompatSchedPoll
{
    [FieldOffset(0)] public CompatHandle<uint> Ports;
    [FieldOffset(4)] public uint NrPorts;
    [FieldOffset(8)] public ulong Timeout;
}

/// <summary>32-bit layout of <see cref="VcpuRunstateInfo"/>: <c>struct vcpu_runstate_info</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 44, Pack = 4)]
public struct CompatVcpuRunstateInfo
{
    [FieldOffset(0)] public int State;
    [FieldOffset(4)] public ulong StateEntryTime;
    [FieldOffset(12)] public Inline4<ulong> Time;
}

/// <summary>
/// 32-bit layout of <see cref="VcpuRegisterRunstateMemoryArea"/>: <c>struct vcpu_register_runstate_memory_area</c>.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 8, Pack = 4)]
public struct CompatVcpuRegisterRunstateMemoryArea
{
    [FieldOffset(0)] public CompatHandle<CompatVcpuRunstateInfo> Addr;
    [FieldOffset(0)] public ulong AddrP;
}

/// <summary>32-bit layout of <see cref="VcpuSetSingleshotTimer"/>: <c>struct vcpu_set_singleshot_timer</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 12, Pack = 4)]
public struct CompatVcpuSetSingleshotTimer
{
    [FieldOffset(0)] public ulong TimeoutAbsNs;
    [FieldOffset(8)] public uint Flags;
}

/// <summary>32-bit layout of <see cref="VcpuRegisterTimeMemoryArea"/>: <c>struct vcpu_register_time_memory_area</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 8, Pack = 4)]
public struct CompatVcpuRegisterTimeMemoryArea
{
    [FieldOffset(0)] public CompatHandle<VcpuTimeInfo> Addr;
    [FieldOffset(0)] public ulong AddrP;
}

/// <summary>32-bit layout of <see cref="CallbackRegister"/>: <c>struct callback_register</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 12, Pack = 4)]
public struct CompatCallbackRegister
{
    [FieldOffset(0)] public ushort Type;
    [FieldOffset(2)] public ushort Flags;
    [FieldOffset(4)] public CompatCallback Address;
}

/// <summary>32-bit layout of <see cref="PlatformParameters"/>: <c>struct xen_platform_parameters</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 4, Pack = 4)]
public struct CompatPlatformParameters
{
    [FieldOffset(0)] public uint VirtStart;
}

/// <summary>32-bit layout of <see cref="NmiCallback"/>: <c>struct xennmi_callback</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 8, Pack = 4)]
public struct CompatNmiCallback
{
    [FieldOffset(0)] public uint HandlerAddress;
    [FieldOffset(4)] public uint Pad;
}
