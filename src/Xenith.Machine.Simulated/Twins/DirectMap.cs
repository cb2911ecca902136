// The direct map of the machine whose CPU runs this: offsets into its RAM.

using Xenith.Machine.Simulation;

namespace Xenith.Machine;

internal static unsafe class DirectMap
{
    /// <summary>End of the machine addresses that are mapped now; never beyond the RAM.</summary>
    internal static ulong End
    {
        get => SimulatedCpu.Current.Machine.DirectMapEnd;
        set => SimulatedCpu.Current.Machine.DirectMapEnd = value;
    }

    internal static byte* At(Mfn frame)
    {
        SimulatedMachine machine = SimulatedCpu.Current.Machine;
        if (frame.Value >= machine.DirectMapEnd >> AddressSpace.PageShift)
            throw new BusError(frame.Address);
        return machine.Memory.Pointer(frame.Address, AddressSpace.PageSize);
    }

    internal static byte* Pointer(ulong address) => SimulatedCpu.Current.Machine.Memory.Pointer(address, 0);
}
