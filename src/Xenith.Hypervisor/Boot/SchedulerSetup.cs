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
        if (host.Scheduler is Credit credit)
            SetParameters(log, credit, options.CreditTimeSlice, options.RateLimit, options.MigrationDelay);
        log.Always($"Using scheduler: {host.Scheduler.Name} ({host.Scheduler.OptionName})");
    }

    private static void SetParameters(ConsoleLog log, Credit credit, uint slice, uint rateLimit, uint migrationDelay)
    {
        if (slice is < Credit.ShortestSlice or > Credit.LongestSlice)
        {
            log.Always($"WARNING: sched_credit_tslice_ms={slice} is outside of {Credit.ShortestSlice} to {Credit.LongestSlice}: {credit.SliceMilliseconds} is used");
            slice = credit.SliceMilliseconds;
        }
        if (credit.SetParameters(slice, rateLimit, migrationDelay) == XenError.None)
            return;
        log.Always($"WARNING: sched_ratelimit_us={rateLimit} or vcpu_migration_delay={migrationDelay} does not go with a slice of {slice} ms: the defaults are used");
        uint limit = slice * 1000 < credit.RateLimitMicroseconds ? slice * 1000 : credit.RateLimitMicroseconds;
        credit.SetParameters(slice, limit, 0);
    }
}
