// Page-table entries as a 64-bit PV guest sees them, and the walk of the tables that are in use.
// Tables hold machine frames; the machine-to-physical table brings each back to where this kernel maps it.

using Xenith.Guest.Pv.Interface;

namespace Xenith.Guest.Pv.Kernel;

/// <summary>Bits of an entry (SDM 3A 4.5; the software bit is Xen's own).</summary>
static class Pte
{
    public const ulong Present = 1, Writable = 2, User = 4, WriteThrough = 8, CacheDisable = 0x10;
    public const ulong Accessed = 0x20, Dirty = 0x40, PageSize = 0x80, Global = 0x100, Available = 0xe00;
    /// <summary>Set by the hypervisor in an L1 entry that the guest gave without User: a page of the guest's kernel.</summary>
    public const ulong GuestKernel = 1ul << 52;
    public const ulong NoExecute = 1ul << 63;
    public const ulong FrameMask = 0x000ffffffffff000;

    public const ulong KernelPage = Present | Writable | Accessed | Dirty;
    public const ulong KernelReadOnly = Present | Accessed;
    public const ulong UserPage = Present | Writable | User | Accessed | Dirty;
    /// <summary>What this kernel writes into L4, L3 and L2 entries.</summary>
    public const ulong Table = Present | Writable | User | Accessed | Dirty;

    public static ulong Frame(ulong mfn, ulong flags) => mfn << 12 | flags;

    public static ulong MfnOf(ulong entry) => (entry & FrameMask) >> 12;
}

static unsafe class PageTable
{
    public static int IndexAt(ulong address, int level) => (int)(address >> (12 + 9 * (level - 1))) & 511;

    /// <summary>
    /// Address of the entry of a level (1 to 4) that maps an address in the kernel's own tables, or 0 if a level above it is
    /// absent.
    /// </summary>
    public static ulong EntryAddress(ulong address, int level)
    {
        ulong table = Vcpu.Start->PtBase;
        for (int at = 4; ; at--)
        {
            ulong entry = table + (ulong)IndexAt(address, at) * 8;
            if (at == level)
            {
                return entry;
            }

            ulong value = *(ulong*)entry;
            if ((value & Pte.Present) == 0)
            {
                return 0;
            }

            table = Memory.AddressOfMfn(Pte.MfnOf(value));
        }
    }

    /// <summary>The L1 entry that maps an address, or 0.</summary>
    public static ulong Leaf(ulong address)
    {
        ulong entry = EntryAddress(address, 1);
        return entry == 0 ? 0 : *(ulong*)entry;
    }

    /// <summary>Machine address of the L1 entry, as mmu_update wants it.</summary>
    public static ulong LeafMachine(ulong address) => Memory.MachineOf(EntryAddress(address, 1));

    /// <summary>Maps a page of the pool anew: update_va_mapping with a local invalidation.</summary>
    public static long Map(ulong address, ulong entry) =>
        Hypercall.Call(Number.UpdateVaMapping, address, entry, UpdateFlags.InvlpgLocal);

    /// <summary>Makes a page read-only in the kernel's mapping, as a page table must be.</summary>
    public static long MakeReadOnly(ulong address) =>
        Map(address, Pte.Frame(Memory.MfnOf(address), Pte.KernelReadOnly));

    public static long MakeWritable(ulong address) => Map(address, Pte.Frame(Memory.MfnOf(address), Pte.KernelPage));
}

/// <summary>Flags of update_va_mapping (xen.h, UVMF_*).</summary>
static class UpdateFlags
{
    public const ulong None = 0, TlbFlushLocal = 1, InvlpgLocal = 2, TlbFlushAll = 5, InvlpgAll = 6;
}
