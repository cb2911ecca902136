// The frames and pages that generated calls are about, laid out as src/Xenith.Fuzzing/Calls/FuzzShape.cs says: 24 frames
// behind addresses of their own, with page tables of their own that hang in the kernel's root. The kernel's other mapping of
// these frames is taken away, so that they can become page tables. Each sequence has a new arena; frames that the last one
// gave away or left in some use are replaced.

using Xenith.Fuzzing.Calls;
using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Fuzz.Kernel;

static unsafe class Arena
{
    /// <summary>Slot of the root that the arena lies below: beyond the hypervisor's.</summary>
    const int RootSlot = 300;

    /// <summary>Where the arena begins.</summary>
    public const ulong Base = 0xffff000000000000 | (ulong)RootSlot << 39;

    struct Numbers
    {
        public fixed ulong Values[FuzzArena.AllSlots];
    }

    static Numbers frames, pages, backing;
    static ulong grantFrame;
    static int learned;

    /// <summary>Frames that could not be taken back and were replaced.</summary>
    public static ulong Replaced;

    /// <summary>The first page of the grant table, where the kernel itself sees it.</summary>
    public static ulong Grants;

    /// <summary>Frame of a slot. One that was given back keeps its slot, as in the hosted world.</summary>
    public static ulong FrameOf(int slot) => frames.Values[slot % FuzzArena.AllSlots];

    /// <summary>Address of a page.</summary>
    public static ulong AddressOf(int page) => Base + (ulong)page * Memory.PageSize;

    /// <summary>Notes a frame that the hypervisor gave.</summary>
    public static void Learn(ulong frame)
    {
        int slot = FuzzArena.Slots + learned++ % (FuzzArena.AllSlots - FuzzArena.Slots);
        GiveBackLearned(slot);
        frames.Values[slot] = frame;
    }

    /// <summary>Takes pages for all arenas to come, and a page of the grant table. False if the hypervisor refuses.</summary>
    public static bool Prepare()
    {
        for (int slot = 0; slot < FuzzArena.Slots; slot++)
        {
            pages.Values[slot] = Memory.Allocate();
            backing.Values[slot] = Memory.MfnOfPfn(NumberOf(slot));
            if (PageTable.Map(pages.Values[slot], Pte.Frame(backing.Values[slot], Pte.KernelPage)) != 0)
            {
                return false;
            }

            Memory.Clear(pages.Values[slot]);
        }

        Grants = Memory.Allocate();
        return TryGrantFrame(out grantFrame) && PageTable.Map(Grants, Pte.Frame(grantFrame, Pte.KernelPage)) == 0;
    }

    /// <summary>The arena's frames are from the middle of the domain's memory: what lies beside them is nobody's, since calls give away whole blocks.</summary>
    static ulong NumberOf(int slot) => Vcpu.Start->NrPages / 2 + (ulong)slot;

    /// <summary>Makes an arena of zeroed pages. False if the hypervisor refuses a step.</summary>
    public static bool Create()
    {
        for (int slot = 0; slot < FuzzArena.AllSlots; slot++)
        {
            frames.Values[slot] = backing.Values[slot < FuzzArena.Slots ? slot : FuzzArena.FirstData];
        }

        learned = 0;
        ulong* l1 = TableAt(FuzzArena.L1);
        for (int page = 0; page < FuzzArena.Slots; page++)
        {
            l1[page] = Pte.Frame(FrameOf(page), page <= FuzzArena.L1 ? Pte.KernelReadOnly : Pte.KernelPage);
        }

        l1[FuzzArena.SharedInfo] = Vcpu.Start->SharedInfo | Pte.KernelPage;
        l1[FuzzArena.GrantTable] = Pte.Frame(grantFrame, Pte.KernelPage);
        TableAt(FuzzArena.L2)[0] = Pte.Frame(FrameOf(FuzzArena.L1), Pte.Table);
        TableAt(FuzzArena.L3)[0] = Pte.Frame(FrameOf(FuzzArena.L2), Pte.Table);
        TableAt(FuzzArena.Root)[RootSlot] = Pte.Frame(FrameOf(FuzzArena.L3), Pte.Table);
        TableAt(FuzzArena.UserRoot)[RootSlot] = Pte.Frame(FrameOf(FuzzArena.L3), Pte.Table);
        WriteCode((byte*)pages.Values[FuzzArena.Code]);
        for (int page = 0; page < FuzzArena.Slots; page++)
        {
            if (PageTable.Map(pages.Values[page], 0) != 0)
            {
                return false;
            }
        }

        return Mmu.Ext(MmuextCommand.PinL4, FrameOf(FuzzArena.Root)) == 0
            && Mmu.SetEntry(Vcpu.Start->PtBase, RootSlot, Pte.Frame(FrameOf(FuzzArena.L3), Pte.Table)) == 0;
    }

