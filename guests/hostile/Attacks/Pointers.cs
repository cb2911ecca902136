// Every hypercall that takes a pointer, with pointers that lead nowhere. One line for each sub-operation: the results for the
// pointers of `Wild`, in their order, or one result when all are the same.
//
// Sub-operations whose argument of zeros would stop the vCPU or the machine, or change a device, get only pointers that
// cannot be read; sched_op block and vcpu_op down take none.

using Xenith.Guest.Hostile.Kernel;
using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Hostile.Attacks;

static unsafe class Pointers
{
    /// <summary>Pointers that cannot be read come first.</summary>
    const int Unreadable = 10, All = 13;

    static ulong zeros, readOnly, last;

    public static void Run()
    {
        Check.Run("pointer.number", &Numbers);
        Check.Run("pointer.paravirtual", &Paravirtual);
        Check.Run("pointer.memory_op", &MemoryOp);
        Check.Run("pointer.memory_op_started", &MemoryOpStarted);
        Check.Run("pointer.xen_version", &Version);
        Check.Run("pointer.console_io", &ConsoleIo);
        Check.Run("pointer.grant_table_op", &GrantTableOp);
        Check.Run("pointer.vcpu_op", &VcpuOp);
        Check.Run("pointer.sched_op", &SchedOp);
        Check.Run("pointer.callback_op", &CallbackOp);
        Check.Run("pointer.event_channel_op", &EventChannelOp);
        Check.Run("pointer.physdev_op", &PhysdevOp);
        Check.Run("pointer.platform_op", &PlatformOp);
        Check.Run("pointer.control", &Control);
        Check.Run("pointer.still", &StillThere);
    }

    static void Prepare()
    {
        if (zeros == 0)
        {
            zeros = Memory.Allocate(2);
            readOnly = Memory.Allocate();
            Check.Ok("read-only", PageTable.MakeReadOnly(readOnly));
            last = Memory.Allocate(2) + Memory.PageSize;
            Check.Ok("unmap", PageTable.Map(last, 0));
        }

        Memory.Clear(zeros, 2);
    }

    static ulong Wild(int i) => i switch
    {
        0 => 8,                         // the first page, not at its start: null itself asks some calls for nothing
        1 => 0x12345000,                // no page
        2 => last - 3,                  // readable for 3 bytes
        3 => ~0ul - 6,                  // wraps around
        4 => 0x0000800000000000,        // non-canonical
        5 => 0x00007ffffffffffd,        // runs into the hole
        6 => 0xffff7ffffffffffd,        // runs from the hole into the hypervisor
        7 => 0xffff800000000000,        // the guest could read it: the M2P
        8 => 0xffff82d040200000,        // the hypervisor
        9 => 0xffff87fffffffffd,        // runs out of the hypervisor
        10 => readOnly,
        11 => Vcpu.Start->PtBase + 8,   // a page table, read-only, zeros at first
        _ => zeros + 1,                 // unaligned
    };

    /// <summary>Number 0 to 63 and others, with five wild arguments each.</summary>
    static void Numbers()
    {
        Prepare();
        for (ulong number = 43; number < 64; number++)
        {
            if (number is not 48)
            {
                Line("number", number, number, Unreadable, 1);
            }
        }

        Attack.Result("64", Hypercall.Call(64, Wild(1), Wild(2), Wild(3), Wild(4), Wild(5)));
        Attack.Result("2^31", Hypercall.Call(1ul << 31, Wild(1)));
        Attack.Result("2^32 + 12", Hypercall.Call(1ul << 32 | Number.MemoryOp, 2));
        Attack.Result("2^64-1", Hypercall.Call(~0ul, Wild(1)));
        Attack.Result("tmem_op", Hypercall.Call(Number.TmemOp, Wild(1)));
        Attack.Result("argo_op", Hypercall.Call(Number.ArgoOp, 1, Wild(1), Wild(2), Wild(3), Wild(4)));
        Attack.Result("xsm_op", Hypercall.Call(Number.XsmOp, Wild(1)));
        Attack.Result("unassigned", Hypercall.Call(Number.Unassigned11, Wild(1)));
    }

