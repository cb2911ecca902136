// The iret hypercall, by which a kernel returns: frames whose every word is the guest's, and most of whose values no CPU
// would take. What cannot be loaded is an exception at the place where the guest wanted to go.

using Xenith.Guest.Hostile.Kernel;
using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Hostile.Attacks;

static unsafe class ReturnFrames
{
    public static void Run()
    {
        Check.Run("iret.rip", &InstructionPointers);
        Check.Run("iret.cs", &CodeSegments);
        Check.Run("iret.ss", &StackSegments);
        Check.Run("iret.rsp", &StackPointers);
        Check.Run("iret.rflags", &Flags);
        Check.Run("iret.frame_flags", &FrameFlags);
    }

    /// <summary>Goes to user mode, where the code is SYSCALL, and shows what came of it.</summary>
    static void Go(string name, string detail = "")
    {
        UserMode.Run([0x0f, 0x05]);
        Attack.Begin(name, detail);
        Pv.Kernel.Console.Put(" ");
        Attack.PutException(Trap.Last.Number, Trap.Last.Error);
        Pv.Kernel.Console.Put(" cs ");
        Pv.Kernel.Console.PutHex(Trap.Last.Cs & 0xffff);
        Pv.Kernel.Console.Put(" ss ");
        Pv.Kernel.Console.PutHex(Trap.Last.Ss);
        Pv.Kernel.Console.EndLine();
        UserMode.Reset();
    }

    static void InstructionPointers()
    {
        UserMode.Prepare();
        for (int i = 0; i < 6; i++)
        {
            UserMode.Registers.Rip = i switch { 0 => 0x0000800000000000, 1 => 0x8000000000000000, 2 => 0xffff82d040200000, 3 => Layout.MachineToPhysical, 4 => ~0ul, _ => Native.ImageStart() };
            Go(i switch { 0 => "first of the hole", 1 => "2^63", 2 => "hypervisor", 3 => "m2p", 4 => "2^64-1", _ => "kernel" });
        }
    }

    static void CodeSegments()
    {
        UserMode.Prepare();
        for (int i = 0; i < 12; i++)
        {
            UserMode.Registers.Cs = i switch { 0 => 3, 1 => 0xe00b, 2 => 0xe013, 3 => 0xe01b, 4 => 0xe02b, 5 => 0xe03b, 6 => 0xe043, 7 => 0xffff, 8 => 7, 9 => 0x1003, 10 => 0xffffffffffff0000 | Selector.Code64, _ => 0xe023 };
            Go(i switch { 0 => "null", 1 => "0xe00b", 2 => "0xe013", 3 => "0xe01b", 4 => "data", 5 => "0xe03b", 6 => "0xe043", 7 => "0xffff", 8 => "in no LDT", 9 => "beyond the GDT", 10 => "with upper bits", _ => "32-bit" });
        }
    }

    static void StackSegments()
    {
        UserMode.Prepare();
        for (int i = 0; i < 10; i++)
        {
            UserMode.Registers.Ss = i switch { 0 => 3, 1 => 0xe00b, 2 => 0xe013, 3 => 0xe023, 4 => 0xe033, 5 => 0xe043, 6 => 0xffff, 7 => 7, 8 => 0, _ => 0xffffffffffff0000 | Selector.Data };
            Go(i switch { 0 => "null", 1 => "0xe00b", 2 => "0xe013", 3 => "32-bit code", 4 => "64-bit code", 5 => "0xe043", 6 => "0xffff", 7 => "in no LDT", 8 => "0", _ => "with upper bits" });
        }
    }

    static void StackPointers()
    {
        UserMode.Prepare();
        for (int i = 0; i < 4; i++)
        {
            UserMode.Registers.Rsp = i switch { 0 => 0x0000800000000000, 1 => 0xffff82d040200000, 2 => 0, _ => ~0ul };
            Go(i switch { 0 => "first of the hole", 1 => "hypervisor", 2 => "0", _ => "2^64-1" });
        }
    }

    static void Flags()
    {
        UserMode.Prepare();
        for (int bit = 0; bit < 64; bit++)
        {
            UserMode.Registers.Rflags = 0x202 ^ 1ul << bit;
            UserMode.Run([0x0f, 0x05]);
            Attack.Begin("bit ", (uint)bit);
            Pv.Kernel.Console.Put(" ");
            Attack.PutException(Trap.Last.Number, Trap.Last.Error);
            Pv.Kernel.Console.Put(" rflags ");
            Pv.Kernel.Console.PutHex(Trap.Last.Rflags & ~0x8d5ul);
            Pv.Kernel.Console.EndLine();
            UserMode.Reset();
        }
    }

    static void FrameFlags()
    {
        UserMode.Prepare();
        for (int bit = 0; bit < 64; bit++)
        {
            UserMode.Registers.IretFlags = 1ul << bit;
            UserMode.Registers.Rcx = UserMode.CodeAddress; // the short way back takes it for rip's
            UserMode.Run([0x0f, 0x05]);
            Check.Equal("SYSCALL", Entries.Syscall, Trap.Last.Number);
            UserMode.Reset();
        }

        UserMode.Registers.IretFlags = ~0ul;
        UserMode.Registers.Rcx = UserMode.CodeAddress;
        Go("all bits");
        UserMode.Registers.IretFlags = 0x100;
        UserMode.Registers.Rip = 0x0000800000000000;
        Go("short way, non-canonical rip");
        UserMode.Registers.IretFlags = 0x100;
        UserMode.Registers.Cs = 0xe00b;
        Go("short way, the hypervisor's code");
        UserMode.Registers.IretFlags = 0x100;
        UserMode.Registers.Ss = 0x1003;
        Go("short way, no stack segment");
        UserMode.Registers.IretFlags = 0x100;
        UserMode.Registers.Rflags = 0x10102;
        Go("short way, with RF and TF");
    }
}
