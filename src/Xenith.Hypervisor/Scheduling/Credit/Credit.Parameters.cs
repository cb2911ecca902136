using System.Threading;
using Xenith.Hypervisor.Console;

namespace Xenith.Hypervisor.Scheduling;

/// <summary>Parameters of Credit, with Xen's defaults and ranges (public/sysctl.h, xen_sysctl_credit_schedule), and its part of debug key 'r'.</summary>
public sealed partial class Credit
{
    /// <summary>Weight of a domain that nobody has set one for.</summary>
    public const uint DefaultWeight = 256;

    /// <summary>Range of the time slice in milliseconds.</summary>
    public const uint ShortestSlice = 1, LongestSlice = 1000;

    /// <summary>Range of the rate limit in microseconds, if it is not 0.</summary>
    public const uint ShortestRateLimit = 100, LongestRateLimit = 500_000;

    /// <summary>Longest migration delay in microseconds.</summary>
    public const uint LongestMigrationDelay = 100_000;

    private const uint HighestWeight = 65535, TicksPerSlice = 3, NanosecondsPerCredit = 100_000;

    private ulong _slice = 30 * Millisecond;
    private ulong _rateLimit = 1000 * Microsecond;
    private ulong _migrationDelay;

    /// <summary>How long a unit runs before others of its priority: 1 to 1000 ms, 30 by default. Credits are dealt out as often.</summary>
    public uint SliceMilliseconds => (uint)(_slice / Millisecond);

    /// <summary>How long a unit runs at least before another takes its place: 100 to 500,000 microseconds, 1000 by default; 0 for no limit.</summary>
    public uint RateLimitMicroseconds => (uint)(_rateLimit / Microsecond);

    /// <summary>How long other CPUs leave a unit alone that has just run, since its memory is still in a cache: up to 100,000 microseconds, 0 by default.</summary>
    public uint MigrationDelayMicroseconds => (uint)(_migrationDelay / Microsecond);

    /// <summary>Sets all three. <see cref="XenError.Invalid"/> if one is out of range, or the rate limit above the slice; nothing has changed then.</summary>
    public XenError SetParameters(uint sliceMilliseconds, uint rateLimitMicroseconds, uint migrationDelayMicroseconds)
    {
        bool valid = sliceMilliseconds is >= ShortestSlice and <= LongestSlice
            && rateLimitMicroseconds is 0 or (>= ShortestRateLimit and <= LongestRateLimit)
            && migrationDelayMicroseconds <= LongestMigrationDelay;
        if (!valid || rateLimitMicroseconds > sliceMilliseconds * 1000)
            return XenError.Invalid;
        using (_accounts.EnterInterruptSafe())
        {
            Volatile.Write(ref _slice, sliceMilliseconds * Millisecond);
            Volatile.Write(ref _rateLimit, rateLimitMicroseconds * Microsecond);
            Volatile.Write(ref _migrationDelay, migrationDelayMicroseconds * Microsecond);
        }
        return XenError.None;
    }

    /// <inheritdoc/>
    public override DomainParameters ParametersOf(SchedulingDomain domain)
    {
        CreditDomain credit = (CreditDomain)domain;
        using (_accounts.EnterInterruptSafe())
            return new DomainParameters { Weight = credit.Weight, Cap = credit.Cap };
    }

    /// <inheritdoc/>
    public override XenError Adjust(SchedulingDomain domain, in DomainParameters parameters)
    {
        if (parameters.Weight is 0 or > HighestWeight || parameters.Cap > CpuSet.Capacity * 100)
            return XenError.Invalid;
        CreditDomain credit = (CreditDomain)domain;
        using (_accounts.EnterInterruptSafe())
        {
            credit.Weight = parameters.Weight;
            // A new cap starts with what it allows for one period.
            if (parameters.Cap != credit.Cap)
                Interlocked.Exchange(ref credit.Budget, (long)(_slice * parameters.Cap / 100));
            Volatile.Write(ref credit.Cap, parameters.Cap);
            // Units that an old cap holds back are looked at anew.
            Volatile.Write(ref _dealings, _dealings + 1);
        }
        WakeParked();
        return XenError.None;
    }

