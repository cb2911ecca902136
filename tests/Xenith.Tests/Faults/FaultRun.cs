// One call, trapped at one point after the other. What must be true after each is compared with two runs without a trap: one in which the victim died before it made the call, and one in which
// it died after. Everything that does not die with the victim has to be as in one of the two; memory, too, to the frame.

using System.Collections;
using System.Reflection;
using System.Text;
using Xenith.Abi;
using Xenith.Hypervisor;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;
using Xenith.Machine.Simulation;

using SpinLock = Xenith.Hypervisor.SpinLock;

namespace Xenith.Tests.Faults;

/// <summary>Runs in the copy of this assembly that was loaded with the woven hypervisor; only strings and numbers go in and out.</summary>
internal static class FaultRun
{
    /// <summary>
    /// Traps at every <paramref name="step"/>-th point of a call. The answer: call, points, points in [Commit] methods, traps, then for each mistake its site and what it is, all separated by tabs.
    /// </summary>
    public static string Run(int number, int step)
    {
        FaultCall call = FaultCalls.All[number];
        try
        {
            return RunOne(call, step);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            return $"{call.Name}\t0\t0\t0\t-1\tcannot be made: {error.Message.Split('\n')[0]}";
        }
    }

    private static string RunOne(FaultCall call, int step)
    {
        Dictionary<string, string> before = Reference(call, false, out _, out _), after = Reference(call, true, out long points, out long commit);
        var line = new StringBuilder($"{call.Name}\t{points}\t{commit}\t");
        var mistakes = new StringBuilder();
        long traps = 0;
        for (long k = 1; k <= points; k += step, traps++)
        {
            string? mistake = TrapAt(call, k, before, after, out int site);
            if (mistake is not null)
                mistakes.Append($"\t{site}\t{mistake}");
        }
        return line.Append(traps).Append(mistakes).ToString();
    }

    private static Dictionary<string, string> Reference(FaultCall call, bool made, out long points, out long commit)
    {
        using var world = Prepare(call);
        TrapPoints.Count();
        if (made)
            call.Act(world);
        TrapPoints.Stop();
        (points, commit) = (TrapPoints.Passed, TrapPoints.PassedInCommit);
        if (world.Traps != 0)
            throw new InvalidOperationException($"{call.Name}: the hypervisor trapped without being asked to: {world.Cpu.ContainedTrap}");
        FaultWorld.Require(world.TryDestroyVictim());
        string? mistake = FindMistake(world);
        if (mistake is not null)
            throw new InvalidOperationException($"{call.Name}: without a trap, {mistake}");
        return Look(world);
    }

    private static string? TrapAt(FaultCall call, long point, Dictionary<string, string> before, Dictionary<string, string> after, out int site)
    {
        site = -1;
        try
        {
            using var world = Prepare(call);
            TrapPoints.TrapAt(point);
            call.Act(world);
            TrapPoints.Stop();
            if (world.Cpu.ContainedTrap is not InjectedTrap trap)
                return $"another trap: {world.Cpu.ContainedTrap?.Message}";
            site = trap.Site;
            if (world.Traps != 1)
                return $"{world.Traps} traps";
            if (!world.Victim.IsShutDown || world.Dom0.IsShutDown || world.Peer.IsShutDown)
                return "another than the victim was ended";
            string? mistake = HeldLock(world.Host) is string held ? $"locked: {held}" : null;
            if (mistake is not null)
                return mistake;
            if (!world.TryDestroyVictim())
                return $"the victim does not die: it stays at {world.Victim.Teardown}";
            mistake = FindMistake(world);
            if (mistake is not null)
                return mistake;
            foreach ((string key, string value) in Look(world))
            {
                if (!(before.TryGetValue(key, out string? old) && old == value) && !(after.TryGetValue(key, out string? young) && young == value))
                    return $"{key} is {value}, not {old} or {after.GetValueOrDefault(key)}";
            }
            return null;
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            TrapPoints.Stop();
            return $"{error.GetType().Name} afterwards: {error.Message.Split('\n')[0]} {error.StackTrace?.Split('\n').FirstOrDefault(line => line.Contains("Hypervisor"))?.Trim().Split('(')[0]}";
        }
    }

    private static FaultWorld Prepare(FaultCall call)
    {
        var world = new FaultWorld(call.Privileged);
        call.Prepare?.Invoke(world);
        if (call.LetsOthersRun)
            world.WakeDom0();
        return world;
    }

