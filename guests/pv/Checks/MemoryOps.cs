// memory_op: sizes, memory maps, giving frames back and getting others, exchange for contiguous ones.

using System.Runtime.InteropServices;
using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Pv.Checks;

static unsafe class MemoryOps
{
    const ulong Increase = 0, Decrease = 1, MaximumRamPage = 2, CurrentReservation = 3, MaximumReservation = 4, Populate = 6;
    const ulong MemoryMap = 9, MachineMemoryMap = 10, Exchange = 11, MaximumGpfn = 14;

    /// <summary>xen_memory_reservation.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 32)]
    struct Reservation
    {
        [FieldOffset(0)] public ulong Extents;
        [FieldOffset(8)] public ulong Count;
        [FieldOffset(16)] public uint Order;
        [FieldOffset(20)] public uint Flags;
        [FieldOffset(24)] public ushort Domain;
    }

    public static void Run()
    {
        Check.Run("memory.reservations", &Reservations);
        Check.Run("memory.maps", &Maps);
        Check.Run("memory.decrease_and_populate", &DecreaseAndPopulate);
        Check.Run("memory.decrease_errors", &DecreaseErrors);
        Check.Run("memory.decrease_in_use", &DecreaseInUse);
        Check.Run("memory.populate_errors", &PopulateErrors);
        Check.Run("memory.exchange", &ExchangeFrames);
        Check.Run("memory.increase", &IncreaseReservation);
    }

    static long Reserve(ulong command, ulong* extents, ulong count, uint order, ulong domain = Domid.Self)
    {
        Reservation reservation = default;
        reservation.Extents = (ulong)extents;
        reservation.Count = count;
        reservation.Order = order;
        reservation.Domain = (ushort)domain;
        return Hypercall.MemoryOp(command, &reservation);
    }

    static void Reservations()
    {
        ulong domain = Domid.Self;
        Check.Result("current_reservation", (long)Vcpu.Start->NrPages, Hypercall.MemoryOp(CurrentReservation, &domain));
        Check.True("maximum_reservation is no less", Hypercall.MemoryOp(MaximumReservation, &domain) >= (long)Vcpu.Start->NrPages);
        Check.Value("maximum_reservation", (ulong)Hypercall.MemoryOp(MaximumReservation, &domain));
        Check.True("maximum_ram_page", Hypercall.MemoryOp(MaximumRamPage, null) >= (long)Vcpu.Start->NrPages);
        Check.Ok("maximum_gpfn", Hypercall.MemoryOp(MaximumGpfn, &domain));
        domain = 5;
        Check.Result("of an absent domain", -ErrorNumber.Esrch, Hypercall.MemoryOp(CurrentReservation, &domain));
        Check.Result("argument unmapped", -ErrorNumber.Efault, Hypercall.MemoryOp(CurrentReservation, (void*)0x12345000));
    }

    /// <summary>xen_memory_map: count, list; an entry is 20 bytes: address, size, type.</summary>
    static void Maps()
    {
        byte* entries = stackalloc byte[20 * 32];
        ulong* map = stackalloc ulong[2];
        map[0] = 32;
        map[1] = (ulong)entries;
        Check.Result("memory_map of dom0", -ErrorNumber.Enosys, Hypercall.MemoryOp(MemoryMap, map));
        map[0] = 32;
        Check.Ok("machine_memory_map", Hypercall.MemoryOp(MachineMemoryMap, map));
        ulong count = (uint)map[0];
        Check.True("some entries", count is > 2 and <= 32);
        Check.Equal("the first begins at 0", 0, *(ulong*)entries);
        Check.Equal("the first is RAM", 1, *(uint*)(entries + 16));
        ulong ram = 0, disorder = 0;
        for (ulong i = 0; i < count; i++)
        {
            ram += *(uint*)(entries + i * 20 + 16) == 1 ? *(ulong*)(entries + i * 20 + 8) : 0;
            disorder += i > 0 && *(ulong*)(entries + i * 20) < *(ulong*)(entries + i * 20 - 20) ? 1ul : 0;
        }

        Check.Equal("entries out of order", 0, disorder);
        Check.True("RAM for this domain", ram >= Vcpu.Start->NrPages * 4096);
        map[0] = 1;
        Check.Result("a list too short", -ErrorNumber.Einval, Hypercall.MemoryOp(MachineMemoryMap, map));
    }

