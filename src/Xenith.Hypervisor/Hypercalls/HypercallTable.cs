using System.Runtime;
using System.Runtime.CompilerServices;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>
/// All hypercalls (public/xen.h, __HYPERVISOR_*). One row each: the switch is the table, docs/hypercalls.md is printed from it and a test
/// reads it. `when Pv` admits paravirtualised callers only; the other columns say
///   who     who may make the call: `any`; `priv`, the control domain; `op`, each sub-operation has its own rule
///   pre     `yes` if the call can be stopped half-way and made again (see <see cref="Continuation"/>)
///   pv32    what a 32-bit PV kernel gets: `none` or `absent`, as below
///   state   `full`, `part` (some sub-operations answer -ENOSYS, see the handler), `none` (not written) or `absent` (Xen 4.17 as Debian builds it has none either)
/// </summary>
/// <remarks>
/// Every number up to the highest is a case, the number comes last and all handlers take the same parameters: so this is one jump table, and
/// each case is a jump to the handler with the guest's arguments still in their registers. The handlers are not inlined: one with a structure on its stack would turn all jumps into calls.
/// </remarks>
internal static class HypercallTable
{
    /// <summary>From native/entry.S: a 64-bit PV guest kernel made a SYSCALL. The number is all of RAX: 17 + 2^32 is no version call.</summary>
    [RuntimeExport("hv_hypercall")]
    internal static long FromPv64(ulong a1, ulong a2, ulong a3, ulong a4, ulong a5, ulong number) => Call<Pv64>(a1, a2, a3, a4, a5, number);

