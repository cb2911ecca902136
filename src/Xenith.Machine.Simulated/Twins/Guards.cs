// The guarded ways of a simulated CPU: what the hypervisor asked for is kept for tests to look at. Which root a guest runs on is the assembly's affair.

using Xenith.Machine.Simulation;

namespace Xenith.Machine;

/// <summary>The guarded ways in and out, for CPUs that speculate where they should not.</summary>
public static class Guards
{
    /// <summary>True once the guarded ways are in use.</summary>
    public static bool IsEnabled => SimulatedCpu.Current.Machine.GuardsEnabled;

    /// <summary>First byte of the code that a guest's own root must show. Page-aligned.</summary>
    public static ulong EntryStart => Image.TextEnd - 2 * AddressSpace.PageSize;

    /// <summary>End of that code. Page-aligned.</summary>
    public static ulong EntryEnd => Image.TextEnd;

    /// <summary>The page of the interrupt descriptor table.</summary>
    public static ulong IdtPage => Image.BssStart + 0x1_f000;

    /// <summary>First byte of the 64 KiB block of the CPU that runs this. Some of its pages are never mapped.</summary>
    public static ulong BlockStart => AddressSpace.Image + ImageModel.BootCpuBlock;

    /// <summary>Puts jumps to the guarded ways into the code.</summary>
    public static void Enable() => SimulatedCpu.Current.Machine.GuardsEnabled = true;

    /// <summary>What this CPU does, the value of IA32_SPEC_CTRL inside the hypervisor, and the root that its guests run on; an invalid frame for their real one.</summary>
    public static void ConfigureCpu(GuardKinds kinds, uint specCtrl, Mfn ownRoot)
    {
        SimulatedCpu self = SimulatedCpu.Current;
        (self.Guards, self.SpecCtrl, self.OwnRoot) = (kinds, specCtrl, ownRoot);
    }

    /// <summary>Whether the guest that is loaded on this CPU runs on the CPU's own root, if it has one.</summary>
    public static void Isolate(bool on) => SimulatedCpu.Current.IsGuestIsolated = on && !SimulatedCpu.Current.OwnRoot.IsInvalid;
}
