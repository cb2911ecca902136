using System;
using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Scheduling;

namespace Xenith.Hypervisor.Boot;

/// <summary>Sets the scheduler up as the command line says, and tells which one it is in Xen's words, which tools look for.</summary>
internal static class SchedulerSetup
{
    /// <summary>
    /// Gives Credit its parameters. Another scheduler cannot be had: a line says that it could not be found, and Credit is used, as Xen does with its own default.
    /// </summary>
    internal static void Apply(ConsoleLog log, Host host, in HypervisorOptions options, ReadOnlySpan<byte> commandLine)
    {
        ReadOnlySpan<byte> wanted = default;
        foreach (Option option in new OptionEnumerator(commandLine))
        {
            if (option.Is("sched"u8) && OptionValues.TryText(option, out ReadOnlySpan<byte> name))
                wanted = name;
        }
        if (!wanted.IsEmpty && !wanted.SequenceEqual("credit"u8))
            log.Always($"Could not find scheduler: {wanted}");
        if (host.Scheduler is Credit credit && credit.SetParameters(options.CreditSliceMilliseconds, options.RateLimitMicroseconds, 0) != XenError.None)
            log.Warning($"sched_ratelimit_us is above sched_credit_tslice_ms: the defaults are used");
        log.Always($"Using scheduler: {host.Scheduler.Name} ({host.Scheduler.OptionName})");
    }
}
