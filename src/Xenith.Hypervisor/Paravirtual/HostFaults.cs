using Xenith.Hypervisor.Power;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>Faults of the machine, not of the guest that happened to run: NMI, machine check, double fault.</summary>
internal static class HostFaults
{
    private const ushort SystemControl = 0x61;
    private const byte ParityError = 0x80, ChannelCheck = 0x40;

    /// <summary>An NMI. Port 0x61 says whether memory or an I/O card raised it; one without a cause is counted as spurious.</summary>
    internal static void Nmi(Host host)
    {
        byte reason = Port.In8(SystemControl);
        if ((reason & ParityError) != 0)
            host.Log.Error($"NMI - PCI system error (SERR)");
        else if ((reason & ChannelCheck) != 0)
            host.Log.Error($"NMI - I/O ERROR");
        else
            host.Log.Warning($"Uhhuh. NMI received for unknown reason {reason:x2}.");
    }

    /// <summary>A machine check: the hardware is broken, and which data are wrong is not known here.</summary>
    internal static void MachineCheck(Host host) => Panic.Now(host.Log, $"Machine check exception");

    /// <summary>A double fault while a guest ran: the hypervisor's own tables or stacks are broken.</summary>
    internal static void DoubleFault(Host host, ref GuestFrame frame) =>
        Panic.Now(host.Log, $"DOUBLE FAULT at {frame.Cs & 0xffff:x4}:{frame.Rip:x16}");
}
