// A small user address space and the way in and out of it. A piece of code is copied to the user's code page and entered by
// the iret hypercall; the first entry back into the kernel (SYSCALL, INT, fault) ends the run and is in Trap.Last.

using System;
using Xenith.Guest.Pv.Interface;

namespace Xenith.Guest.Pv.Kernel;

static unsafe class UserMode
{
    /// <summary>Where the code, the data and the stack lie in user mode.</summary>
    public const ulong CodeAddress = 0x400000, DataAddress = 0x401000, ReadOnlyAddress = 0x402000, StackTop = 0x408000;

    /// <summary>An address with no page behind it.</summary>
    public const ulong AbsentAddress = 0x500000;

    static ulong code, data, stack, readOnly;

    public static bool Active;

    /// <summary>When set, an upcall ends the run as well; its number is then in <see cref="Trap.Last"/>.</summary>
    public static bool EndOnEvent;

    /// <summary>Registers for the next run. Rip, rsp, selectors and flags are set by <see cref="Reset"/>.</summary>
    public static UserRegisters Registers;

    /// <summary>The four tables; level 1 maps 2 MiB from 4 MiB up.</summary>
    public static ulong Root, Level3, Level2, Level1;

    /// <summary>The user's data page as the kernel sees it.</summary>
    public static ulong* Data => (ulong*)data;

    public static void Prepare()
    {
        if (Root == 0)
        {
            code = Memory.Allocate();
            data = Memory.Allocate();
            readOnly = Memory.Allocate();
            stack = Memory.Allocate();
            Root = Memory.Allocate();
            Level3 = Memory.Allocate();
            Level2 = Memory.Allocate();
            Level1 = Memory.Allocate();
            ((ulong*)Level1)[0] = Pte.Frame(Memory.MfnOf(code), Pte.Present | Pte.User | Pte.Accessed);
            ((ulong*)Level1)[1] = Pte.Frame(Memory.MfnOf(data), Pte.UserPage | Pte.NoExecute);
            ((ulong*)Level1)[2] = Pte.Frame(Memory.MfnOf(readOnly), Pte.Present | Pte.User | Pte.Accessed | Pte.NoExecute);
            ((ulong*)Level1)[7] = Pte.Frame(Memory.MfnOf(stack), Pte.UserPage | Pte.NoExecute);
            ((ulong*)Level2)[2] = Pte.Frame(Memory.MfnOf(Level1), Pte.Table);
            ((ulong*)Level3)[0] = Pte.Frame(Memory.MfnOf(Level2), Pte.Table);
            ((ulong*)Root)[0] = Pte.Frame(Memory.MfnOf(Level3), Pte.Table);
            Check.Ok("user L1 read-only", PageTable.MakeReadOnly(Level1));
            Check.Ok("user L2 read-only", PageTable.MakeReadOnly(Level2));
            Check.Ok("user L3 read-only", PageTable.MakeReadOnly(Level3));
            Check.Ok("user L4 read-only", PageTable.MakeReadOnly(Root));
            Check.Ok("pin of the user tables", Mmu.Ext(MmuextCommand.PinL4, Memory.MfnOf(Root)));
        }

        Check.Ok("new_user_baseptr", Mmu.Ext(MmuextCommand.NewUserBaseptr, Memory.MfnOf(Root)));
        Check.Ok("stack_switch", Hypercall.StackSwitch(Selector.Data, Native.EntryStackTop()));
        Check.Ok("syscall callback", Hypercall.RegisterCallback(CallbackType.Syscall, 0, Native.TrapStubAddress(Entries.Syscall)));
        Reset();
    }

    public static void Reset()
    {
        Registers = default;
        Registers.Rip = CodeAddress;
        Registers.Rsp = StackTop;
        Registers.Rflags = 0x202;
        Registers.Cs = Selector.Code64;
        Registers.Ss = Selector.Data;
    }

    /// <summary>Runs code in user mode until it enters the kernel, and returns the number of that entry.</summary>
    public static ulong Run(ReadOnlySpan<byte> instructions)
    {
        Load(instructions);
        return Enter();
    }

    public static void Load(ReadOnlySpan<byte> instructions)
    {
        for (int i = 0; i < instructions.Length; i++)
        {
            ((byte*)code)[i] = instructions[i];
        }

        // Whatever comes after it must not look like code that goes on.
        ((byte*)code)[instructions.Length] = 0x0f;
        ((byte*)code)[instructions.Length + 1] = 0x0b;
    }

    public static ulong Enter()
    {
        Active = true;
        fixed (UserRegisters* registers = &Registers)
        {
            Native.EnterUser(registers);
        }

        Active = false;
        EndOnEvent = false;
        Vcpu.Info->UpcallMask = 1;
        return Trap.Last.Number;
    }

    /// <summary>The run must have ended in this entry with this error code.</summary>
    public static void Ended(string what, ulong number, ulong error)
    {
        if (Trap.Last.Number != number || Trap.Last.Error != error)
        {
            Check.Faulted(what, false, number, error);
        }
    }
}
