// A second vCPU: made by vcpu_op from a vcpu_guest_context (public arch-x86/xen.h), it runs native/second.S on the first one's page tables.

using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Xenith.Guest.Pv.Interface;

namespace Xenith.Guest.Pv.Kernel;

static unsafe class SecondVcpu
{
    public const uint Id = 1;

    const ulong InitialiseCommand = 0, Up = 1, Down = 2, IsUp = 3;

    /// <summary>Offsets in vcpu_guest_context; after the base of FS come those of the kernel's and the user's GS.</summary>
    public const int FlagsAt = 512, RegistersAt = 520, TrapsAt = 720, ControlAt = 4984, DebugAt = 5048, FsBaseAt = 5144;

    /// <summary>Offsets in the cpu_user_regs within it.</summary>
    public const int RipAt = 128, RflagsAt = 144;

    const int ContextSize = 5168, KernelSsAt = 4968, KernelSpAt = 4976, Cr3At = ControlAt + 3 * 8, EventCallbackAt = 5112;
    const int CsAt = 136, RspAt = 152, SsAt = 160;
    const ulong InKernel = 1 << 2;

    [StructLayout(LayoutKind.Sequential)]
    struct State
    {
        public ulong Info;
        public ulong Pending;
        public uint Port;
        public uint Answer;
        public uint Operation;
        public uint UsesFpu;
    }

    static State* Shared => (State*)StateAddress();

    /// <summary>sched_op that it calls without end: 0 yield, 1 block.</summary>
    public static uint Operation
    {
        set => Shared->Operation = value;
    }

    /// <summary>1: it uses the FPU each time before it calls.</summary>
    public static uint UsesFpu
    {
        set => Shared->UsesFpu = value;
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

        byte* context = NewContext(Memory.Allocate() + Memory.PageSize);
        *(ulong*)(context + RegistersAt + RipAt) = (ulong)(delegate*<void>)&Main;
        *(ulong*)(context + EventCallbackAt) = (ulong)(delegate*<void>)&Callback;
        return Initialise(context);
    }

    /// <summary>A context for a kernel on this one's page tables, with a stack but without an entry, gates and callbacks.</summary>
    public static byte* NewContext(ulong stack)
    {
        byte* context = (byte*)Memory.Allocate((ContextSize + Memory.PageSize - 1) / Memory.PageSize);
        *(ulong*)(context + FlagsAt) = InKernel;
        byte* registers = context + RegistersAt;
        *(ushort*)(registers + CsAt) = (ushort)Selector.Code64;
        *(ulong*)(registers + RflagsAt) = 0x202;
        *(ulong*)(registers + RspAt) = stack;
        *(ushort*)(registers + SsAt) = (ushort)Selector.Data;
        *(ulong*)(context + KernelSsAt) = Selector.Data;
        *(ulong*)(context + KernelSpAt) = stack;
        *(ulong*)(context + Cr3At) = Memory.MfnOf(Vcpu.Start->PtBase) * Memory.PageSize;
        return context;
    }

    public static long Initialise(byte* context) => Hypercall.VcpuOp(InitialiseCommand, Id, context);

    public static long Start() => Hypercall.VcpuOp(Up, Id, null);

    public static long Stop() => Hypercall.VcpuOp(Down, Id, null);

    [RuntimeImport("*", "second_state"), MethodImpl(MethodImplOptions.InternalCall)]
    static extern ulong StateAddress();

    [RuntimeImport("*", "second_main"), MethodImpl(MethodImplOptions.InternalCall)]
    static extern void Main();

    [RuntimeImport("*", "second_upcall"), MethodImpl(MethodImplOptions.InternalCall)]
    static extern void Callback();
}
