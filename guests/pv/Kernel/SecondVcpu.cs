// A second vCPU: made by vcpu_op from a vcpu_guest_context (public arch-x86/xen.h), it runs native/second.S on the first one's page tables.

using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Xenith.Guest.Pv.Interface;

namespace Xenith.Guest.Pv.Kernel;

static unsafe class SecondVcpu
{
    public const uint Id = 1;

    const ulong Initialise = 0, Up = 1, Down = 2, IsUp = 3;

    // Offsets in vcpu_guest_context and in the cpu_user_regs within it.
    const int ContextSize = 5168, FlagsAt = 512, RegistersAt = 520, KernelSsAt = 4968, KernelSpAt = 4976, Cr3At = 4984 + 3 * 8, EventCallbackAt = 5112;
    const int RipAt = 128, CsAt = 136, RflagsAt = 144, RspAt = 152, SsAt = 160;
    const ulong InKernel = 1 << 2;

    [StructLayout(LayoutKind.Sequential)]
    struct State
    {
        public ulong Info;
        public ulong Pending;
        public uint Port;
        public uint Answer;
        public uint Operation;
    }

    static State* Shared => (State*)StateAddress();

    /// <summary>sched_op that it calls without end: 0 yield, 1 block.</summary>
    public static uint Operation
    {
        set => Shared->Operation = value;
    }

    /// <summary>False if the domain has only one vCPU.</summary>
    public static bool Exists => Hypercall.VcpuOp(IsUp, Id, null) != -ErrorNumber.Enoent;

    /// <summary>Makes it: it is called by one port, which is bound to it, and answers by another.</summary>
    public static long Create(uint port, uint answer)
    {
        VcpuInfo* info = &Vcpu.Shared->Vcpu0 + Id;
        info->UpcallMask = 1;
        State* state = Shared;
        state->Info = (ulong)info;
        state->Pending = (ulong)Vcpu.Shared->EvtchnPending;
        state->Port = port;
        state->Answer = answer;

        return Create((ulong)(delegate*<void>)&Main, (ulong)(delegate*<void>)&Callback);
    }

    /// <summary>Makes it run code of its own, on a new stack of some pages and the first one's page tables. Nothing is in its trap table.</summary>
    public static long Create(ulong entry, ulong callback, ulong stackPages = 1)
    {
        ulong stack = Memory.Allocate(stackPages) + stackPages * Memory.PageSize;
        byte* context = (byte*)Memory.Allocate((ContextSize + Memory.PageSize - 1) / Memory.PageSize);
        *(ulong*)(context + FlagsAt) = InKernel;
        byte* registers = context + RegistersAt;
        *(ulong*)(registers + RipAt) = entry;
        *(ushort*)(registers + CsAt) = (ushort)Selector.Code64;
        *(ulong*)(registers + RflagsAt) = 0x202;
        *(ulong*)(registers + RspAt) = stack;
        *(ushort*)(registers + SsAt) = (ushort)Selector.Data;
        *(ulong*)(context + KernelSsAt) = Selector.Data;
        *(ulong*)(context + KernelSpAt) = stack;
        *(ulong*)(context + Cr3At) = Memory.MfnOf(Vcpu.Start->PtBase) * Memory.PageSize;
        *(ulong*)(context + EventCallbackAt) = callback;
        return Hypercall.VcpuOp(Initialise, Id, context);
    }

    public static long Start() => Hypercall.VcpuOp(Up, Id, null);

    public static long Stop() => Hypercall.VcpuOp(Down, Id, null);

    [RuntimeImport("*", "second_state"), MethodImpl(MethodImplOptions.InternalCall)]
    static extern ulong StateAddress();

    [RuntimeImport("*", "second_main"), MethodImpl(MethodImplOptions.InternalCall)]
    static extern void Main();

    [RuntimeImport("*", "second_upcall"), MethodImpl(MethodImplOptions.InternalCall)]
    static extern void Callback();
}
