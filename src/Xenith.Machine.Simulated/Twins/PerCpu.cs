// The CPU's record, hosted: it belongs to the simulated CPU that the thread is.

using System.Runtime.CompilerServices;
using System.Threading;
using Xenith.Machine.Simulation;

namespace Xenith.Machine;

/// <summary>This CPU's record. Everything of the hypervisor hangs from its context object.</summary>
public static class PerCpu
{
    private static SimulatedCpu Self => SimulatedCpu.Current;

    /// <summary>The object that the hypervisor keeps per CPU.</summary>
    public static T Context<T>() where T : class => Unsafe.As<T>(Self.Context!);

    /// <summary>Sets this CPU's context object; once, at its start.</summary>
    public static void SetContext(object context) => Self.Context = context;

    /// <summary>Number of this CPU, 0 for the one that booted.</summary>
    public static uint Id => Self.Id;

    /// <summary>What the code on this CPU holds now.</summary>
    public static Ledger Ledger => Self.Ledger;

    /// <summary>Reasons for the slow way out, see <see cref="PendingWork"/>.</summary>
    public static uint Work => Volatile.Read(ref Self.Work);

    /// <summary>Adds reasons. Safe in interrupt handlers.</summary>
    public static void RaiseWork(uint bits) => Interlocked.Or(ref Self.Work, bits);

    /// <summary>How the hypercall in progress is to be left, see <see cref="Machine.WayOut"/>; 0 for the short way. The way out clears it.</summary>
    public static uint WayOut
    {
        get => Self.WayOut;
        set => Self.WayOut = value;
    }

    /// <summary>Takes some of the reasons: returns those of <paramref name="bits"/> that were set, and clears them.</summary>
    public static uint TakeWork(uint bits) => Interlocked.And(ref Self.Work, ~bits) & bits;

    /// <summary>Registers of the guest that entered the hypervisor.</summary>
    public static ref GuestFrame Frame => ref Self.Frame;

    /// <summary>True for an address in one of the pages below this CPU's stacks that are never mapped. The stacks of the simulation are the process's.</summary>
    public static bool IsStackGuard(ulong address) => false;

    /// <summary>True while the guest that this CPU serves is in user mode; decides where SYSCALL goes.</summary>
    public static bool UserMode
    {
        get => Self.UserMode;
        set => Self.UserMode = value;
    }

    /// <summary>True if CR0.TS is to be set while the guest runs.</summary>
    public static bool TaskSwitched
    {
        get => Self.TaskSwitched;
        set => Self.TaskSwitched = value;
    }

    /// <summary>Names the vcpu_info whose upcall_pending and upcall_mask bytes the way out looks at.</summary>
    public static void SetVcpuInfo(SharedArea area) => Self.VcpuInfo = area;

    /// <summary>No guest on this CPU can take events now.</summary>
    public static void ClearVcpuInfo() => Self.VcpuInfo = default;
}
