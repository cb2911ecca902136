// memory_op on lists of frames (public memory.h, xen_memory_reservation and xen_memory_exchange).

using System.Runtime.InteropServices;
using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Hostile.Kernel;

[StructLayout(LayoutKind.Explicit, Size = 32)]
unsafe struct Reservation
{
    public const ulong Increase = 0, Decrease = 1, Populate = 6, Exchange = 11;

    [FieldOffset(0)] public ulong Extents;
    [FieldOffset(8)] public ulong Count;
    [FieldOffset(16)] public uint Order;
    [FieldOffset(20)] public uint Flags;
    [FieldOffset(24)] public ushort Domain;

    public static long Call(ulong command, ulong extents, ulong count, uint order, ulong domain = Domid.Self, uint flags = 0)
    {
        Reservation reservation = default;
        reservation.Extents = extents;
        reservation.Count = count;
        reservation.Order = order;
        reservation.Flags = flags;
        reservation.Domain = (ushort)domain;
        return Hypercall.MemoryOp(command, &reservation);
    }

    /// <summary>decrease_reservation of one frame.</summary>
    public static long GiveBack(ulong mfn) => Call(Decrease, (ulong)&mfn, 1, 0);

    /// <summary>exchange of lists of equal total size.</summary>
    public static long Swap(ulong input, ulong inputCount, uint inputOrder, ulong output, ulong outputCount, uint outputOrder, ulong done = 0)
    {
        ulong* exchange = stackalloc ulong[9];
        for (int i = 0; i < 9; i++)
        {
            exchange[i] = 0;
        }

        Reservation* from = (Reservation*)exchange, to = from + 1;
        from->Extents = input;
        from->Count = inputCount;
        from->Order = inputOrder;
        from->Domain = (ushort)Domid.Self;
        to->Extents = output;
        to->Count = outputCount;
        to->Order = outputOrder;
        to->Domain = (ushort)Domid.Self;
        exchange[8] = done;
        return Hypercall.MemoryOp(Exchange, exchange);
    }
}
