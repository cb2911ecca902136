using System.Numerics;
using System.Runtime;
using System.Threading;
using Xenith.Abi;
using Xenith.Hypervisor.Boot;
using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Hypercalls;
using Xenith.Hypervisor.Power;
using Xenith.Machine;

namespace Xenith.Hypervisor.Interrupts;

/// <summary>
/// NMIs. They come in the middle of anything, also with interrupts off and with locks held, so what is done at once takes no lock and cannot trap; what can wait is noted for the way out.
/// </summary>
internal static class NonMaskable
{
    private const ushort SystemControl = 0x61;

    /// <summary>arch.nmi_reason in struct shared_info (public/arch-x86/xen.h).</summary>
    private const uint NmiReasonOffset = 3104;

    private const byte ParityError = 0x80, ChannelCheck = 0x40, DisableParity = 4, DisableChannel = 8;

    [RuntimeExport("hv_nmi")]
    internal static void Handle(ref GuestFrame frame)
    {
        if (PerCpu.Context<object>() is not Pcpu cpu)
            return;
        cpu.Nmis++;
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

    /// <summary>
    /// Says what an NMI was about that came from outside. Port 0x61 says whether memory or an I/O card raised it; its bits 2 and 3 switch the cause off and, the second for a while only, acknowledge it. What becomes
    /// of it is the option nmi: dom0's kernel gets it, with the reason in shared_info, nobody does, or the host ends.
    /// </summary>
    internal static void Report(Pcpu cpu)
    {
        if (!cpu.HasUnknownNmi)
            return;
        cpu.HasUnknownNmi = false;
        byte reason = Port.In8(SystemControl);
        Host host = cpu.Host;
        NmiOption choice = host.Platform.Options.Nmi;
        if ((reason & ParityError) != 0)
        {
            Port.Out8(SystemControl, (byte)(reason & 15 | DisableParity));
            Route(host, choice, NmiReason.PciSerr, $"NMI - PCI system error (SERR)");
        }
        else if ((reason & ChannelCheck) != 0)
        {
            Route(host, choice, NmiReason.IoError, $"NMI - I/O ERROR");
            Port.Out8(SystemControl, (byte)(reason & 15 | DisableChannel));
            Port.Out8(SystemControl, (byte)(reason & 7));
        }
        else
            Route(host, choice, NmiReason.Unknown, $"Uhhuh. NMI received for unknown reason {reason:x2}.");
    }

    private static void Route(Host host, NmiOption choice, NmiReason reason, LogText what)
    {
        if (choice == NmiOption.Ignore)
            return;
        if (choice == NmiOption.Fatal)
        {
            Panic.Now(host.Log, $"FATAL TRAP: NMI: {what.Text}");
            return;
        }
        host.Log.Warning($"{what.Text}");
        if (host.Domains.Find(0) is not Domain dom0 || dom0.Vcpus[0] is not Vcpu first)
            return;
        dom0.SharedInfo.TestAndSetBit(NmiReasonOffset, (uint)BitOperations.TrailingZeroCount((ulong)reason));
        VcpuStart.SendNmi(first);
    }
}
