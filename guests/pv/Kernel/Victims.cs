// Domains that the hypervisor makes to end them by traps of its own (src/Xenith.Hypervisor/Domains/FaultVictims.cs): asked for one after the other, each family of calls with a trap at its first point, at its
// second, and so on, until one makes its calls to their end. Only a hypervisor that was built with its own checks knows the calls.

using Xenith.Guest.Pv.Interface;

namespace Xenith.Guest.Pv.Kernel;

static unsafe class Victims
{
    const ulong Begin = 0x5e1f0040, Poll = 0x5e1f0041;

    public static void Run()
    {
        ulong* progress = (ulong*)Memory.Allocate();
        ulong families = 0, traps = 0, wrong = 0;
        while (TryFamily(CommandLine.FirstFamily + families, progress, ref traps, ref wrong))
        {
            families++;
        }

        Console.Put("NOTE victims: ");
        Console.PutDecimal(families);
        Console.Put(" families, ");
        Console.PutDecimal(traps);
        Console.Put(" traps, ");
        Console.PutDecimal(wrong);
        Console.Put(" wrong");
        Console.EndLine();
    }

    /// <summary>False if there is no such family.</summary>
    static bool TryFamily(ulong family, ulong* progress, ref ulong traps, ref ulong wrong)
    {
        for (ulong point = 1; ; point++)
        {
            if (Hypercall.Call(Begin, family, point, (ulong)progress) != 0)
            {
                return false;
            }

            long result;
            while ((result = Hypercall.Call(Poll, (ulong)progress)) == 1)
            {
                Hypercall.SchedYield();
            }

            if (result < 0)
            {
                wrong++;
            }

            if (result != 2)
            {
                return true;
            }

            traps++;
        }
    }

    /// <summary>Maps a page at address 0, where a null reference of the hypervisor's would lead.</summary>
    public static void MapPageZero()
    {
        ulong page = Memory.Allocate(), l1 = Memory.Allocate(), l2 = Memory.Allocate(), l3 = Memory.Allocate();
        *(ulong*)l1 = Pte.Frame(Memory.MfnOf(page), Pte.KernelPage);
        *(ulong*)l2 = Pte.Frame(Memory.MfnOf(l1), Pte.Table);
        *(ulong*)l3 = Pte.Frame(Memory.MfnOf(l2), Pte.Table);
        PageTable.MakeReadOnly(l1);
        PageTable.MakeReadOnly(l2);
        PageTable.MakeReadOnly(l3);
        long result = Mmu.Update(Memory.MachineOf(Vcpu.Start->PtBase), Pte.Frame(Memory.MfnOf(l3), Pte.Table));
        const ulong mark = 0x5a5a5a5a5a5a5a5a;
        ((ulong*)page)[8] = mark;
        bool reads = result == 0 && Probe.TryRead(64, out ulong seen) && seen == mark;
        Console.WriteLine(reads ? "NOTE page 0 is mapped" : "NOTE page 0 is not mapped");
    }
}
