using System.Runtime.CompilerServices;
using Xenith.Hypervisor.Console;
using Xenith.Machine;

namespace Xenith.Hypervisor.Power;

/// <summary>The end of the host: something the hypervisor cannot go on after. The lines are those that people know from Xen.</summary>
internal static class Panic
{
    /// <summary>Prints why, and restarts the machine, or stops if it was started with `noreboot`. Does not return.</summary>
    internal static void Now(ConsoleLog log, LogText reason)
    {
        if (Begin(log))
            End(log, reason);
        else
            Reenter(log);
    }

    /// <summary>From now on this CPU is the only one, and prints whatever is held: for what is to be said before <see cref="End"/>. False if it panics already.</summary>
    internal static bool Begin(ConsoleLog log)
    {
        Cpu.DisableInterrupts();
        OtherCpus.Stop();
        return log.BeginEmergency();
    }

    /// <summary>Prints why, and restarts the machine or stops. Does not return.</summary>
    internal static void End(ConsoleLog log, LogText reason)
    {
        Head(log);
        log.Always(reason);
        Tail(log);
        Restart(log);
    }

    /// <summary>The same for a page fault of the hypervisor, whose address is worth a line.</summary>
    internal static void OnPageFault(ConsoleLog log, ulong error, ulong address)
    {
        if (!Begin(log))
        {
            Reenter(log);
            return;
        }
        Head(log);
        PageFault(log, error, address);
        Tail(log);
        Restart(log);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void PageFault(ConsoleLog log, ulong error, ulong address)
    {
        log.Always($"FATAL PAGE FAULT");
        log.Always($"[error_code={error:x4}]");
        log.Always($"Faulting linear address: {address:x16}");
    }

    // Each in a method of its own: a line takes half a kilobyte of a stack that may have only one page.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Head(ConsoleLog log)
    {
        log.Always($"");
        log.Always($"****************************************");
        log.Always($"Panic on CPU {PerCpu.Id}:");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Tail(ConsoleLog log)
    {
        log.Always($"****************************************");
        log.Always($"");
    }

    /// <summary>This CPU panics while it panics: it is too broken to say more.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Reenter(ConsoleLog log)
    {
        log.Always($"Reentered the crash path.  Something is very broken");
        MachineControl.Reboot(log.Restart);
    }

    /// <summary>Restarts the machine in five seconds or stops, as the command line says.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Restart(ConsoleLog log)
    {
        if (log.Restart.NoReboot)
        {
            log.Always($"Manual reset required ('noreboot' specified)");
            MachineControl.Halt();
        }
        log.Always($"Reboot in five seconds...");
        log.Restart.WaitFiveSeconds();
        MachineControl.Reboot(log.Restart);
    }
}
