using System.Runtime;
using System.Threading;
using Xenith.Machine;

namespace Xenith.Hypervisor.Interrupts;

/// <summary>
/// NMIs. They come in the middle of anything, also with interrupts off and with locks held, so what is done at once takes no lock and cannot trap; what can wait is noted for the way out.
/// </summary>
internal static class NonMaskable
{
    private const ushort SystemControl = 0x61;
    private const byte ParityError = 0x80, ChannelCheck = 0x40;

    [RuntimeExport("hv_nmi")]
    internal static void Handle(ref GuestFrame frame)
    {
        if (PerCpu.Context<object>() is not Pcpu cpu)
            return;
        Host host = cpu.Host;
        if (Volatile.Read(ref host.EndingCpu) != 0)
        {
            Interlocked.Increment(ref host.StoppedCpus);
            Cpu.Stop();
        }
        cpu.HasUnknownNmi = true;
        PerCpu.RaiseWork(PendingWork.Deferred);
    }

    /// <summary>Says what an NMI was about that came from outside. Port 0x61 says whether memory or an I/O card raised it; one without a cause is counted as spurious.</summary>
    internal static void Report(Pcpu cpu)
    {
        if (!cpu.HasUnknownNmi)
            return;
        cpu.HasUnknownNmi = false;
        byte reason = Port.In8(SystemControl);
        if ((reason & ParityError) != 0)
            cpu.Host.Log.Error($"NMI - PCI system error (SERR)");
        else if ((reason & ChannelCheck) != 0)
            cpu.Host.Log.Error($"NMI - I/O ERROR");
        else
            cpu.Host.Log.Warning($"Uhhuh. NMI received for unknown reason {reason:x2}.");
    }
}
