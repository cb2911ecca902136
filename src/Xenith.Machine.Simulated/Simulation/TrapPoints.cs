// Where the hypervisor can be made to trap. A test weaves a call of Pass in front of every call that the hypervisor makes into Machine, its ledger
// included (tests/Xenith.Tests/Faults/TrapPointWeaver.cs); here they are counted, and one of them traps. Only those count that are passed while a guest is served: elsewhere the hypervisor serves nobody
// whom a trap could end.

using System;
using System.Collections.Generic;

namespace Xenith.Machine.Simulation;

/// <summary>A trap on purpose.</summary>
public sealed class InjectedTrap(int site) : Exception($"trap injected at site {site}")
{
    /// <summary>The place in the hypervisor's code, as the weaver numbered it.</summary>
    public int Site { get; } = site;
}

/// <summary>The points at which a trap can be injected. Each thread counts its own.</summary>
public static class TrapPoints
{
    [ThreadStatic]
    private static bool s_counting;

    [ThreadStatic]
    private static long s_trapAt, s_passed, s_passedInCommit;

    [ThreadStatic]
    private static int s_commits;

    [ThreadStatic]
    private static List<int>? s_trace;

    /// <summary>Points passed since <see cref="Count"/> or <see cref="TrapAt"/>, without those in [Commit] methods.</summary>
    public static long Passed => s_passed;

    /// <summary>Points in [Commit] methods and what they call: the build has proved that nothing traps there.</summary>
    public static long PassedInCommit => s_passedInCommit;

    /// <summary>From now on points are counted, and their sites noted if a list is given.</summary>
    public static void Count(List<int>? trace = null) => Start(0, trace);

    /// <summary>From now on points are counted, and the one with this number, from 1, traps.</summary>
    public static void TrapAt(long number) => Start(number, null);

    /// <summary>Nothing is counted any more.</summary>
    public static void Stop() => s_counting = false;

    /// <summary>The hypervisor is about to call into Machine.</summary>
    public static void Pass(int site)
    {
        if (!s_counting || !SimulatedCpu.Current.IsServingGuest)
            return;
        if (s_commits != 0)
        {
            s_passedInCommit++;
            return;
        }
        s_passed++;
        s_trace?.Add(site);
        if (s_passed != s_trapAt)
            return;
        s_counting = false;
        throw new InjectedTrap(site);
    }

    /// <summary>A [Commit] method begins.</summary>
    public static void EnterCommit() => s_commits++;

    /// <summary>It ends.</summary>
    public static void LeaveCommit() => s_commits--;

    private static void Start(long trapAt, List<int>? trace)
    {
        s_passed = s_passedInCommit = 0;
        s_commits = 0;
        s_trapAt = trapAt;
        s_trace = trace;
        s_counting = true;
    }
}
