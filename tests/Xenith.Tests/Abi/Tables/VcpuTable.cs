// Our names beside C's for xen/vcpu.h. AbiTable explains the format.

namespace Xenith.Tests.Abi;

internal static class VcpuTable
{
    public const string Rows = """
        header xen/vcpu.h
        value VcpuOp.Initialise = VCPUOP_initialise
        value VcpuOp.Up = VCPUOP_up
        value VcpuOp.Down = VCPUOP_down
        value VcpuOp.IsUp = VCPUOP_is_up
        value VcpuOp.GetRunstateInfo = VCPUOP_get_runstate_info
        value VcpuOp.RegisterRunstateMemoryArea = VCPUOP_register_runstate_memory_area
        value VcpuOp.SetPeriodicTimer = VCPUOP_set_periodic_timer
        value VcpuOp.StopPeriodicTimer = VCPUOP_stop_periodic_timer
        value VcpuOp.SetSingleshotTimer = VCPUOP_set_singleshot_timer
        value VcpuOp.StopSingleshotTimer = VCPUOP_stop_singleshot_timer
        value VcpuOp.RegisterVcpuInfo = VCPUOP_register_vcpu_info
        value VcpuOp.SendNmi = VCPUOP_send_nmi
        value VcpuOp.GetPhysid = VCPUOP_get_physid
        value VcpuOp.RegisterVcpuTimeMemoryArea = VCPUOP_register_vcpu_time_memory_area
        value RunState.Running = RUNSTATE_running
        value RunState.Runnable = RUNSTATE_runnable
        value RunState.Blocked = RUNSTATE_blocked
        value RunState.Offline = RUNSTATE_offline
        value SingleshotTimerFlags.Future = VCPU_SSHOTTMR_future
        value RunstateConstants.Update = XEN_RUNSTATE_UPDATE
        struct VcpuRunstateInfo = struct vcpu_runstate_info
            State = state
            StateEntryTime = state_entry_time
            Time = time
        struct VcpuRegisterRunstateMemoryArea = struct vcpu_register_runstate_memory_area
            Addr = addr.h
            AddrP = addr.p
        struct VcpuSetPeriodicTimer = both struct vcpu_set_periodic_timer
            PeriodNs = period_ns
        struct VcpuSetSingleshotTimer = struct vcpu_set_singleshot_timer
            TimeoutAbsNs = timeout_abs_ns
            Flags = flags
        struct VcpuRegisterVcpuInfo = both struct vcpu_register_vcpu_info
            Mfn = mfn
            Offset = offset
            Rsvd = rsvd
        struct VcpuGetPhysid = both struct vcpu_get_physid
            PhysId = phys_id
        struct VcpuRegisterTimeMemoryArea = struct vcpu_register_time_memory_area
            Addr = addr.h
            AddrP = addr.p
        """;
}
