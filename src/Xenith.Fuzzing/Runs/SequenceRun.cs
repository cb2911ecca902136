// One sequence in a world of its own, and what was wrong with it.

using System;
using Xenith.Fuzzing.Calls;
using Xenith.Fuzzing.Worlds;

namespace Xenith.Fuzzing.Runs;

/// <summary>How often the invariants are checked.</summary>
public enum Care
{
    /// <summary>After every fourth step, after the last, and once the domains are dead.</summary>
    Usual,

    /// <summary>After every step.</summary>
    Thorough,
}

/// <summary>A sequence that ended otherwise than it must.</summary>
/// <param name="Step">Index of the step after which it was seen; the number of steps if it was seen after the domains' end.</param>
/// <param name="What">What was wrong.</param>
public sealed record FuzzFailure(int Step, string What);

/// <summary>Makes sequences and runs them.</summary>
public static class SequenceRun
{
    /// <summary>Steps of a sequence.</summary>
    public const int Steps = 24;

    /// <summary>The steps that a seed stands for.</summary>
    public static FuzzStep[] Generate(ulong seed, int count = Steps)
    {
        var generator = new CallGenerator(seed, FuzzShape.Whole);
        var steps = new FuzzStep[count];
        for (int i = 0; i < count; i++)
            generator.Next(ref steps[i]);
        return steps;
    }

    /// <summary>Runs steps in a new world. Null if nothing was wrong.</summary>
    /// <param name="steps">The steps.</param>
    /// <param name="hurried">The domains are destroyed in the smallest steps.</param>
    /// <param name="care">How often the invariants are checked.</param>
    /// <param name="statistics">Takes what every call answered, if wanted.</param>
    public static FuzzFailure? Run(ReadOnlySpan<FuzzStep> steps, bool hurried, Care care, Statistics? statistics = null)
    {
        using var world = new FuzzWorld();
        int at = 0;
        try
        {
            for (; at < steps.Length; at++)
            {
                StepOutcome outcome = world.Apply(in steps[at]);
                statistics?.Note(in steps[at], outcome, world.Result);
                bool looks = care == Care.Thorough || at % 4 == 3 || at == steps.Length - 1 || world.Trap is not null;
                if (looks && world.Audit.FindMistake() is string mistake)
                    return new FuzzFailure(at, mistake);
                if (outcome == StepOutcome.HostEnded)
                    return null;
            }
            world.End(hurried);
            return world.Audit.FindMistake() is string end ? new FuzzFailure(at, $"after the end of the domains: {end}") : null;
        }
        catch (Exception error)
        {
            string log = world.Machine.Com1.Text;
            return new FuzzFailure(at, $"{error}\n{world.LastTrap}\n{log[Math.Max(0, log.Length - 2000)..]}");
        }
    }
}
