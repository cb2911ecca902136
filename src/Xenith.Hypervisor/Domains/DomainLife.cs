using Xenith.Abi;
using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Power;
using Xenith.Machine;

namespace Xenith.Hypervisor.Domains;

/// <summary>The end of a domain: at its own request, or because it crashed. dom0's end is the host's.</summary>
internal static partial class DomainLife
{
    /// <summary>SHUTDOWN_* (public/sched.h).</summary>
    internal const uint PowerOff = 0, Reboot = 1, Suspend = 2, CrashReason = 3, Watchdog = 4;

    /// <summary>The domain does not run again; the reason is kept for the toolstack.</summary>
    internal static void Shutdown(Domain domain, uint reason)
    {
        if (domain.IsShutDown)
            return;
        domain.ShutdownReason = reason;
        domain.IsShutDown = true;
        StopVcpus(domain);
        if (domain.Id == 0)
            EndHost(Host.Current.Log, reason);
        else
            Host.Current.EventBindings.Raise(Host.Current, (uint)Virq.DomainException);
    }

    /// <summary>The domain has done something that it cannot be let go on after.</summary>
    internal static void Crash(Domain domain)
    {
        if (domain.IsShutDown)
            return;
        Host.Current.Log.Always($"domain_crash called for domain {domain.Id}");
        Shutdown(domain, CrashReason);
    }

    /// <summary>Takes all vCPUs of a domain that is shut down off their CPUs, wherever they run, and out of the queues.</summary>
    private static void StopVcpus(Domain domain)
    {
        System.Threading.Interlocked.MemoryBarrier();
        for (int i = 0; i < domain.Vcpus.Length; i++)
        {
            if (domain.Vcpus[i] is Vcpu vcpu)
                vcpu.Scheduling.Stop();
        }
    }

    private static void EndHost(ConsoleLog log, uint reason)
    {
        switch (reason)
        {
            case PowerOff:
                log.Always($"Hardware Dom0 halted: halting machine");
                log.SendAll();
                MachineControl.Halt();
                break;
            case CrashReason:
                EndCrashed(log);
                break;
            case Reboot:
                log.Always($"Hardware Dom0 shutdown: rebooting machine");
                log.SendAll();
                MachineControl.Reboot(log.Restart);
                break;
            case Watchdog:
                log.Always($"Hardware Dom0 shutdown: watchdog rebooting machine");
                log.SendAll();
                MachineControl.Reboot(log.Restart);
                break;
            default:
                log.Always($"Hardware Dom0 shutdown: unknown reason {reason}: rebooting machine");
                log.SendAll();
                MachineControl.Reboot(log.Restart);
                break;
        }
    }

    private static void EndCrashed(ConsoleLog log)
    {
        if (log.Restart.NoReboot)
        {
            log.Always($"Hardware Dom0 crashed: 'noreboot' set - not rebooting.");
            log.SendAll();
            MachineControl.Halt();
        }
        log.Always($"Hardware Dom0 crashed: rebooting machine in 5 seconds.");
        log.SendAll();
        log.Restart.WaitFiveSeconds();
        MachineControl.Reboot(log.Restart);
    }
}
