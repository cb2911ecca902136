// Extents of 512 pages: whatever handles them page by page must not keep the CPU for as long as that takes, and must be whole at the end. The pages are
// exchanged for one extent, which is given back, taken again, and exchanged for single pages; lists that are wrong at their end have no effect.

using Xenith.Guest.Hostile.Kernel;
using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Hostile.Attacks;

static unsafe class Extents
{
    const ulong Pages = 512;
    const uint Order = 9;

    static ulong area;
    static ulong* singles;
    static ulong* extent;

    public static void Run() => Check.Run("extent", &All);

    static void All()
    {
        area = Memory.Allocate(Pages);
        singles = (ulong*)Memory.Allocate();
        extent = (ulong*)Memory.Allocate();
        for (ulong i = 0; i < Pages; i++)
        {
            singles[i] = Memory.MfnOf(area + i * Memory.PageSize);
            Check.Ok("unmap", PageTable.Map(area + i * Memory.PageSize, 0));
        }

        ulong pfn = Memory.PfnOf(area), last = singles[Pages - 1];
        *extent = pfn;
        singles[Pages - 1] = Memory.MfnOf((ulong)singles);
        Attack.Result("exchange of a last page in use", Reservation.Swap((ulong)singles, Pages, 0, (ulong)extent, 1, Order));
        singles[Pages - 1] = singles[0];
        Attack.Result("exchange of a page twice", Reservation.Swap((ulong)singles, Pages, 0, (ulong)extent, 1, Order));
        singles[Pages - 1] = last;
        Attack.Result("exchange for an extent", Reservation.Swap((ulong)singles, Pages, 0, (ulong)extent, 1, Order));
        Attack.Result("exchange again", Reservation.Swap((ulong)singles, Pages, 0, (ulong)extent, 1, Order));
        Attack.Result("give back", Reservation.Call(Reservation.Decrease, (ulong)extent, 1, Order));
        Attack.Result("give back again", Reservation.Call(Reservation.Decrease, (ulong)extent, 1, Order));
        *extent = pfn;
        Attack.Result("populate", Reservation.Call(Reservation.Populate, (ulong)extent, 1, Order));
        ulong other = 0;
        Attack.Result("increase", Reservation.Call(Reservation.Increase, (ulong)&other, 1, Order));
        Attack.Result("give back what was increased", Reservation.Call(Reservation.Decrease, (ulong)&other, 1, Order));
        for (ulong i = 0; i < Pages; i++)
        {
            singles[i] = pfn + i;
        }

        Attack.Result("exchange for pages", Reservation.Swap((ulong)extent, 1, Order, (ulong)singles, Pages, 0));
        ulong dirty = 0;
        for (ulong i = 0; i < Pages; i++)
        {
            ((ulong*)Vcpu.Start->MfnList)[pfn + i] = singles[i];
            Check.Ok("map", PageTable.MakeWritable(area + i * Memory.PageSize));
            dirty |= *(ulong*)(area + i * Memory.PageSize);
        }

        Attack.Value("what is in them", "", dirty);
        Memory.Clear(area, Pages);
    }
}