    /// <summary>As a balloon does: unmap, give back, ask again, map.</summary>
    static void DecreaseAndPopulate()
    {
        ulong page = Memory.Allocate();
        ulong pfn = Memory.PfnOf(page), mfn = Memory.MfnOf(page);
        ulong domain = Domid.Self;
        long before = Hypercall.MemoryOp(CurrentReservation, &domain);
        Check.Ok("unmap", Hypercall.Call(Number.UpdateVaMapping, page, 0, UpdateFlags.InvlpgLocal));
        ulong extent = mfn;
        Check.Result("decrease_reservation", 1, Reserve(Decrease, &extent, 1, 0));
        Check.Result("reservation", before - 1, Hypercall.MemoryOp(CurrentReservation, &domain));
        Check.Result("map the frame that was given back", -ErrorNumber.Ebusy, PageTable.Map(page, Pte.Frame(mfn, Pte.KernelPage)));
        ((ulong*)Vcpu.Start->MfnList)[pfn] = ~0ul;
        extent = pfn;
        Check.Result("populate_physmap", 1, Reserve(Populate, &extent, 1, 0));
        Check.Result("reservation", before, Hypercall.MemoryOp(CurrentReservation, &domain));
        Check.Equal("m2p of the new frame", pfn, Memory.PfnOfMfn(extent));
        ((ulong*)Vcpu.Start->MfnList)[pfn] = extent;
        Check.Ok("map it", PageTable.Map(page, Pte.Frame(extent, Pte.KernelPage)));
        *(ulong*)page = 1;
        Check.Equal("it is memory", 1, *(ulong*)page);
    }

    static void DecreaseErrors()
    {
        ulong extent = 0xfffffffff;
        Check.Ok("a bad frame", Reserve(Decrease, &extent, 1, 0));
        extent = 0xfee00;
        Check.Ok("a device's frame", Reserve(Decrease, &extent, 1, 0));
        Check.Ok("none", Reserve(Decrease, &extent, 0, 0));
        Check.Ok("list unmapped", Reserve(Decrease, (ulong*)0x12345000, 1, 0));
        Check.Ok("order 30", Reserve(Decrease, &extent, 1, 30));
        Check.Ok("for an absent domain", Reserve(Decrease, &extent, 1, 0, 5));
        ulong* two = stackalloc ulong[2];
        ulong page = Memory.Allocate();
        Check.Ok("unmap", Hypercall.Call(Number.UpdateVaMapping, page, 0, UpdateFlags.InvlpgLocal));
        two[0] = Memory.MfnOf(page);
        two[1] = 0xfffffffff;
        Check.Result("the second is bad", 0x1, Reserve(Decrease, two, 2, 0));
        ulong pfn = Memory.PfnOf(page);
        Check.Result("populate_physmap", 1, Reserve(Populate, &pfn, 1, 0));
        ((ulong*)Vcpu.Start->MfnList)[Memory.PfnOf(page)] = pfn;
        Check.Ok("map it", PageTable.MakeWritable(page));
    }

