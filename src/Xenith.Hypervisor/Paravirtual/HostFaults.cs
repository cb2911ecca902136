using Xenith.Hypervisor.Power;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>Faults of the machine, not of the guest that happened to run: machine check, double fault. NMIs are in <see cref="Interrupts.NonMaskable"/>.</summary>
internal static class HostFaults
{
    /// <summary>A machine check: the hardware is broken, and which data are wrong is not known here.</summary>
    internal static void MachineCheck(Host host) => Panic.Now(host.Log, $"Machine check exception");

    /// <summary>A double fault while a guest ran: the hypervisor's own tables or stacks are broken.</summary>
    internal static void DoubleFault(Host host, ref GuestFrame frame) =>
        Panic.Now(host.Log, $"DOUBLE FAULT at {frame.Cs & 0xffff:x4}:{frame.Rip:x16}");
}
