// The arena of the fuzzer on a real machine: 24 frames behind addresses of their own, with page tables of their own, laid out as src/Xenith.Fuzzing/Calls/FuzzShape.cs says. The kernel's own mapping of the
// frames is taken away, so that they can become page tables; the arena's tables hang in the kernel's root, whose other entries the calls never name.

using Xenith.Fuzzing.Calls;
using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Pv.Fuzzing;

static unsafe class FuzzArenaPages
{
    /// <summary>Slot of the root that the arena lies below: beyond the hypervisor's.</summary>
    const int RootSlot = 300;

    /// <summary>Where the arena begins.</summary>
    public const ulong Base = 0xffff000000000000 | (ulong)RootSlot << 39;

    struct Frames
    {
        public fixed ulong Numbers[FuzzArena.AllSlots];
    }

    static Frames frames;
    static int learned;

    /// <summary>Frame of a slot.</summary>
    public static ulong FrameOf(int slot) => frames.Numbers[slot % FuzzArena.AllSlots];

    /// <summary>Notes a frame that the hypervisor gave.</summary>
    public static void Learn(ulong frame) => frames.Numbers[FuzzArena.Slots + learned++ % (FuzzArena.AllSlots - FuzzArena.Slots)] = frame;

    /// <summary>Makes the arena. False if the hypervisor refuses a step.</summary>
    public static bool Create()
    {
        ulong pages = Memory.Allocate(FuzzArena.Slots);
        for (int slot = 0; slot < FuzzArena.AllSlots; slot++)
        {
            frames.Numbers[slot] = Memory.MfnOf(pages + (ulong)(slot < FuzzArena.Slots ? slot : FuzzArena.FirstData) * Memory.PageSize);
        }

        ulong* l1 = (ulong*)(pages + FuzzArena.L1 * Memory.PageSize);
        for (int page = 0; page < FuzzArena.Slots; page++)
        {
            l1[page] = Pte.Frame(FrameOf(page), page <= FuzzArena.L1 ? Pte.KernelReadOnly : Pte.KernelPage);
        }

        l1[FuzzArena.SharedInfo] = Vcpu.Start->SharedInfo | Pte.KernelPage;
        if (!TryGrantFrame(out ulong grants))
        {
            return false;
        }

        l1[FuzzArena.GrantTable] = Pte.Frame(grants, Pte.KernelPage);
        ((ulong*)(pages + FuzzArena.L2 * Memory.PageSize))[0] = Pte.Frame(FrameOf(FuzzArena.L1), Pte.Table);
        ((ulong*)(pages + FuzzArena.L3 * Memory.PageSize))[0] = Pte.Frame(FrameOf(FuzzArena.L2), Pte.Table);
        ((ulong*)(pages + FuzzArena.Root * Memory.PageSize))[RootSlot] = Pte.Frame(FrameOf(FuzzArena.L3), Pte.Table);
        ((ulong*)(pages + FuzzArena.UserRoot * Memory.PageSize))[RootSlot] = Pte.Frame(FrameOf(FuzzArena.L3), Pte.Table);
        for (int page = 0; page < FuzzArena.Slots; page++)
        {
            if (PageTable.Map(pages + (ulong)page * Memory.PageSize, 0) != 0)
            {
                return false;
            }
        }

        return Mmu.SetEntry(Vcpu.Start->PtBase, RootSlot, Pte.Frame(FrameOf(FuzzArena.L3), Pte.Table)) == 0;
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
