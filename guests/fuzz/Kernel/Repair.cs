// Puts this kernel's registrations right after generated calls have changed them.

using Xenith.Fuzzing.Calls;
using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Fuzz.Kernel;

static unsafe class Repair
{
    /// <summary>Ports and handles that a sequence can have come to.</summary>
    const uint Ports = 64, Handles = 32;

    /// <summary>At once, before anything can want a handler.</summary>
    public static void AfterCall(ulong number)
    {
        switch (number)
        {
            case Number.SetTrapTable or Number.Multicall:
                Trap.Install();
                InstallCallbacks();
                break;
            case Number.SetCallbacks or Number.CallbackOp or Number.NmiOp or Number.StackSwitch:
                InstallCallbacks();
                break;
            case Number.FpuTaskswitch:
                Hypercall.Call(Number.FpuTaskswitch);
                break;
        }
    }

    /// <summary>After a sequence: nothing that it made is left but what lies in the arena.</summary>
    public static void AfterSequence()
    {
        Hypercall.Call(Number.FpuTaskswitch);
        Trap.Install();
        InstallCallbacks();
        for (ulong register = 0; register < 8; register++)
        {
            if (register is not (4 or 5))
            {
                Hypercall.Call(Number.SetDebugreg, register, register == 7 ? 0x400ul : 0);
            }
        }

        for (ulong segment = 0; segment < 4; segment++)
        {
            Hypercall.Call(Number.SetSegmentBase, segment);
        }

        Mmu.Ext(MmuextCommand.SetLdt);
        Hypercall.Call(Number.SetGdt);
        Mmu.Ext(MmuextCommand.NewUserBaseptr);
        Hypercall.Call(Number.SetTimerOp);
        Hypercall.VcpuOp(7, 0, null);  // stop_periodic_timer
        Hypercall.VcpuOp(9, 0, null);  // stop_singleshot_timer
        for (uint port = 1; port < Ports; port++)
        {
            Events.Close(port);
        }

        for (ulong type = 0; type < 6; type++)
        {
            Hypercall.VmAssist(1, type);
        }

        UnmapGrants();
        Memory.Clear(Arena.Grants);
    }

    static void InstallCallbacks()
    {
        Events.Install();
        Hypercall.RegisterCallback(CallbackType.Failsafe, CallbackType.FlagMaskEvents, Native.TrapStubAddress(Entries.Failsafe));
        Hypercall.RegisterCallback(CallbackType.Syscall, CallbackType.FlagMaskEvents, Native.TrapStubAddress(Entries.Syscall));
        Hypercall.RegisterCallback(CallbackType.Nmi, CallbackType.FlagMaskEvents, Native.TrapStubAddress(Entries.Nmi));
        Hypercall.StackSwitch(Selector.Data, Native.EntryStackTop());
    }

    /// <summary>A handle that is in use says so whatever the address; the right one is among the pages that grants are mapped at.</summary>
    static void UnmapGrants()
    {
        const short badHandle = -4;
        for (ulong handle = 0; handle < Handles; handle++)
        {
            for (int page = 0; page < FuzzArena.EndFree; page++)
            {
                if (Unmap(Arena.AddressOf(page), handle) == badHandle)
                {
                    break;
                }

                Unmap(Arena.FrameOf(FuzzArena.L1) << 12 | (ulong)page * 8, handle);
            }
        }
    }

    /// <summary>GNTTABOP_unmap_grant_ref: address, bus address, handle and status.</summary>
    static short Unmap(ulong address, ulong handle)
    {
        ulong* op = stackalloc ulong[3];
        op[0] = address;
        op[1] = 0;
        op[2] = handle;
        return Hypercall.Call(Number.GrantTableOp, 1, (ulong)op, 1) == 0 ? (short)(op[2] >> 32) : (short)-1;
    }
}
