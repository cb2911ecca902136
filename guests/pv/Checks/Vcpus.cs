// vcpu_op: state of vCPUs, relocation of vcpu_info, the runstate and time areas. Order matters: vcpu_info can be moved once.

using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Pv.Checks;

static unsafe class Vcpus
{
    public static void Run()
    {
        Check.Run("vcpu.is_up", &IsUp);
        Check.Run("vcpu.up_errors", &UpErrors);
        Check.Run("vcpu.runstate", &Runstate);
        Check.Run("vcpu.runstate_area", &RunstateArea);
        Check.Run("vcpu.time_area", &TimeArea);
        Check.Run("vcpu.nmi", &Nmi);
        Check.Run("vcpu.physical_id", &PhysicalId);
        Check.Run("vcpu.register_info", &RegisterInfo);
    }

    static void IsUp()
    {
        Check.Result("vCPU 0", 1, Hypercall.VcpuOp(3, 0, null));
        Check.Result("vCPU 100, absent", -ErrorNumber.Enoent, Hypercall.VcpuOp(3, 100, null));
        Check.Result("vCPU 8191", -ErrorNumber.Enoent, Hypercall.VcpuOp(3, 8191, null));
    }

    static void UpErrors()
    {
        Check.Ok("up of vCPU 0", Hypercall.VcpuOp(1, 0, null));
        Check.Result("up of vCPU 100, absent", -ErrorNumber.Enoent, Hypercall.VcpuOp(1, 100, null));
        Check.Result("initialise vCPU 0, unmapped", -ErrorNumber.Efault, Hypercall.VcpuOp(0, 0, (void*)0x12345000));
    }

    /// <summary>Runstate record: state u32, entry time u64, four times u64.</summary>
    static void Runstate()
    {
        ulong* info = stackalloc ulong[6];
        Check.Ok("get_runstate_info", Hypercall.VcpuOp(4, 0, info));
        Check.Equal("running", 0, *(uint*)info);
        Check.True("time spent running", info[2] != 0);
        Check.True("entered this state in the past", info[1] <= Clock.Now());
        ulong running = info[2];
        for (int i = 0; i < 1000; i++)
        {
            Hypercall.XenVersion(0, null);
        }

        Check.Ok("again", Hypercall.VcpuOp(4, 0, info));
        Check.True("it grows", info[2] > running);
        Check.Result("unmapped", -ErrorNumber.Efault, Hypercall.VcpuOp(4, 0, (void*)0x12345000));
    }

    static void RunstateArea()
    {
        ulong area = Memory.Allocate();
        Check.Ok("register", Hypercall.VcpuOp(5, 0, &area));
        Check.Equal("written at once: running", 0, *(uint*)area);
        Check.True("entry time", ((ulong*)area)[1] != 0);
        ulong blocked = ((ulong*)area)[4];
        Check.Ok("bind_virq", Events.BindVirq(Virq.Timer, 0, out uint port));
        Check.Ok("set_timer_op", Hypercall.Call(Number.SetTimerOp, Clock.Now() + 300000000));
        Hypercall.SchedBlock();
        Events.Disable();
        Check.Equal("running again", 0, *(uint*)area);
        Check.True("time spent blocked: 50 ms or more", ((ulong*)area)[4] - blocked >= 50000000);
        Check.Ok("close", Events.Close(port));
        ulong none = 0;
        Check.Ok("no area", Hypercall.VcpuOp(5, 0, &none));
        none = 0xffff82d040200000;
        Check.Result("area in the hypervisor", -ErrorNumber.Efault, Hypercall.VcpuOp(5, 0, &none));
        none = 0;
        Check.Ok("no area", Hypercall.VcpuOp(5, 0, &none));
        Check.Result("of vCPU 100, absent", -ErrorNumber.Enoent, Hypercall.VcpuOp(5, 100, &none));
    }

    static void TimeArea()
    {
        ulong area = Memory.Allocate();
        Check.Ok("register", Hypercall.VcpuOp(13, 0, &area));
        VcpuTimeInfo* time = (VcpuTimeInfo*)area;
        Check.True("written at once", time->TscToSystemMul != 0 && time->SystemTime != 0);
        Check.Equal("version is even", 0, time->Version & 1);
        Check.Equal("multiplier as in vcpu_info", Vcpu.Info->Time.TscToSystemMul, time->TscToSystemMul);
        Check.Equal("shift as in vcpu_info", (ulong)(byte)Vcpu.Info->Time.TscShift, (ulong)(byte)time->TscShift);
        ulong none = 0;
        Check.Ok("no area", Hypercall.VcpuOp(13, 0, &none));
        none = 0xffff82d040200000;
        Check.Result("area in the hypervisor", -ErrorNumber.Efault, Hypercall.VcpuOp(13, 0, &none));
    }

