// Costs of hypercalls that do little: what is seen is the way in and out.

using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Pv.Benchmarks;

static unsafe class HypercallCosts
{
    public static void Run()
    {
        Meter.Hypercall("null_hypercall", 0x40011, Number.XenVersion, 0);
        Meter.Hypercall("unknown_number", -ErrorNumber.Enosys, Number.Unassigned11);
        Multicall("multicall_1_null", 1);
        Multicall("multicall_8_null", 8);
        Multicall("multicall_32_null", 32);
        Meter.Hypercall("fpu_taskswitch", 0, Number.FpuTaskswitch, 0);
        Meter.Hypercall("stack_switch", 0, Number.StackSwitch, Selector.Data, Native.EntryStackTop());
        Meter.Hypercall("set_segment_base_fs", 0, Number.SetSegmentBase, 0, 0);
        Meter.Hypercall("set_segment_base_gs_user", 0, Number.SetSegmentBase, 1, 0);
        Descriptors();
        Meter.Hypercall("set_timer_op", 0, Number.SetTimerOp, Clock.Now() + 3600000000000);
        Meter.Hypercall("set_timer_op_stop", 0, Number.SetTimerOp, 0);
        ulong* timer = stackalloc ulong[2];
        timer[0] = Clock.Now() + 3600000000000;
        timer[1] = 0;
        Meter.Hypercall("set_singleshot_timer", 0, Number.VcpuOp, 8, 0, (ulong)timer);
        Meter.Hypercall("stop_singleshot_timer", 0, Number.VcpuOp, 9, 0);
        Meter.Hypercall("sched_yield", 0, Number.SchedOp, 0);
        Meter.Hypercall("vcpu_is_up_absent", -ErrorNumber.Enoent, Number.VcpuOp, 3, 8191);
        uint port = 0;
        Meter.Hypercall("send_bad_port", -ErrorNumber.Einval, Number.EventChannelOp, EvtchnOp.Send, (ulong)&port);
        Meter.Hypercall("set_debugreg", 0, Number.SetDebugreg, 1, 0);
        Meter.Hypercall("get_debugreg", 0, Number.GetDebugreg, 1);
    }

    /// <summary>The guest's own GDT of one page: loaded anew, and a descriptor of it changed.</summary>
    static void Descriptors()
    {
        const ulong flatData = 0x00cff3000000ffff, entries = 512;
        ulong page = Memory.Allocate();
        Check.Ok("read-only", PageTable.MakeReadOnly(page));
        ulong frame = Memory.MfnOf(page);
        Meter.Hypercall("set_gdt", 0, Number.SetGdt, (ulong)&frame, entries);
        Meter.Hypercall("update_descriptor", 0, Number.UpdateDescriptor, Memory.MachineOf(page) + 8, flatData);
        Check.Ok("no GDT", Hypercall.Call(Number.SetGdt, 0, 0));
        Check.Ok("writable again", PageTable.MakeWritable(page));
    }

    static void Multicall(string name, uint calls)
    {
        MulticallEntry* entries = stackalloc MulticallEntry[32];
        for (uint i = 0; i < calls; i++)
        {
            entries[i] = default;
            entries[i].Op = Number.XenVersion;
        }

        Meter.Hypercall(name, 0, Number.Multicall, (ulong)entries, calls);
    }
}
