// Address translation as the CPU does it (SDM vol. 3, 4.5 to 4.7 and 4.10): the TLB first, then a walk from the deepest table that the
// CPU remembers. A walk sets A and D bits in memory and remembers what it found.

using System.Threading;

namespace Xenith.Machine.Simulation;

/// <summary>What an access wants to do.</summary>
public enum AccessKind
{
    Read,
    Write,
    Execute,
}

/// <summary>On whose behalf an access is made.</summary>
public enum AccessMode
{
    /// <summary>Ring 3: every level must be open to user mode.</summary>
    User,

    /// <summary>The hypervisor itself, EFLAGS.AC clear: with SMAP it may not touch user pages.</summary>
    Supervisor,

    /// <summary>The hypervisor between STAC and CLAC.</summary>
    SupervisorForGuest,
}

/// <summary>Bits of the error code that #PF pushes (SDM vol. 3, 4.7).</summary>
public static class PageFaultError
{
    public const uint Present = 1 << 0;
    public const uint Write = 1 << 1;
    public const uint User = 1 << 2;
    public const uint Reserved = 1 << 3;
    public const uint Fetch = 1 << 4;
}

/// <summary>Translates addresses for one CPU.</summary>
internal static class PageWalker
{
    /// <summary>Translates; on failure <paramref name="error"/> is the code that #PF would push.</summary>
    internal static bool TryTranslate(SimulatedCpu cpu, ulong address, AccessKind kind, AccessMode mode, out ulong machineAddress, out uint error)
    {
        error = 0;
        machineAddress = address;
        if ((cpu.Cr0 & Cr0.Paging) == 0)
            return true;

        if (cpu.Tlb.TryGet(address, out Translation page))
        {
            if (!IsAllowed(cpu, page, kind, mode))
                cpu.Tlb.Forget(address);
            else if (kind == AccessKind.Write && !page.Dirty)
                cpu.Tlb.DropPage(address);
            else
                return Finish(page, address, out machineAddress);
        }

        error = Code(cpu, kind, mode);
        if (!TryWalk(cpu, address, kind, mode, ref error, out page))
            return false;
        cpu.Tlb.Remember(address, page);
        error = 0;
        return Finish(page, address, out machineAddress);
    }

    private static bool Finish(Translation page, ulong address, out ulong machineAddress)
    {
        machineAddress = page.Frame.Address | (address & (AddressSpace.PageSize - 1));
        return true;
    }

    private static bool TryWalk(SimulatedCpu cpu, ulong address, AccessKind kind, AccessMode mode, ref uint error, out Translation page)
    {
        page = default;
        TableReference at = Start(cpu, address, out int level);
        while (true)
        {
            ulong place = at.Table.Address + (ulong)AddressSpace.TableIndex(address, level) * 8;
            ref ulong entry = ref cpu.Machine.Memory.Entry(place);
            ulong bits = Volatile.Read(ref entry);
            if ((bits & PageFlags.Present) == 0)
                return false;
            bool leaf = level == 1 || (level < 4 && (bits & PageFlags.PageSize) != 0);
            if (HasReservedBits(cpu, bits, level, leaf))
            {
                error |= PageFaultError.Present | PageFaultError.Reserved;
                return false;
            }

            at = new TableReference(
                new PageTableEntry(bits).Frame,
                at.Writable && (bits & PageFlags.Writable) != 0,
                at.User && (bits & PageFlags.User) != 0,
                at.NoExecute || (bits & PageFlags.NoExecute) != 0);
            if (leaf)
                return TryFinishWalk(cpu, address, kind, mode, level, at, ref entry, bits, ref error, out page);
            if (!TrySetBits(ref entry, bits, PageFlags.Accessed))
                return TryWalk(cpu, address, kind, mode, ref error, out page);
            level--;
            cpu.Tlb.RememberTable(level, address, at);
        }
    }

