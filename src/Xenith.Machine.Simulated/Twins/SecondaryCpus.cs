// Start of further CPUs: a start-up interrupt makes a simulated CPU run the hypervisor's entry for it at once (LocalApic.Send).

using Xenith.Machine.Simulation;

namespace Xenith.Machine;

/// <summary>The CPUs that wait for a start-up interrupt while the first one boots.</summary>
public static class SecondaryCpus
{
    /// <summary>CPUs that there is room for, the first included.</summary>
    public const uint Most = 256;

    /// <summary>Pages of a CPU's block.</summary>
    public const int BlockPages = (int)(CpuBlock.Size / AddressSpace.PageSize);

    /// <summary>The page of a block that holds the CPU's descriptors.</summary>
    public static int DescriptorPage => (int)(CpuBlock.GdtPage / AddressSpace.PageSize);

    /// <summary>Address of a CPU's block.</summary>
    public static ulong BlockOf(uint cpu) => cpu == 0 ? AddressSpace.Image + ImageModel.BootCpuBlock : AddressSpace.CpuBlocks + cpu * CpuBlock.Size;

    /// <summary>True for the pages of a block that stay unmapped.</summary>
    public static bool IsGuardPage(int page)
    {
        foreach (byte guard in CpuBlock.GuardPages)
        {
            if (guard == page)
                return true;
        }
        return false;
    }

    /// <summary>Gives a CPU what it finds when it starts.</summary>
    public static void Prepare(uint cpu, object context, Mfn descriptors)
    {
        SimulatedCpu prepared = SimulatedCpu.Current.Machine.RecordOf(cpu);
        prepared.Context = context;
        prepared.Ledger = new Ledger();
        prepared.GdtPage = descriptors;
    }

    /// <summary>Gets ready for the start of one CPU: which it is, and the page that its start-up interrupt has to name.</summary>
    public static void Arm(uint cpu, Mfn page) => SimulatedCpu.Current.Machine.ArmedStart = (cpu, page);

    /// <summary>No CPU is to start now.</summary>
    public static void Disarm() => SimulatedCpu.Current.Machine.ArmedStart = null;
}