    /// <summary>One line: call `number` with the wild pointers as argument `place`, sub-operation or count in the others.</summary>
    static void Line(string name, ulong label, ulong number, int count, int place, ulong first = 0, ulong second = 0, ulong third = 0)
    {
        long* results = stackalloc long[All];
        bool same = true;
        for (int i = 0; i < count; i++)
        {
            Memory.Clear(zeros, 2);
            ulong wild = Wild(i);
            results[i] = Hypercall.Call(number, place == 1 ? wild : first, place == 2 ? wild : second, place == 3 ? wild : third, Domid.Self);
            same &= results[i] == results[0];
        }

        Pv.Kernel.Console.Put("ATTACK ");
        Check.PutName();
        Pv.Kernel.Console.Put(".");
        Pv.Kernel.Console.Put(name);
        if (label != ~0ul)
        {
            Pv.Kernel.Console.Put(" ");
            Pv.Kernel.Console.PutDecimal(label);
        }

        Pv.Kernel.Console.Put(":");
        for (int i = 0; i < (same ? 1 : count); i++)
        {
            if (results[i] > 0xfff && results[i] != 0x40011)
            {
                Pv.Kernel.Console.Put(" many"); // a number of pages, which depends on the machine
            }
            else
            {
                Attack.PutResult(results[i]);
            }
        }

        Pv.Kernel.Console.EndLine();
    }

    static void Paravirtual()
    {
        Prepare();
        Line("set_trap_table", ~0ul, Number.SetTrapTable, All, 1);
        Check.Ok("gates back", Trap.Install());
        Line("mmu_update", ~0ul, Number.MmuUpdate, All, 1, 0, 1);
        Line("mmu_update's count done", ~0ul, Number.MmuUpdate, All, 3, zeros, 0);
        Line("mmu_update's count done, after one", ~0ul, Number.MmuUpdate, All, 3, zeros, 1);
        Line("mmuext_op", ~0ul, Number.MmuextOp, All, 1, 0, 1);
        Line("mmuext_op's count done", ~0ul, Number.MmuextOp, All, 3, zeros, 0);
        Line("set_gdt", ~0ul, Number.SetGdt, All, 1, 0, 512);
        Line("multicall", ~0ul, Number.Multicall, Unreadable + 1, 1, 0, 1);
        Line("update_va_mapping's mask", ~0ul, Number.UpdateVaMapping, Unreadable, 3, zeros, PageTable.Leaf(zeros));
        for (ulong command = 0; command < 2; command++)
        {
            Line("nmi_op", command, Number.NmiOp, command == 0 ? Unreadable : All, 2, command);
        }

        Check.Ok("gates back", Trap.Install());
        for (ulong command = 0; command < 8; command++)
        {
            Line("xenpmu_op", command, Number.XenpmuOp, All, 2, command);
        }

        Line("event_channel_op_compat", ~0ul, Number.EventChannelOpCompat, Unreadable, 1);
        Line("physdev_op_compat", ~0ul, Number.PhysdevOpCompat, Unreadable, 1);
        Line("sched_op_compat 2", ~0ul, Number.SchedOpCompat, 0, 2, 2);
    }

    static void MemoryOp()
    {
        Prepare();
        for (ulong command = 0; command < 30; command++)
        {
            Line("command", command, Number.MemoryOp, command is 0 or 1 or 6 ? Unreadable : All, 2, command);
        }
    }

    /// <summary>Operations that are done at once, told that a part of them is done already.</summary>
    static void MemoryOpStarted()
    {
        Prepare();
        for (ulong command = 2; command < 30; command++)
        {
            if (command is not (6 or 11 or 7 or 23))
            {
                Line("command", command, Number.MemoryOp, All, 2, command | 5 << 6);
            }
        }
    }

    static void Version()
    {
        Prepare();
        for (ulong command = 0; command < 13; command++)
        {
            Line("command", command, Number.XenVersion, All, 2, command);
        }
    }

    static void ConsoleIo()
    {
        Prepare();
        Line("write", ~0ul, Number.ConsoleIo, Unreadable, 3, 0, 8);
        Line("read", ~0ul, Number.ConsoleIo, Unreadable, 3, 1, 8);
    }

