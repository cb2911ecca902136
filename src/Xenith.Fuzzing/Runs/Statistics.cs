// What the calls of a run answered: a run in which everything is refused tests little, and the table shows which errors of which call were never seen.

using System.Collections.Generic;
using Xenith.Abi;
using Xenith.Fuzzing.Calls;
using Xenith.Fuzzing.Worlds;

namespace Xenith.Fuzzing.Runs;

/// <summary>Counts of steps and of results.</summary>
public sealed class Statistics
{
    private readonly Dictionary<(int Call, int Result), long> _results = [];

    /// <summary>Sequences that were run.</summary>
    public long Sequences { get; set; }

    /// <summary>Steps that were made.</summary>
    public long Steps { get; private set; }

    /// <summary>Hypercalls among them.</summary>
    public long Calls { get; private set; }

    /// <summary>Steps whose vCPU could not act.</summary>
    public long Idle { get; private set; }

    /// <summary>Calls that were left half-way.</summary>
    public long HalfWay { get; private set; }

    /// <summary>Sequences in which dom0 ended the host.</summary>
    public long HostsEnded { get; private set; }

    /// <summary>How often each call gave each result: 0 for success of any kind, else the error number. Numbers that no call has are counted as 64.</summary>
    public IReadOnlyDictionary<(int Call, int Result), long> Results => _results;

    internal void Note(in FuzzStep step, StepOutcome outcome, long result)
    {
        Steps++;
        switch (outcome)
        {
            case StepOutcome.Idle:
                Idle++;
                return;
            case StepOutcome.HalfWay:
                HalfWay++;
                break;
            case StepOutcome.HostEnded:
                HostsEnded++;
                break;
        }
        if (step.Action != FuzzAction.Hypercall)
            return;
        Calls++;
        const int others = 64, lastError = 4095;
        // iret returns what the frame says, not a result.
        int error = step.Number != (ulong)HypercallNumber.Iret && result is < 0 and >= -lastError ? (int)-result : 0;
        (int, int) key = (step.Number < others ? (int)step.Number : others, error);
        _results[key] = _results.GetValueOrDefault(key) + 1;
    }
}
