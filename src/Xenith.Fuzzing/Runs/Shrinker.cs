// Makes a failing sequence short: steps are left out, then values are made plain, for as long as it still fails in the same way.

using System;
using System.Collections.Generic;
using Xenith.Fuzzing.Calls;

namespace Xenith.Fuzzing.Runs;

/// <summary>Finds a smaller sequence that fails alike.</summary>
public static class Shrinker
{
    /// <summary>The smallest sequence found, and its failure.</summary>
    public static (FuzzStep[] Steps, FuzzFailure Failure) Shrink(FuzzStep[] steps, bool hurried, FuzzFailure failure)
    {
        FuzzFailure? careful = SequenceRun.Run(steps, hurried, Care.Thorough);
        if (careful is null)
            return (steps, failure);
        string kind = Kind(careful);
        FuzzFailure last = careful;
        bool Fails(FuzzStep[] candidate)
        {
            if (SequenceRun.Run(candidate, hurried, Care.Thorough) is not { } seen || Kind(seen) != kind)
                return false;
            last = seen;
            return true;
        }

        if (careful.Step + 1 < steps.Length && Fails(steps[..(careful.Step + 1)]))
            steps = steps[..(careful.Step + 1)];
        steps = DropSteps(steps, Fails);
        steps = Simplify(steps, Fails);
        steps = DropSteps(steps, Fails);
        return (steps, last);
    }

    /// <summary>Messages without their numbers: frames and addresses differ when steps are left out.</summary>
    private static string Kind(FuzzFailure failure)
    {
        string line = failure.What.Split('\n')[0];
        var kept = new System.Text.StringBuilder();
        foreach (string word in line.Split(' '))
        {
            if (!char.IsAsciiHexDigit(word[^1..][0]) || word.Length > 12 || word.AsSpan().IndexOfAnyInRange('0', '9') < 0)
                kept.Append(word).Append(' ');
        }
        return kept.ToString();
    }

    private static FuzzStep[] DropSteps(FuzzStep[] steps, Func<FuzzStep[], bool> fails)
    {
        for (int size = Math.Max(steps.Length / 2, 1); size >= 1; size /= 2)
        {
            for (int at = 0; at + size <= steps.Length;)
            {
                FuzzStep[] without = [.. steps[..at], .. steps[(at + size)..]];
                if (without.Length > 0 && fails(without))
                    steps = without;
                else
                    at += size;
            }
        }
        return steps;
    }

    private static FuzzStep[] Simplify(FuzzStep[] steps, Func<FuzzStep[], bool> fails)
    {
        for (int at = 0; at < steps.Length; at++)
        {
            foreach (FuzzStep simpler in Simpler(steps[at]))
            {
                FuzzStep[] changed = [.. steps];
                changed[at] = simpler;
                if (fails(changed))
                    steps = changed;
            }
            // Words from the last on, so that those left keep their places.
            for (int word = steps[at].WordCount - 1; word >= 0; word--)
            {
                FuzzStep[] changed = [.. steps];
                ref FuzzStep step = ref changed[at];
                for (int i = word; i < step.WordCount - 1; i++)
                    step.Words[i] = step.Words[i + 1];
                step.WordCount--;
                if (fails(changed))
                    steps = changed;
            }
        }
        return steps;
    }

    private static IEnumerable<FuzzStep> Simpler(FuzzStep step)
    {
        if (step.Flags != FuzzFlags.None)
            yield return step with { Flags = FuzzFlags.None };
        if (step.Cpu != 0)
            yield return step with { Cpu = 0 };
        for (int i = 0; i < FuzzArguments.Count; i++)
        {
            if (step.Arguments[i].Kind == FuzzKind.Literal && step.Arguments[i].Bits == 0)
                continue;
            FuzzStep without = step;
            without.Arguments[i] = default;
            yield return without;
        }
    }
}
