// Traps in what the fuzzer makes: the beginning of a generated sequence builds the state, its next step is the call. The call is made once and its points are counted; then it is made again in a new world
// for each of them and trapped there. A call that took the very way through the code that another took before (the same points one after the other) is not made again.
//
// After each trap the world's books must be right: all references to all frames counted anew, nothing left in a ledger, no stale translation. The domain is destroyed then; what is left of the others has to be as
// in one of two worlds without a trap, in which the domain ended before the call or after it; at last the others are destroyed, and every frame must be accounted for.

using System.Globalization;
using System.Text;
using Xenith.Abi;
using Xenith.Fuzzing.Calls;
using Xenith.Fuzzing.Runs;
using Xenith.Fuzzing.Worlds;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;
using Xenith.Machine.Simulation;

namespace Xenith.Tests.Faults;

/// <summary>Runs in the copy of this assembly that was loaded with the woven hypervisor; only strings and numbers go in and out.</summary>
internal static class CorpusRun
{
    /// <summary>The ways that calls have taken in this process.</summary>
    private static readonly HashSet<ulong> s_ways = [];

    private static readonly FuzzShape s_shape = FuzzShape.Whole;

    /// <summary>
    /// Traps at every <paramref name="step"/>-th point of every call of one sequence. The answer: calls, calls with a way of their own, points, points in [Commit] methods, traps, traps while dom0 was
    /// served, then for each mistake its site and what it is, all separated by tabs.
    /// </summary>
    public static string Run(int seed, int step)
    {
        FuzzStep[] steps = SequenceRun.Generate((ulong)seed);
        var sum = new Sum();
        for (int at = 0; at < steps.Length; at++)
        {
            if (!TryCount(steps, at, sum, out long points))
                break;
            if (points == 0)
                continue;
            int domain = s_shape.DomainOf(steps[at].Vcpu % s_shape.Vcpus);
            Dictionary<string, string> before = Reference(steps, at, domain, false), after = Reference(steps, at, domain, true);
            // Where a slice begins is the sequence's own, so that many of them see all of a way.
            for (long k = 1 + seed % step; k <= points; k += step)
            {
                sum.Traps++;
                if (domain == 0)
                    sum.TrapsOfDom0++;
                string? mistake = TrapAt(steps, at, domain, k, before, after, out int site);
                if (mistake is not null)
                    sum.Mistakes.Append(CultureInfo.InvariantCulture, $"\t{site}\tsequence {seed}, step {at} ({StepText.Write(in steps[at])}), point {k}: {mistake.ReplaceLineEndings(" ").Replace('\t', ' ')}");
            }
        }
        return string.Create(CultureInfo.InvariantCulture, $"{sum.Calls}\t{sum.Ways}\t{sum.Points}\t{sum.Commit}\t{sum.Traps}\t{sum.TrapsOfDom0}{sum.Mistakes}");
    }

    /// <summary>Makes the call without a trap. False if it ended the host, as dom0 may: then the sequence is over.</summary>
    private static bool TryCount(FuzzStep[] steps, int at, Sum sum, out long points)
    {
        points = 0;
        using FuzzWorld? world = Prepare(steps, at);
        if (world is null)
            return false;
        var way = new List<int>();
        TrapPoints.Count(way);
        StepOutcome outcome = world.Apply(in steps[at]);
        TrapPoints.Stop();
        // What dom0 ends the host by is not made again: it waits for five seconds, point after point.
        if (outcome == StepOutcome.HostEnded)
            return false;
        if (TrapPoints.Passed == 0)
            return true;
        sum.Calls++;
        ulong hash = 0;
        foreach (int site in way)
            hash = unchecked((hash ^ (uint)site) * 0x9e37_79b9_7f4a_7c15 + 1);
        if (s_ways.Add(hash))
        {
            sum.Ways++;
            sum.Points += TrapPoints.Passed;
            sum.Commit += TrapPoints.PassedInCommit;
            points = TrapPoints.Passed;
        }
        return true;
    }