    /// <summary>What holds whatever happened.</summary>
    private static string? FindMistake(FaultWorld world)
    {
        if (PerCpu.Ledger.Depth != 0 || PerCpu.Ledger.Trapped)
            return $"the ledger has {PerCpu.Ledger.Depth} entries";
        if (HeldLock(world.Host) is string held)
            return $"locked: {held}";
        if (world.Host.Domains.Find(FaultWorld.VictimId) is Domain left)
            return $"the victim is {left.State} with {left.Pages.TotalPages} pages and {left.Pages.SharedPages} shared, {left.References} references";
        var alloc = new EventChannelAllocUnbound { Dom = DomainIds.Self, RemoteDom = FaultWorld.PeerId };
        world.Write(FaultWorld.Arguments, alloc);
        if (Pcpu.Current.Served?.Domain != world.Dom0 || world.Call(HypercallNumber.EventChannelOp, (ulong)EventChannelOp.AllocUnbound, FaultWorld.Arguments) != 0)
            return "dom0 does not go on";
        return null;
    }

    /// <summary>The state of all that does not die with the victim, by name.</summary>
    private static Dictionary<string, string> Look(FaultWorld world)
    {
        Host host = world.Host;
        var seen = new Dictionary<string, string>();
        foreach (Domain domain in new[] { world.Dom0, world.Peer })
        {
            string name = $"d{domain.Id}";
            seen[name] = $"{domain.State}, {domain.Pages.TotalPages} + {domain.Pages.SharedPages} pages, {domain.References} references";
            for (Mfn frame = domain.Pages.First; !frame.IsInvalid; frame = domain.Pages.After(frame))
                seen[$"{name} frame {frame.Value:x}"] = $"{host.Memory.Frames[frame].Count:x} {host.Memory.Frames[frame].Type:x}";
            for (uint port = 1; port < 12; port++)
            {
                var status = new EventChannelStatus { Port = port };
                domain.Events.Describe(ref status);
                seen[$"{name} port {port}"] = $"{(EventChannelState)status.Status} vcpu {status.Vcpu} domain {status.InterdomainDom} port {status.InterdomainPort}";
            }
            for (uint i = 0; i < 16 && domain.Grants.FrameCount != 0; i++)
                seen[$"{name} grant {i}"] = $"{SharedArea.Page(domain.Grants.FrameAt(0)).Load32(i * 8):x}";
        }
        seen["memory"] = $"{host.Memory.Allocator.FreeFrames + host.Pools.Domains.Capacity + host.Pools.Vcpus.Capacity + host.Pools.SchedulingDomains.Capacity + host.Pools.SchedulingUnits.Capacity} frames, {host.Memory.Allocator.ClaimedFrames} claimed";
        seen["allocator"] = Drain(host.Memory.Allocator);
        return seen;
    }

    /// <summary>Takes all free frames, one by one: none may come twice, none be missing.</summary>
    private static string Drain(PageAllocator allocator)
    {
        ulong free = allocator.FreeFrames;
        var taken = new HashSet<ulong>();
        allocator.EndClaim(ulong.MaxValue);
        while (allocator.TryAllocate(0, AllocationFlags.Unscrubbed, out Mfn frame))
        {
            if (!taken.Add(frame.Value))
                return $"frame {frame.Value:x} was free twice";
        }
        return (ulong)taken.Count == free ? "sound" : $"{taken.Count} frames of {free} can be had";
    }

    private static readonly Dictionary<Type, FieldInfo[]> s_fields = [];

    private static readonly FieldInfo s_held = typeof(SpinLock).GetField("_held", BindingFlags.Instance | BindingFlags.NonPublic)!;

    /// <summary>A lock that somebody holds, found by walking over all that the host consists of.</summary>
    private static string? HeldLock(Host host)
    {
        var visited = new HashSet<object>(ReferenceEqualityComparer.Instance);
        var waiting = new Stack<object>();
        waiting.Push(host);
        while (waiting.TryPop(out object? thing))
        {
            if (!visited.Add(thing))
                continue;
            if (thing is SpinLock spin)
            {
                if ((int)s_held.GetValue(spin)! != 0)
                    return spin.Rank.ToString();
                continue;
            }
            if (thing is Array array)
            {
                if (!array.GetType().GetElementType()!.IsValueType)
                {
                    foreach (object? element in (IEnumerable)array)
                        Follow(element);
                }
                continue;
            }
            foreach (FieldInfo field in Fields(thing.GetType()))
                Follow(field.GetValue(thing));
        }
        return null;

        void Follow(object? next)
        {
            if (next is Array || next?.GetType().Namespace?.StartsWith("Xenith.Hypervisor", StringComparison.Ordinal) == true)
                waiting.Push(next);
        }
    }

    private static FieldInfo[] Fields(Type type)
    {
        if (s_fields.TryGetValue(type, out FieldInfo[]? known))
            return known;
        var fields = new List<FieldInfo>();
        for (Type? at = type; at is not null && at != typeof(object); at = at.BaseType)
            fields.AddRange(at.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly).Where(field => !field.FieldType.IsValueType && field.FieldType != typeof(string)));
        return s_fields[type] = [.. fields];
    }
}
