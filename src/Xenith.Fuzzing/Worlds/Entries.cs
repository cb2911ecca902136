// The hypervisor's ways in, which the metal build exports to its entry code under names, as delegates for a simulated machine.

using System;
using System.Linq;
using System.Reflection;
using System.Runtime;
using Xenith.Hypervisor;
using Xenith.Hypervisor.Scheduling;
using Xenith.Machine;
using Xenith.Machine.Simulation;

namespace Xenith.Fuzzing.Worlds;

/// <summary>Connects simulated machines with the hypervisor.</summary>
internal static class Entries
{
    private static readonly FrameEntry s_interrupt = Find<FrameEntry>("hv_interrupt"), s_trap = Find<FrameEntry>("hv_guest_trap"), s_leave = Find<FrameEntry>("hv_leave"), s_nmi = Find<FrameEntry>("hv_nmi");
    private static readonly OwnTrapEntry s_ownTrap = Find<OwnTrapEntry>("hv_own_trap");
    private static readonly HypercallEntry s_hypercall = Find<HypercallEntry>("hv_hypercall");

    internal static void Connect(HypervisorEntries entries)
    {
        entries.Interrupt = s_interrupt;
        entries.GuestTrap = s_trap;
        entries.Leave = s_leave;
        entries.OwnTrap = s_ownTrap;
        entries.Nmi = s_nmi;
        entries.Hypercall = s_hypercall;
        entries.Woken = static (ref GuestFrame frame) => Idle.WaitForWork(Pcpu.Current, ref frame);
    }

    private static T Find<T>(string symbol) where T : Delegate
    {
        const BindingFlags any = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        return typeof(Host).Assembly.GetTypes().SelectMany(type => type.GetMethods(any))
            .Single(method => method.GetCustomAttribute<RuntimeExportAttribute>()?.Entry == symbol).CreateDelegate<T>();
    }
}