    /// <summary>The deepest table that the CPU remembers for an address, else the root.</summary>
    private static TableReference Start(SimulatedCpu cpu, ulong address, out int level)
    {
        for (level = 1; level < 4; level++)
        {
            if (cpu.Tlb.TryGetTable(level, address, out TableReference table))
                return table;
        }

        return new TableReference(new PageTableEntry(cpu.Cr3).Frame, true, true, false);
    }

    private static bool TryFinishWalk(SimulatedCpu cpu, ulong address, AccessKind kind, AccessMode mode, int level, TableReference at, ref ulong entry, ulong bits, ref uint error, out Translation page)
    {
        // A large page's PAT bit is the lowest address bit; the rest below the page's size must be zero and is.
        ulong inside = (1UL << (9 * (level - 1))) - 1;
        Mfn frame = new((at.Table.Value & ~inside) | ((address >> AddressSpace.PageShift) & inside));
        bool global = (bits & PageFlags.Global) != 0 && (cpu.Cr4 & Cr4.GlobalPages) != 0;
        bool dirty = kind == AccessKind.Write || (bits & PageFlags.Dirty) != 0;
        page = new Translation(frame, level, at.Writable, at.User, at.NoExecute, global, dirty);
        if (!IsAllowed(cpu, page, kind, mode))
        {
            error |= PageFaultError.Present;
            return false;
        }

        return TrySetBits(ref entry, bits, kind == AccessKind.Write ? PageFlags.Accessed | PageFlags.Dirty : PageFlags.Accessed)
            || TryWalk(cpu, address, kind, mode, ref error, out page);
    }

    private static bool IsAllowed(SimulatedCpu cpu, Translation page, AccessKind kind, AccessMode mode)
    {
        bool user = mode == AccessMode.User;
        if (user && !page.User)
            return false;
        if (kind == AccessKind.Write && !page.Writable && (user || (cpu.Cr0 & Cr0.WriteProtect) != 0))
            return false;
        if (kind == AccessKind.Execute && page.NoExecute && (cpu.Efer & Efer.NoExecute) != 0)
            return false;
        if (user || !page.User)
            return true;
        return kind == AccessKind.Execute
            ? (cpu.Cr4 & Cr4.Smep) == 0
            : mode == AccessMode.SupervisorForGuest || (cpu.Cr4 & Cr4.Smap) == 0;
    }

    private static bool HasReservedBits(SimulatedCpu cpu, ulong bits, int level, bool leaf)
    {
        ulong reserved = PageFlags.AddressMask & ~((1UL << cpu.Machine.PhysicalAddressBits) - 1);
        if ((cpu.Efer & Efer.NoExecute) == 0)
            reserved |= PageFlags.NoExecute;
        if (level == 4)
            reserved |= PageFlags.PageSize;
        if (leaf && level > 1)
            reserved |= (1UL << (AddressSpace.PageShift + 9 * (level - 1))) - (1UL << 13);
        return (bits & reserved) != 0;
    }

    private static uint Code(SimulatedCpu cpu, AccessKind kind, AccessMode mode)
    {
        uint code = mode == AccessMode.User ? PageFaultError.User : 0;
        if (kind == AccessKind.Write)
            code |= PageFaultError.Write;
        if (kind == AccessKind.Execute && ((cpu.Efer & Efer.NoExecute) != 0 || (cpu.Cr4 & Cr4.Smep) != 0))
            code |= PageFaultError.Fetch;
        return code;
    }

    /// <summary>Sets A or D with a locked operation; false if the entry was changed since it was read: the walk begins anew.</summary>
    private static bool TrySetBits(ref ulong entry, ulong seen, ulong bits) =>
        (seen & bits) == bits || Interlocked.CompareExchange(ref entry, seen | bits, seen) == seen;
}

/// <summary>Bits of the EFER register (SDM vol. 3, 2.2.1).</summary>
public static class Efer
{
    public const ulong SystemCall = 1 << 0;
    public const ulong LongModeEnable = 1 << 8;
    public const ulong LongModeActive = 1 << 10;
    public const ulong NoExecute = 1 << 11;
}