    /// <summary>A frame that is still mapped leaves the domain's hands only when the mapping goes.</summary>
    static void DecreaseInUse()
    {
        ulong page = Memory.Allocate();
        ulong pfn = Memory.PfnOf(page), mfn = Memory.MfnOf(page);
        *(ulong*)page = 0x1234;
        ulong domain = Domid.Self;
        long before = Hypercall.MemoryOp(CurrentReservation, &domain);
        ulong extent = mfn;
        Check.Result("decrease_reservation of a mapped page", 0x1, Reserve(Decrease, &extent, 1, 0));
        Check.Ok("reservation, change", before - Hypercall.MemoryOp(CurrentReservation, &domain));
        Check.Equal("still readable", 0x1234, *(ulong*)page);
        Check.Ok("unmap", Hypercall.Call(Number.UpdateVaMapping, page, 0, UpdateFlags.InvlpgLocal));
        Check.Result("reservation then, change", 0x1, before - Hypercall.MemoryOp(CurrentReservation, &domain));
        extent = pfn;
        Check.Result("populate_physmap", 1, Reserve(Populate, &extent, 1, 0));
        ((ulong*)Vcpu.Start->MfnList)[pfn] = extent;
        Check.Ok("map it", PageTable.MakeWritable(page));
    }

    static void PopulateErrors()
    {
        ulong extent = 0;
        Check.Ok("none", Reserve(Populate, &extent, 0, 0));
        Check.Ok("list unmapped", Reserve(Populate, (ulong*)0x12345000, 1, 0));
        Check.Ok("order 30", Reserve(Populate, &extent, 1, 30));
        Check.Ok("for an absent domain", Reserve(Populate, &extent, 1, 0, 5));
    }

    /// <summary>Two single frames for one extent of order 1.</summary>
    static void ExchangeFrames()
    {
        ulong page = Memory.Allocate(2);
        ulong* input = stackalloc ulong[2];
        ulong output = Memory.PfnOf(page);
        for (ulong i = 0; i < 2; i++)
        {
            input[i] = Memory.MfnOf(page + i * 4096);
            Check.Ok("unmap", Hypercall.Call(Number.UpdateVaMapping, page + i * 4096, 0, UpdateFlags.InvlpgLocal));
        }

        byte* exchange = stackalloc byte[72];
        for (int i = 0; i < 72; i++)
        {
            exchange[i] = 0;
        }

        Reservation* from = (Reservation*)exchange, to = (Reservation*)(exchange + 32);
        from->Extents = (ulong)input;
        from->Count = 2;
        from->Domain = (ushort)Domid.Self;
        to->Extents = (ulong)&output;
        to->Count = 1;
        to->Order = 1;
        to->Domain = (ushort)Domid.Self;
        Check.Ok("exchange", Hypercall.MemoryOp(Exchange, exchange));
        Check.Equal("done", 2, *(ulong*)(exchange + 64));
        Check.Equal("aligned", 0, output & 1);
        for (ulong i = 0; i < 2; i++)
        {
            ulong pfn = Memory.PfnOf(page) + i;
            ((ulong*)Vcpu.Start->MfnList)[pfn] = output + i;
            Check.Equal("m2p", pfn, Memory.PfnOfMfn(output + i));
            Check.Ok("map", PageTable.MakeWritable(page + i * 4096));
            *(ulong*)(page + i * 4096) = i;
        }

        Check.Equal("memory", 1, *(ulong*)(page + 4096));
        from->Count = 3;
        *(ulong*)(exchange + 64) = 0;
        Check.Result("sizes that do not match", -ErrorNumber.Einval, Hypercall.MemoryOp(Exchange, exchange));
        from->Count = 2;
        input[0] = 0xfffffffff;
        Check.Result("a bad frame", -ErrorNumber.Einval, Hypercall.MemoryOp(Exchange, exchange));
    }

    static void IncreaseReservation()
    {
        ulong extent = 0;
        Check.Result("increase_reservation", 1, Reserve(Increase, &extent, 1, 0));
        ulong window = Memory.Allocate();
        ulong own = Memory.MfnOf(window);
        Check.Ok("map the new frame", PageTable.Map(window, Pte.Frame(extent, Pte.KernelPage)));
        *(ulong*)window = 7;
        Check.Equal("it is memory", 7, *(ulong*)window);
        Check.Ok("window back", PageTable.Map(window, Pte.Frame(own, Pte.KernelPage)));
        Check.Result("decrease_reservation", 1, Reserve(Decrease, &extent, 1, 0));
    }
}