    /// <inheritdoc/>
    public override void Dump(ConsoleLog log, ulong now)
    {
        long balance = 0;
        ulong weight = 0;
        using (_accounts.EnterInterruptSafe())
        {
            for (CreditDomain? domain = _active; domain is not null; domain = domain.NextActive)
            {
                weight += (ulong)domain.Weight * domain.ActiveCount;
                for (CreditUnit? unit = domain.FirstActive; unit is not null; unit = unit.NextActive)
                    balance += Interlocked.Read(ref unit.Balance);
            }
        }
        uint cpus = (uint)_online.Now.Count;
        log.Always($"info:");
        log.Always($"\tncpus              = {cpus}");
        log.Always($"\tmaster             = {_online.Now.Next(0)}");
        log.Always($"\tcredit             = {cpus * SliceMilliseconds * (Millisecond / NanosecondsPerCredit)}");
        log.Always($"\tcredit balance     = {balance / NanosecondsPerCredit}");
        log.Always($"\tweight             = {weight}");
        log.Always($"\trunq_sort          = {Volatile.Read(ref _dealings)}");
        log.Always($"\tdefault-weight     = {DefaultWeight}");
        log.Always($"\ttslice             = {SliceMilliseconds}ms");
        log.Always($"\tratelimit          = {RateLimitMicroseconds}us");
        log.Always($"\tcredits per msec   = {Millisecond / NanosecondsPerCredit}");
        log.Always($"\tticks per tslice   = {TicksPerSlice}");
        log.Always($"\tmigration delay    = {MigrationDelayMicroseconds}us");
        log.Always($"idlers: {_idle.Now[0]:x8}");
        log.Always($"active units:");
        using (_accounts.EnterInterruptSafe())
        {
            uint number = 0;
            for (CreditDomain? domain = _active; domain is not null; domain = domain.NextActive)
            {
                for (CreditUnit? unit = domain.FirstActive; unit is not null; unit = unit.NextActive)
                    DumpUnit(log, ++number, unit);
            }
        }
        log.Always($"CPUs info:");
        for (uint cpu = 0; cpu < _end; cpu++)
        {
            if (_online.Contains(cpu))
                DumpQueue(log, QueueOf(cpu));
        }
    }

    private static void DumpQueue(ConsoleLog log, CreditQueue queue)
    {
        using (queue.Lock.EnterInterruptSafe())
        {
            log.Always($"CPU[{(queue.Cpu < 10 ? "0" : "")}{queue.Cpu}] nr_run={queue.Waiting + (queue.Current is null ? 0 : 1)}, sort={queue.Dealing}");
            if (queue.Current is CreditUnit running)
                DumpUnit(log, null, running);
            uint number = 0;
            for (CreditPriority priority = CreditPriority.Boost; priority < CreditPriority.Idle; priority++)
            {
                for (CreditUnit? unit = queue.At(priority).First; unit is not null; unit = unit.Next)
                    DumpUnit(log, ++number, unit);
            }
            for (CreditUnit? unit = queue.Parked.First; unit is not null; unit = unit.Next)
                DumpUnit(log, ++number, unit);
        }
    }

    /// <summary>One unit, with Xen's numbers for the priorities: 0 boosted, -1 with credits left, -2 in debt.</summary>
    private static void DumpUnit(ConsoleLog log, uint? number, CreditUnit unit)
    {
        long credits = Interlocked.Read(ref unit.Balance) / NanosecondsPerCredit;
        if (number is uint n)
            log.Always($"\t{n,3}: [{unit.DomainId}.{unit.Id}] pri={-(int)unit.Priority} cpu={unit.Cpu} credit={credits} [w={unit.Domain.Weight},cap={unit.Domain.Cap}]");
        else
            log.Always($"\trun: [{unit.DomainId}.{unit.Id}] pri={-(int)unit.Priority} cpu={unit.Cpu} credit={credits} [w={unit.Domain.Weight},cap={unit.Domain.Cap}]");
    }
}