    private static string? TrapAt(FuzzStep[] steps, int at, int domain, long point, Dictionary<string, string> before, Dictionary<string, string> after, out int site)
    {
        site = -1;
        FuzzWorld? world = null;
        try
        {
            world = Prepare(steps, at)!;
            Domain victim = world.DomainOf(domain)!;
            TrapPoints.TrapAt(point);
            StepOutcome outcome = world.Apply(in steps[at]);
            TrapPoints.Stop();
            if (world.LastTrap is not InjectedTrap trap)
                return $"another trap: {world.LastTrap?.Message ?? "none"}";
            site = trap.Site;
            if (domain == 0)
                return outcome == StepOutcome.HostEnded ? null : "dom0's end is not the host's";
            if (outcome == StepOutcome.HostEnded)
                return $"the host ended: {Last(world.Machine.Com1.Text)}";
            if (!victim.IsShutDown)
                return "the domain goes on";
            for (int other = 0; other < s_shape.Domains; other++)
            {
                bool lives = world.DomainOf(other) is not null;
                if (other != domain && lives != after.ContainsKey($"d{other}") && lives != before.ContainsKey($"d{other}"))
                    return $"domain {other} {(lives ? "lives" : "was ended")}";
            }
            Destroy(world, domain, point % 2 == 0);
            if (world.Audit.FindMistake() is string mistake)
                return $"after the domain's end, {mistake}";
            foreach ((string key, string value) in Look(world, domain))
            {
                if (before.GetValueOrDefault(key) != value && after.GetValueOrDefault(key) != value)
                    return $"{key} is {value}, not {before.GetValueOrDefault(key)} or {after.GetValueOrDefault(key)}";
            }
            world.End(point % 3 == 0);
            return world.Audit.FindMistake() is string left ? $"after the end of all, {left}" : null;
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            TrapPoints.Stop();
            return $"{error.GetType().Name} afterwards: {error.Message} {error.StackTrace?.Split('\n').FirstOrDefault(line => line.Contains("Hypervisor"))?.Trim().Split('(')[0]} {world?.LastTrap?.Message}";
        }
        finally
        {
            world?.Dispose();
        }
    }

    private static string Last(string text) => text[Math.Max(0, text.Length - 300)..];

    /// <summary>A world after the steps before one; null if the host has ended.</summary>
    private static FuzzWorld? Prepare(FuzzStep[] steps, int count)
    {
        var world = new FuzzWorld();
        for (int i = 0; i < count; i++)
        {
            if (world.Apply(in steps[i]) != StepOutcome.HostEnded)
                continue;
            world.Dispose();
            return null;
        }
        return world;
    }

    /// <summary>The state of the others if the domain ends without a trap.</summary>
    private static Dictionary<string, string> Reference(FuzzStep[] steps, int at, int domain, bool made)
    {
        if (domain == 0)
            return [];
        using FuzzWorld world = Prepare(steps, at)!;
        if (made)
            world.Apply(in steps[at]);
        Destroy(world, domain, false);
        return Look(world, domain);
    }

    private static void Destroy(FuzzWorld world, int domain, bool hurried)
    {
        var step = new FuzzStep { Action = FuzzAction.Destroy, Flags = hurried ? FuzzFlags.Hurry : FuzzFlags.None };
        while (s_shape.DomainOf(step.Vcpu) != domain)
            step.Vcpu++;
        world.Apply(in step);
    }

    /// <summary>What is known of all domains but one, by name.</summary>
    private static Dictionary<string, string> Look(FuzzWorld world, int except)
    {
        var seen = new Dictionary<string, string>();
        for (int id = 0; id < s_shape.Domains; id++)
        {
            if (id == except || world.DomainOf(id) is not Domain domain)
                continue;
            string name = $"d{id}";
            seen[name] = $"{domain.State}, {domain.Pages.TotalPages} + {domain.Pages.SharedPages} pages, {domain.References} references";
            for (Mfn frame = domain.Pages.First; !frame.IsInvalid; frame = domain.Pages.After(frame))
                seen[$"{name} frame {frame.Value:x}"] = $"{world.Host.Memory.Frames[frame].Count:x} {world.Host.Memory.Frames[frame].Type:x}";
            for (uint port = 1; port < 32; port++)
            {
                var status = new EventChannelStatus { Port = port };
                domain.Events.Describe(ref status);
                seen[$"{name} port {port}"] = $"{(EventChannelState)status.Status} vcpu {status.Vcpu} domain {status.InterdomainDom} port {status.InterdomainPort}";
            }
            for (uint i = 0; i < 64 && domain.Grants.FrameCount != 0; i++)
                seen[$"{name} grant {i}"] = $"{SharedArea.Page(domain.Grants.FrameAt(0)).Load32(i * 8):x}";
        }
        return seen;
    }

    private sealed class Sum
    {
        public long Calls, Ways, Points, Commit, Traps, TrapsOfDom0;

        public StringBuilder Mistakes { get; } = new();
    }
}
