using System.Runtime;
using System.Threading;
using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Power;
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
        if (cpu.Watchdog is { IsAccused: true })
            Stuck(cpu, ref frame);
        cpu.HasUnknownNmi = true;
        PerCpu.RaiseWork(PendingWork.Deferred);
    }

    /// <summary>Another CPU found that this one does not get on: it tells where it is, and that is the end. What it holds does not matter any more.</summary>
    private static void Stuck(Pcpu cpu, ref GuestFrame frame)
    {
        ConsoleLog log = cpu.Host.Log;
        if (!Panic.Begin(log))
            return;
        log.Always($"Watchdog timer detects that CPU{cpu.Id} is stuck!");
        Containment.Report(log, ref frame, Cpu.PageFaultAddress);
        Panic.End(log, $"FATAL TRAP: vector = 2 (nmi)");
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