    /// <summary>Makes a call for the vCPU that is being served, and returns what the guest gets in RAX.</summary>
    internal static long Call<TCaller>(ulong a1, ulong a2, ulong a3, ulong a4, ulong a5, ulong number) where TCaller : struct, ICaller
    {
        uint n = unchecked((uint)number);
        if (TCaller.Is32Bit)
            return NotWritten.For32Bit(n);
        switch (number)
        {
            // no., callers, handler                                                                           // name                          | who  | pre | pv32   | state
            case 0 when TCaller.Pv: return PvHypercalls.SetTrapTable(a1, a2, a3, a4, a5, n);                   // set_trap_table                | any  | yes | none   | full
            case 1 when TCaller.Pv: return MmuHypercalls.MmuUpdate(a1, a2, a3, a4, a5, n);                     // mmu_update                    | op   | yes | none   | full
            case 2 when TCaller.Pv: return PvHypercalls.SetGdt(a1, a2, a3, a4, a5, n);                         // set_gdt                       | any  | no  | none   | full
            case 3 when TCaller.Pv: return PvHypercalls.StackSwitch(a1, a2, a3, a4, a5, n);                    // stack_switch                  | any  | no  | none   | full
            case 4 when TCaller.Pv: return PvHypercalls.SetCallbacks(a1, a2, a3, a4, a5, n);                   // set_callbacks                 | any  | no  | none   | full
            case 5 when TCaller.Pv: return PvHypercalls.FpuTaskSwitch(a1, a2, a3, a4, a5, n);                  // fpu_taskswitch                | any  | no  | none   | full
            case 6 when TCaller.Pv: return SchedulingHypercalls.SchedOpCompat(a1, a2, a3, a4, a5, n);          // sched_op_compat               | any  | no  | none   | full
            case 7: return PlatformHypercalls.PlatformOp(a1, a2, a3, a4, a5, n);                               // platform_op                   | priv | no  | none   | part
            case 8 when TCaller.Pv: return PvHypercalls.SetDebugRegister(a1, a2, a3, a4, a5, n);               // set_debugreg                  | any  | no  | none   | full
            case 9 when TCaller.Pv: return PvHypercalls.GetDebugRegister(a1, a2, a3, a4, a5, n);               // get_debugreg                  | any  | no  | none   | full
            case 10 when TCaller.Pv: return PvHypercalls.UpdateDescriptor(a1, a2, a3, a4, a5, n);              // update_descriptor             | any  | no  | none   | full
            case 11: return Absent();                                                                          // -                             | -    | -   | absent | absent
            case 12: return MemoryHypercalls.MemoryOp(a1, a2, a3, a4, a5, n);                                  // memory_op                     | op   | yes | none   | part
            case 13: return MulticallHypercall.Multicall<TCaller>(a1, a2, a3, a4, a5, n);                      // multicall                     | any  | yes | none   | full
            case 14 when TCaller.Pv: return MmuHypercalls.UpdateVaMapping(a1, a2, a3, a4, a5, n);              // update_va_mapping             | any  | no  | none   | full
            case 15: return SchedulingHypercalls.SetTimerOp(a1, a2, a3, a4, a5, n);                            // set_timer_op                  | any  | no  | none   | full
            case 16 when TCaller.Pv: return EventHypercalls.EventChannelOpCompat(a1, a2, a3, a4, a5, n);       // event_channel_op_compat       | op   | yes | none   | full
            case 17: return VersionHypercalls.XenVersion(a1, a2, a3, a4, a5, n);                               // xen_version                   | op   | no  | none   | full
            case 18: return ConsoleHypercalls.ConsoleIo(a1, a2, a3, a4, a5, n);                                // console_io                    | op   | yes | none   | full
            case 19 when TCaller.Pv: return PhysdevHypercalls.PhysdevOpCompat(a1, a2, a3, a4, a5, n);          // physdev_op_compat             | op   | no  | none   | part
            case 20: return GrantHypercalls.GrantTableOp(a1, a2, a3, a4, a5, n);                               // grant_table_op                | op   | yes | none   | part
            case 21: return AssistHypercalls.VmAssist(a1, a2, a3, a4, a5, n);                                  // vm_assist                     | any  | no  | none   | full
            case 22 when TCaller.Pv: return MmuHypercalls.UpdateVaMappingOtherDomain(a1, a2, a3, a4, a5, n);   // update_va_mapping_otherdomain | op   | no  | none   | full
            case 23 when TCaller.Pv: return PvHypercalls.Iret(a1, a2, a3, a4, a5, n);                          // iret                          | any  | no  | none   | full
            case 24: return VcpuHypercalls.VcpuOp(a1, a2, a3, a4, a5, n);                                      // vcpu_op                       | any  | no  | none   | full
            case 25 when TCaller.Pv: return PvHypercalls.SetSegmentBase(a1, a2, a3, a4, a5, n);                // set_segment_base              | any  | no  | absent | full
            case 26 when TCaller.Pv: return MmuHypercalls.MmuExtOp(a1, a2, a3, a4, a5, n);                     // mmuext_op                     | op   | yes | none   | full
            case 27: return Absent();                                                                          // xsm_op                        | op   | -   | absent | absent
            case 28 when TCaller.Pv: return PvHypercalls.NmiOp(a1, a2, a3, a4, a5, n);                         // nmi_op                        | any  | no  | none   | full
            case 29: return SchedulingHypercalls.SchedOp(a1, a2, a3, a4, a5, n);                               // sched_op                      | op   | no  | none   | part
            case 30 when TCaller.Pv: return PvHypercalls.CallbackOp(a1, a2, a3, a4, a5, n);                    // callback_op                   | any  | no  | none   | full
            case 31 when TCaller.Pv: return ControlHypercalls.XenoprofOp(a1, a2, a3, a4, a5, n);               // xenoprof_op                   | op   | no  | none   | none
            case 32: return EventHypercalls.EventChannelOp(a1, a2, a3, a4, a5, n);                             // event_channel_op              | op   | yes | none   | part
            case 33: return PhysdevHypercalls.PhysdevOp(a1, a2, a3, a4, a5, n);                                // physdev_op                    | op   | no  | none   | part
            case 34: return ControlHypercalls.HvmOp(a1, a2, a3, a4, a5, n);                                    // hvm_op                        | op   | no  | none   | none
            case 35: return ControlHypercalls.Sysctl(a1, a2, a3, a4, a5, n);                                   // sysctl                        | priv | yes | none   | none
            case 36: return ControlHypercalls.Domctl(a1, a2, a3, a4, a5, n);                                   // domctl                        | priv | yes | none   | none
            case 37: return ControlHypercalls.KexecOp(a1, a2, a3, a4, a5, n);                                  // kexec_op                      | priv | no  | none   | none
            case 38: return Absent();                                                                          // tmem_op                       | -    | -   | absent | absent
            case 39: return Absent();                                                                          // argo_op                       | -    | -   | absent | absent
            case 40: return ControlHypercalls.PmuOp(a1, a2, a3, a4, a5, n);                                    // xenpmu_op                     | any  | no  | none   | full
            case 41: return ControlHypercalls.DmOp(a1, a2, a3, a4, a5, n);                                     // dm_op                         | op   | yes | none   | none
            case 42: return ControlHypercalls.HypfsOp(a1, a2, a3, a4, a5, n);                                  // hypfs_op                      | priv | no  | none   | none
            case 43: return Absent();                                                                          // -                             | -    | -   | absent | absent
            case 44: return Absent();                                                                          // -                             | -    | -   | absent | absent
            case 45: return Absent();                                                                          // -                             | -    | -   | absent | absent
            case 46: return Absent();                                                                          // -                             | -    | -   | absent | absent
            case 47: return Absent();                                                                          // -                             | -    | -   | absent | absent
            case 48 when TCaller.Pv: return ControlHypercalls.MachineCheck(a1, a2, a3, a4, a5, n);             // mca                           | priv | no  | none   | none
            case 49: return Absent();                                                                          // paging_domctl_cont            | -    | -   | absent | absent
            case 50: return Absent();                                                                          // -                             | -    | -   | absent | absent
            case 51: return Absent();                                                                          // -                             | -    | -   | absent | absent
            case 52: return Absent();                                                                          // -                             | -    | -   | absent | absent
            case 53: return Absent();                                                                          // -                             | -    | -   | absent | absent
            case 54: return Absent();                                                                          // -                             | -    | -   | absent | absent
            case 55: return Absent();                                                                          // -                             | -    | -   | absent | absent
            default:
                return Unknown(a1, a2, a3, a4, a5, number);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long Unknown(ulong a1, ulong a2, ulong a3, ulong a4, ulong a5, ulong number)
    {
        long result = Absent();
        FaultInjection.OnCall(number, a1, a2, a3, ref result);
        return result;
    }

    private static long Absent() => XenError.NotImplemented.ToResult();
}
