// Pages of this kernel: a pool inside the image, which the builder mapped writable, and the two tables between
// guest frame numbers and machine frame numbers.

using Xenith.Guest.Pv.Interface;

namespace Xenith.Guest.Pv.Kernel;

static unsafe class Memory
{
    public const ulong PageSize = 4096;

    static ulong next;

    /// <summary>A zeroed page of the pool, or several in a row. Pages are never given back; the pool is large.</summary>
    public static ulong Allocate(ulong count = 1)
    {
        if (next == 0)
        {
            next = Native.PagePoolStart();
        }

        ulong page = next;
        next += count * PageSize;
        if (next > Native.PagePoolEnd())
        {
            Console.WriteLine("NOTE page pool exhausted");
            Power.Off(3);
        }

        Clear(page, count);
        return page;
    }

    /// <summary>Pages that are left in the pool.</summary>
    public static ulong Left => next == 0 ? 1 : (Native.PagePoolEnd() - next) / PageSize;

    /// <summary>A mark to which <see cref="Release"/> returns, for checks that leave their pages as they found them.</summary>
    public static ulong Mark() => next;

    public static void Release(ulong mark) => next = mark;

    public static void Clear(ulong page, ulong count = 1)
    {
        ulong* words = (ulong*)page;
        for (ulong i = 0; i < count * PageSize / 8; i++)
        {
            words[i] = 0;
        }
    }

    /// <summary>Guest frame number of an address in the range the builder mapped.</summary>
    public static ulong PfnOf(ulong address) => (address - Layout.VirtBase) / PageSize;

    public static ulong AddressOfPfn(ulong pfn) => Layout.VirtBase + pfn * PageSize;

    public static ulong MfnOfPfn(ulong pfn) => ((ulong*)Vcpu.Start->MfnList)[pfn];

    public static ulong MfnOf(ulong address) => MfnOfPfn(PfnOf(address));

    public static ulong MachineOf(ulong address) => MfnOf(address) * PageSize + (address & (PageSize - 1));

    public static ulong PfnOfMfn(ulong mfn) => ((ulong*)Layout.MachineToPhysical)[mfn];

    public static ulong AddressOfMfn(ulong mfn) => AddressOfPfn(PfnOfMfn(mfn));
}
