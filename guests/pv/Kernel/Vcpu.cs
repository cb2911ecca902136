// The pages that the hypervisor shares with this one vCPU. Until shared_info is mapped, Info points to a private stand-in
// so that early code can read the mask and cr2 without a test.

using Xenith.Guest.Pv.Interface;

namespace Xenith.Guest.Pv.Kernel;

static unsafe class Vcpu
{
    static VcpuInfo standIn;

    public static SharedInfo* Shared;
    public static VcpuInfo* Info;
    public static StartInfo* Start;
    public static EntryRegisters* Entry;

    public static void Initialise(StartInfo* start, EntryRegisters* entry)
    {
        Start = start;
        Entry = entry;
        fixed (VcpuInfo* info = &standIn) // in .bss, which does not move
        {
            Info = info;
        }
    }

    /// <summary>Maps shared_info over a page of the pool and uses it from then on. Returns the hypercall's result.</summary>
    public static long MapShared()
    {
        ulong page = Memory.Allocate();
        long result = PageTable.Map(page, Start->SharedInfo | Pte.KernelPage);
        if (result == 0)
        {
            Shared = (SharedInfo*)page;
            Info = &Shared->Vcpu0;
        }

        return result;
    }
}