    /// <summary>An NMI to itself comes through vector 2 of the trap table, masked events or not.</summary>
    static void Nmi()
    {
        Trap.Resume = true;
        ulong count = Trap.Count;
        Check.Ok("send_nmi", Hypercall.VcpuOp(11, 0, null));
        Check.Equal("one entry", count + 1, Trap.Count);
        Check.Equal("vector", 2, Trap.Last.Number);
        Check.Ok("register an NMI callback", Hypercall.RegisterCallback(CallbackType.Nmi, 0, Native.TrapStubAddress(Entries.Nmi)));
        Trap.Resume = true;
        Check.Ok("send_nmi", Hypercall.VcpuOp(11, 0, null));
        Check.Equal("two entries", count + 2, Trap.Count);
        Check.Equal("the callback", Entries.Nmi, Trap.Last.Number);
        Trap.Resume = false;
        Check.Ok("gate 2 again", Trap.Install());
        Check.Result("of vCPU 100, absent", -ErrorNumber.Enoent, Hypercall.VcpuOp(11, 100, null));
    }

    /// <summary>APIC id and ACPI id of the CPU that a vCPU is tied to; on a machine of one CPU each is.</summary>
    static void PhysicalId()
    {
        ulong id = 0xffffffffffffffff;
        Check.ValueResult("vCPU 0", Hypercall.VcpuOp(12, 0, &id));
        Check.Value("ids", id);
        if (SecondVcpu.Exists)
        {
            id = 0xffffffffffffffff;
            Check.ValueResult("vCPU 1", Hypercall.VcpuOp(12, 1, &id));
            Check.Value("ids of vCPU 1", id);
        }

        Check.ValueResult("unmapped", Hypercall.VcpuOp(12, 0, (void*)0x12345000));
        Check.Result("of vCPU 100, absent", -ErrorNumber.Enoent, Hypercall.VcpuOp(12, 100, &id));
    }

    static long Register(ulong frame, uint offset)
    {
        ulong* op = stackalloc ulong[2];
        op[0] = frame;
        op[1] = offset;
        return Hypercall.VcpuOp(10, 0, op);
    }

    static void RegisterInfo()
    {
        ulong page = Memory.Allocate();
        ulong frame = Memory.MfnOf(page);
        Check.Result("beyond the page", -ErrorNumber.Enxio, Register(frame, 4096 - 63));
        Check.Result("not aligned", -ErrorNumber.Enxio, Register(frame, 4));
        Check.Result("a bad frame", -ErrorNumber.Einval, Register(0xfffffffff, 0));
        Check.Result("a page table", -ErrorNumber.Einval, Register(Memory.MfnOf(Vcpu.Start->PtBase), 0));
        Check.Ok("register", Register(frame, 256));
        VcpuInfo* info = (VcpuInfo*)(page + 256);
        Check.Equal("mask is carried over", 1, info->UpcallMask);
        Check.True("time is carried over", info->Time.TscToSystemMul != 0);
        Check.Result("a second time", -ErrorNumber.Einval, Register(frame, 512));
        VcpuInfo* old = Vcpu.Info;
        Vcpu.Info = info;
        Check.Ok("bind_ipi", Events.BindIpi(0, out uint port));
        Events.Collect();
        old->UpcallPending = 0;
        Check.Ok("send", Events.Send(port));
        Check.Equal("pending in the new place", 1, info->UpcallPending);
        Check.Equal("not in the old", 0, old->UpcallPending);
        ulong upcalls = Events.Upcalls;
        Events.Enable();
        Events.Disable();
        Check.Equal("one upcall", upcalls + 1, Events.Upcalls);
        Check.True("fault", !Probe.TryRead(0xffffffffc0000128, out _));
        Check.Equal("cr2 in the new place", 0xffffffffc0000128, info->Cr2);
        Check.Ok("close", Events.Close(port));
    }
}
