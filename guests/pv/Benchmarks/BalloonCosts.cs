// Costs of the balloon: pages given back to the hypervisor (decrease_reservation) and asked for again (populate_physmap). They are mapped nowhere.

using System.Runtime.InteropServices;
using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Pv.Benchmarks;

static unsafe class BalloonCosts
{
    const ulong Decrease = 1, Populate = 6;
    const int Most = 32;

    /// <summary>xen_memory_reservation.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 32)]
    struct Reservation
    {
        [FieldOffset(0)] public ulong Extents;
        [FieldOffset(8)] public ulong Count;
        [FieldOffset(24)] public ushort Domain;
    }

    public static void Run()
    {
        ulong pages = Memory.Allocate(Most);
        for (ulong i = 0; i < Most; i++)
        {
            Check.Ok("unmap", Hypercall.Call(Number.UpdateVaMapping, pages + i * 4096, 0, UpdateFlags.InvlpgLocal));
        }

        Measure(pages, 1, "balloon_down_1", "balloon_up_1");
        Measure(pages, Most, "balloon_down_32", "balloon_up_32");
        for (ulong i = 0; i < Most; i++)
        {
            Check.Ok("map", PageTable.MakeWritable(pages + i * 4096));
        }
    }

    static void Measure(ulong pages, int count, string downName, string upName)
    {
        ulong* frames = stackalloc ulong[Most];
        for (int i = 0; i < count; i++)
        {
            frames[i] = Memory.MfnOf(pages + (ulong)i * 4096);
        }

        // Between two that count there is one more call, with two stamps of its own.
        Meter.Begin(2);
        for (int i = 0; i < Meter.Repeats + Meter.WarmUp; i++)
        {
            Meter.Add(Down(frames, count));
            Up(pages, frames, count);
        }

        Meter.End(downName);
        Meter.Begin(2);
        for (int i = 0; i < Meter.Repeats + Meter.WarmUp; i++)
        {
            Down(frames, count);
            Meter.Add(Up(pages, frames, count));
        }

        Meter.End(upName);
        for (int i = 0; i < count; i++)
        {
            ((ulong*)Vcpu.Start->MfnList)[Memory.PfnOf(pages) + (ulong)i] = frames[i];
        }
    }

    static ulong Down(ulong* frames, int count) => Call(Decrease, frames, count);

    /// <summary>The list goes in with the guest's frame numbers and comes back with machine frames.</summary>
    static ulong Up(ulong pages, ulong* frames, int count)
    {
        for (int i = 0; i < count; i++)
        {
            frames[i] = Memory.PfnOf(pages) + (ulong)i;
        }

        return Call(Populate, frames, count);
    }

    static ulong Call(ulong command, ulong* frames, int count)
    {
        Reservation reservation = default;
        reservation.Extents = (ulong)frames;
        reservation.Count = (ulong)count;
        reservation.Domain = (ushort)Domid.Self;
        return Meter.Call(count, Number.MemoryOp, command, (ulong)&reservation);
    }
}