    /// <summary>Takes the arena down, and every frame of it back that can be. False if there is no memory for the next.</summary>
    public static bool Destroy()
    {
        Mmu.SetEntry(Vcpu.Start->PtBase, RootSlot, 0);
        for (int slot = 0; slot < FuzzArena.AllSlots; slot++)
        {
            Mmu.Ext(MmuextCommand.Unpin, FrameOf(slot));
        }

        for (int slot = FuzzArena.Slots; slot < FuzzArena.AllSlots; slot++)
        {
            GiveBackLearned(slot);
        }

        for (int slot = 0; slot < FuzzArena.Slots; slot++)
        {
            if (!TryTakeBack(slot))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A learned frame is given back, or the domain would grow for ever.</summary>
    static void GiveBackLearned(int slot)
    {
        ulong frame = FrameOf(slot);
        for (int other = 0; other < FuzzArena.AllSlots; other++)
        {
            if (other != slot && FrameOf(other) == frame)
            {
                return;
            }
        }

        Reserve(MemoryCommand.Decrease, ref frame);
        frames.Values[slot] = FrameOf(FuzzArena.FirstData);
    }

    /// <summary>The kernel maps the frame of a slot at its page again, writable; or another frame.</summary>
    static bool TryTakeBack(int slot)
    {
        ulong page = pages.Values[slot], frame = FrameOf(slot);
        if (PageTable.Map(page, Pte.Frame(frame, Pte.KernelPage)) == 0)
        {
            Memory.Clear(page);
            if (IsFree(page, frame))
            {
                return true;
            }
        }

        Replaced++;
        ulong number = NumberOf(slot);
        if (Reserve(MemoryCommand.Populate, ref number) == 1 && PageTable.Map(page, Pte.Frame(number, Pte.KernelPage)) == 0)
        {
            backing.Values[slot] = number;
            Memory.Clear(page);
            return true;
        }

        // No memory: a page of this kernel's own, while there are some.
        if (Memory.Left == 0)
        {
            return false;
        }

        pages.Values[slot] = Memory.Allocate();
        backing.Values[slot] = Memory.MfnOf(pages.Values[slot]);
        return true;
    }

    /// <summary>
    /// True if nothing else refers to the frame in a way that a page table's would not go with. A grant whose mapping was overwritten does, for as long as the domain lives: no call can end it.
    /// </summary>
    static bool IsFree(ulong page, ulong frame) =>
        PageTable.Map(page, Pte.Frame(frame, Pte.KernelReadOnly)) == 0 && Mmu.Ext(MmuextCommand.PinL1, frame) == 0 && Mmu.Ext(MmuextCommand.Unpin, frame) == 0
        && PageTable.Map(page, Pte.Frame(frame, Pte.KernelPage)) == 0;

    /// <summary>One frame is given back or asked for: struct xen_memory_reservation (public memory.h).</summary>
    static long Reserve(ulong command, ref ulong frame)
    {
        fixed (ulong* list = &frame)
        {
            ulong* op = stackalloc ulong[4];
            op[0] = (ulong)list;
            op[1] = 1;
            op[2] = 0;
            op[3] = Domid.Self;
            return Hypercall.MemoryOp(command, op);
        }
    }

    static class MemoryCommand
    {
        public const ulong Decrease = 1, Populate = 6;
    }

    static ulong* TableAt(int slot) => (ulong*)pages.Values[slot];

    /// <summary>
    /// Whatever is executed here ends the step: UD2 everywhere, and where the generator lets handlers begin a jump out of it. The instructions themselves are run from the kernel's own memory.
    /// </summary>
    static void WriteCode(byte* code)
    {
        for (int at = 0; at < (int)Memory.PageSize; at += 2)
        {
            code[at] = 0x0f;
            code[at + 1] = 0x0b;
        }

        // mov $abandon_run,%rax; jmp *%rax
        code[FuzzArena.Handler] = 0x48;
        code[FuzzArena.Handler + 1] = 0xb8;
        *(ulong*)(code + FuzzArena.Handler + 2) = Native.AbandonRunAddress();
        code[FuzzArena.Handler + 10] = 0xff;
        code[FuzzArena.Handler + 11] = 0xe0;
    }

    /// <summary>GNTTABOP_setup_table for one frame: domain and count, status, list.</summary>
    static bool TryGrantFrame(out ulong frame)
    {
        ulong got = 0;
        ulong* op = stackalloc ulong[3];
        op[0] = Domid.Self | 1ul << 32;
        op[1] = 0;
        op[2] = (ulong)&got;
        bool done = Hypercall.Call(Number.GrantTableOp, 2, (ulong)op, 1) == 0 && (short)op[1] == 0;
        frame = got;
        return done;
    }
}