    static void GrantTableOp()
    {
        Prepare();
        for (ulong command = 0; command < 14; command++)
        {
            Line("command", command, Number.GrantTableOp, All, 2, command, 0, 1);
        }
    }

    static void VcpuOp()
    {
        Prepare();
        for (ulong command = 0; command < 16; command++)
        {
            if (command is 2 or 11)
            {
                continue;
            }

            Line("command", command, Number.VcpuOp, command is 10 ? Unreadable : All, 3, command);
            Line("of an absent vCPU", command, Number.VcpuOp, All, 3, command, 4000);
        }

        ulong none = 0;
        Check.Ok("no runstate area", Hypercall.VcpuOp(5, 0, &none));
        Check.Ok("no time area", Hypercall.VcpuOp(13, 0, &none));
    }

    static void SchedOp()
    {
        Prepare();
        Line("shutdown", ~0ul, Number.SchedOp, Unreadable, 2, 2);
        Line("poll", ~0ul, Number.SchedOp, Unreadable, 2, 3);
        Line("remote_shutdown", ~0ul, Number.SchedOp, Unreadable, 2, 4);
        Line("shutdown_code", ~0ul, Number.SchedOp, Unreadable, 2, 5);
        Line("watchdog", ~0ul, Number.SchedOp, Unreadable, 2, 6);
        Line("unknown", ~0ul, Number.SchedOp, Unreadable, 2, 8);
    }

    static void CallbackOp()
    {
        Prepare();
        Line("register", ~0ul, Number.CallbackOp, Unreadable, 2);
        Line("unregister", ~0ul, Number.CallbackOp, All, 2, 1);
        Line("unknown", ~0ul, Number.CallbackOp, All, 2, 2);
        Check.Ok("event callback", Events.Install());
        Check.Ok("gates back", Trap.Install());
    }

    static void EventChannelOp()
    {
        Prepare();
        for (ulong command = 0; command < 16; command++)
        {
            Line("command", command, Number.EventChannelOp, command is 7 or 1 or 6 or 11 or 12 ? Unreadable : All, 2, command);
        }
    }

    static void PhysdevOp()
    {
        Prepare();
        for (ulong command = 0; command < 34; command++)
        {
            Line("command", command, Number.PhysdevOp, Unreadable, 2, command);
        }

        ulong level = 1;
        Check.Ok("set_iopl", Hypercall.Call(Number.PhysdevOp, 6, (ulong)&level));
    }

    static void PlatformOp()
    {
        Prepare();
        Line("any", ~0ul, Number.PlatformOp, All, 1);
    }

    static void Control()
    {
        Prepare();
        Line("sysctl", ~0ul, Number.Sysctl, All, 1);
        Line("domctl", ~0ul, Number.Domctl, All, 1);
        for (ulong command = 0; command < 8; command++)
        {
            Line("kexec_op", command, Number.KexecOp, Unreadable, 2, command);
        }

        for (ulong command = 0; command < 27; command++)
        {
            Line("hvm_op", command, Number.HvmOp, Unreadable, 2, command);
        }

        Line("dm_op", ~0ul, Number.DmOp, Unreadable, 3, 0, 1);
        for (ulong command = 0; command < 4; command++)
        {
            Line("hypfs_op", command, Number.HypfsOp, Unreadable, 2, command);
        }

        Line("mca", ~0ul, 48, All, 1);
    }

    /// <summary>After all that: the interface works as before.</summary>
    static void StillThere()
    {
        Check.Result("version", 0x40011, Hypercall.XenVersion(0, null));
        Check.True("gates", !Probe.Run([0x0f, 0x0b]));
        Check.Equal("#UD", 6, Trap.Last.Number);
        Check.Ok("bind_ipi", Events.BindIpi(0, out uint port));
        Events.Collect();
        ulong upcalls = Events.Upcalls;
        Check.Ok("send", Events.Send(port));
        Events.Enable();
        Events.Disable();
        Check.Equal("an upcall", upcalls + 1, Events.Upcalls);
        Check.Ok("close", Events.Close(port));
        Check.True("the page is read-only still", !Probe.TryWrite(readOnly, 1));
    }
}
