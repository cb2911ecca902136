// Who runs where and for how long.

using System;

namespace Xenith.Hypervisor.Boot;

internal enum SchedulerOption : byte
{
    Credit,
    Credit2,
    Rtds,
    Arinc653,
    Null,
}

/// <summary>sched-gran: how many CPUs are scheduled together.</summary>
internal enum GranularityOption : byte
{
    Cpu,
    Core,
    Socket,
}

/// <summary>credit2_runqueue: which CPUs share a run queue.</summary>
internal enum RunQueueOption : byte
{
    NotGiven,
    Cpu,
    Core,
    Socket,
    Node,
    All,
}

internal partial struct HypervisorOptions
{
    /// <summary>dom0_max_vcpus: dom0 gets as many vCPUs as there are CPUs, but at least and at most so many.</summary>
    internal uint Dom0MinimumVcpus, Dom0MaximumVcpus;

    /// <summary>dom0_vcpus_pin: each vCPU of dom0 stays on the CPU of the same number.</summary>
    internal bool PinDom0;

    /// <summary>sched.</summary>
    internal SchedulerOption Scheduler;

    /// <summary>sched-gran.</summary>
    internal GranularityOption Granularity;

    /// <summary>sched_credit_tslice_ms: the Credit scheduler's time slice.</summary>
    internal uint CreditTimeSlice;

    /// <summary>sched_ratelimit_us: who has begun to run is left alone for so long; 0 for no such time.</summary>
    internal uint RateLimit;

    /// <summary>vcpu_migration_delay in microseconds: the Credit scheduler does not move a vCPU that ran so recently.</summary>
    internal uint MigrationDelay;

    /// <summary>sched_smt_power_savings: cores are filled one after the other rather than spread over.</summary>
    internal bool SmtPowerSavings;

    /// <summary>credit2_runqueue.</summary>
    internal RunQueueOption Credit2RunQueue;

    /// <summary>sched_credit2_max_cpus_runqueue.</summary>
    internal uint Credit2MaximumCpus;

    /// <summary>credit2_cap_period_ms.</summary>
    internal uint Credit2CapPeriod;

    private void SetSchedulingDefaults()
    {
        Dom0MinimumVcpus = 1;
        Dom0MaximumVcpus = uint.MaxValue;
        CreditTimeSlice = 30;
        RateLimit = 1000;
        Credit2MaximumCpus = 16;
        Credit2CapPeriod = 10;
    }

    private bool ApplyScheduling(Option option, ref bool valid)
    {
        bool isText = OptionValues.TryText(option, out ReadOnlySpan<byte> value);
        if (option.Is("dom0_max_vcpus"u8))
            valid = isText && TryVcpus(value);
        else if (option.Is("sched"u8))
            valid = isText && TryScheduler(value);
        else if (option.Is("sched-gran"u8))
            valid = isText && TryGranularity(value);
        else if (option.Is("credit2_runqueue"u8))
            valid = isText && TryRunQueue(value);
        else
            return OptionValues.Flag(option, "dom0_vcpus_pin"u8, ref PinDom0, ref valid)
                || OptionValues.Number(option, "sched_credit_tslice_ms"u8, ref CreditTimeSlice, ref valid)
                || OptionValues.Number(option, "sched_ratelimit_us"u8, ref RateLimit, ref valid)
                || OptionValues.Number(option, "vcpu_migration_delay"u8, ref MigrationDelay, ref valid)
                || OptionValues.Flag(option, "sched_smt_power_savings"u8, ref SmtPowerSavings, ref valid)
                || OptionValues.Number(option, "sched_credit2_max_cpus_runqueue"u8, ref Credit2MaximumCpus, ref valid)
                || OptionValues.Number(option, "credit2_cap_period_ms"u8, ref Credit2CapPeriod, ref valid);
        return true;
    }

    // N, MIN-MAX, MIN- or -MAX.
    private bool TryVcpus(ReadOnlySpan<byte> value)
    {
        int dash = value.IndexOf((byte)'-');
        uint minimum = 1;
        uint maximum = uint.MaxValue;
        bool valid;
        if (dash < 0)
        {
            valid = OptionValues.TryInteger(value, out minimum);
            maximum = minimum;
        }
        else
        {
            ReadOnlySpan<byte> low = value.Slice(0, dash);
            ReadOnlySpan<byte> high = value.Slice(dash + 1);
            valid = (low.IsEmpty || OptionValues.TryInteger(low, out minimum)) && (high.IsEmpty || OptionValues.TryInteger(high, out maximum))
                && !(low.IsEmpty && high.IsEmpty);
        }

        valid = valid && minimum <= maximum && maximum > 0;
        Dom0MinimumVcpus = valid ? minimum : Dom0MinimumVcpus;
        Dom0MaximumVcpus = valid ? maximum : Dom0MaximumVcpus;
        return valid;
    }

    private bool TryScheduler(ReadOnlySpan<byte> value)
    {
        int number = value.SequenceEqual("credit"u8) ? (int)SchedulerOption.Credit
            : value.SequenceEqual("credit2"u8) ? (int)SchedulerOption.Credit2
            : value.SequenceEqual("rtds"u8) ? (int)SchedulerOption.Rtds
            : value.SequenceEqual("arinc653"u8) ? (int)SchedulerOption.Arinc653
            : value.SequenceEqual("null"u8) ? (int)SchedulerOption.Null
            : -1;
        Scheduler = number >= 0 ? (SchedulerOption)number : Scheduler;
        return number >= 0;
    }

    private bool TryGranularity(ReadOnlySpan<byte> value)
    {
        int number = value.SequenceEqual("cpu"u8) ? (int)GranularityOption.Cpu
            : value.SequenceEqual("core"u8) ? (int)GranularityOption.Core
            : value.SequenceEqual("socket"u8) ? (int)GranularityOption.Socket
            : -1;
        Granularity = number >= 0 ? (GranularityOption)number : Granularity;
        return number >= 0;
    }

    private bool TryRunQueue(ReadOnlySpan<byte> value)
    {
        int number = value.SequenceEqual("cpu"u8) ? (int)RunQueueOption.Cpu
            : value.SequenceEqual("core"u8) ? (int)RunQueueOption.Core
            : value.SequenceEqual("socket"u8) ? (int)RunQueueOption.Socket
            : value.SequenceEqual("node"u8) ? (int)RunQueueOption.Node
            : value.SequenceEqual("all"u8) ? (int)RunQueueOption.All
            : -1;
        Credit2RunQueue = number >= 0 ? (RunQueueOption)number : Credit2RunQueue;
        return number >= 0;
    }
}
