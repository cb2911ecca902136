// mmu_update and mmuext_op (public xen.h), one request at a time and in lists.

using System.Runtime.InteropServices;
using Xenith.Guest.Pv.Interface;

namespace Xenith.Guest.Pv.Kernel;

[StructLayout(LayoutKind.Sequential)]
struct MmuRequest
{
    /// <summary>Machine address of the entry; bits 1:0 are one of <see cref="MmuCommand"/>.</summary>
    public ulong Pointer;
    public ulong Value;
}

static class MmuCommand
{
    public const ulong Normal = 0, MachinePhysical = 1, PreserveAccessedDirty = 2, NoTranslate = 3;
}

[StructLayout(LayoutKind.Explicit, Size = 24)]
struct MmuextRequest
{
    [FieldOffset(0)] public uint Command;
    /// <summary>A machine frame, or a linear address.</summary>
    [FieldOffset(8)] public ulong Argument1;
    /// <summary>A count of entries, a mask's address, or a source frame.</summary>
    [FieldOffset(16)] public ulong Argument2;
}

static class MmuextCommand
{
    public const uint PinL1 = 0, PinL2 = 1, PinL3 = 2, PinL4 = 3, Unpin = 4, NewBaseptr = 5, TlbFlushLocal = 6, InvlpgLocal = 7;
    public const uint TlbFlushMulti = 8, InvlpgMulti = 9, TlbFlushAll = 10, InvlpgAll = 11, FlushCache = 12, SetLdt = 13;
    public const uint NewUserBaseptr = 15, ClearPage = 16, CopyPage = 17, FlushCacheGlobal = 18, MarkSuper = 19, UnmarkSuper = 20;
}

static unsafe class Mmu
{
    /// <summary>How many requests the last list call said it did.</summary>
    public static uint Done;

    public static long Update(ulong pointer, ulong value, ulong domain = Domid.Self)
    {
        MmuRequest request;
        request.Pointer = pointer;
        request.Value = value;
        return Update(&request, 1, domain);
    }

    public static long Update(MmuRequest* requests, ulong count, ulong domain = Domid.Self)
    {
        uint done = 0x55;
        long result = Hypercall.Call(Number.MmuUpdate, (ulong)requests, count, (ulong)&done, domain);
        Done = done;
        return result;
    }

    /// <summary>Writes an entry of a table of this kernel, given by the table's address and the index.</summary>
    public static long SetEntry(ulong table, int index, ulong value) =>
        Update(Memory.MachineOf(table) + (ulong)index * 8, value);

    public static long Ext(uint command, ulong argument1 = 0, ulong argument2 = 0, ulong domain = Domid.Self)
    {
        MmuextRequest request = default;
        request.Command = command;
        request.Argument1 = argument1;
        request.Argument2 = argument2;
        return Ext(&request, 1, domain);
    }

    public static long Ext(MmuextRequest* requests, ulong count, ulong domain = Domid.Self)
    {
        uint done = 0x55;
        long result = Hypercall.Call(Number.MmuextOp, (ulong)requests, count, (ulong)&done, domain);
        Done = done;
        return result;
    }

    /// <summary>A page of the pool, zeroed and read-only, fit to become a page table.</summary>
    public static ulong AllocateTable()
    {
        ulong page = Memory.Allocate();
        Check.Ok("making a table read-only", PageTable.MakeReadOnly(page));
        return page;
    }

    /// <summary>An L1 table in which every entry maps one frame read-only.</summary>
    public static ulong AllocateFullL1(ulong frameOf, ulong flags)
    {
        ulong page = Memory.Allocate();
        for (int i = 0; i < 512; i++)
        {
            ((ulong*)page)[i] = Pte.Frame(Memory.MfnOf(frameOf), flags);
        }

        Check.Ok("making a table read-only", PageTable.MakeReadOnly(page));
        return page;
    }
}
