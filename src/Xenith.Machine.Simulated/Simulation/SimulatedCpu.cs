// One CPU: its registers, its translation caches, and the record that the hypervisor reaches through PerCpu. A thread of the
// test process is a CPU while it holds the scope that Enter returns; two threads may be two CPUs, and one thread may step
// several CPUs in turn.

using System;
using System.Collections.Generic;
using System.Threading;

namespace Xenith.Machine.Simulation;

/// <summary>A simulated CPU.</summary>
public sealed partial class SimulatedCpu
{
    [ThreadStatic]
    private static SimulatedCpu? s_current;

    private uint _work;

    internal SimulatedCpu(SimulatedMachine machine, uint id)
    {
        Machine = machine;
        Id = id;
        Msrs = new MsrFile(this);
        LocalApic = new LocalApic(this);
        GdtPage = machine.Layout.GdtPageOf(id);
    }

    /// <summary>Registers of the guest that entered the hypervisor on this CPU.</summary>
    public GuestFrame Frame;

    /// <summary>The CPU that this thread is.</summary>
    public static SimulatedCpu Current => s_current ?? throw new InvalidOperationException("this thread is no simulated CPU: use SimulatedCpu.Enter");

    public SimulatedMachine Machine { get; }

    /// <summary>Number, 0 for the one that boots; also its APIC id.</summary>
    public uint Id { get; }

    public Tlb Tlb { get; } = new();

    public MsrFile Msrs { get; }

    public LocalApic LocalApic { get; }

    // ---- the record behind PerCpu

    /// <summary>The object that the hypervisor keeps for this CPU.</summary>
    public object? Context { get; set; }

    /// <summary>What code on this CPU holds.</summary>
    public Ledger Ledger { get; set; } = new();

    /// <summary>Reasons for the slow way out.</summary>
    public ref uint Work => ref _work;

    /// <summary>How the hypercall in progress is to be left.</summary>
    public uint WayOut { get; set; }

    public bool UserMode { get; set; }

    public bool TaskSwitched { get; set; }

    /// <summary>What Guards.ConfigureCpu and Guards.Isolate asked for.</summary>
    public GuardKinds Guards { get; set; }

    public uint SpecCtrl { get; set; }

    public Mfn OwnRoot { get; set; } = Mfn.Invalid;

    public bool IsGuestIsolated { get; set; }

    /// <summary>vcpu_info of the vCPU that is loaded; does not exist if none is.</summary>
    public SharedArea VcpuInfo { get; set; }

    // ---- registers

    /// <summary>CR0 as the boot code leaves it.</summary>
    public ulong Cr0 { get; private set; } = 0x8005_0033;

    public ulong Cr2 { get; set; }

    public ulong Cr3 { get; private set; }

    public ulong Cr4 { get; private set; } = 0x6a0;

    public ulong Efer => Msrs.Read(Msr.Efer);

    public ulong Xcr0 { get; set; } = 1;

    /// <summary>EFLAGS.IF.</summary>
    public bool InterruptsEnabled { get; private set; }

    /// <summary>DR0 to DR7.</summary>
    public ulong[] DebugRegisters { get; } = [0, 0, 0, 0, 0, 0, 0xffff_0ff0, 0x400];

    /// <summary>x87, SSE and later registers, as XSAVE lays them out.</summary>
    public byte[] VectorRegisters { get; } = new byte[4096];

    /// <summary>CPUID answers by leaf and sub-leaf. A leaf without an entry answers zeros.</summary>
    public Dictionary<(uint Leaf, uint Subleaf), CpuidResult> Cpuid { get; } = CpuidModel.Default();

    /// <summary>Makes this thread this CPU until the scope ends.</summary>
    public Scope Enter()
    {
        var scope = new Scope(s_current);
        s_current = this;
        return scope;
    }

    /// <summary>MOV to CR0. A change of PG or WP drops translations (SDM vol. 3, 4.10.4.1).</summary>
    public void WriteCr0(ulong value)
    {
        ulong changed = Cr0 ^ value;
        Cr0 = value;
        if ((changed & (global::Xenith.Machine.Cr0.Paging | global::Xenith.Machine.Cr0.WriteProtect)) != 0)
            Tlb.FlushAll();
    }

    /// <summary>MOV to CR3: drops all translations but global ones.</summary>
    public void WriteCr3(ulong value)
    {
        if ((Cr4 & global::Xenith.Machine.Cr4.Pcid) != 0)
            throw new NotSupportedException("the simulated CPU has no process-context identifiers");
        if ((value & ~0x000f_ffff_ffff_f018UL) != 0)
            throw SimulatedFault.Protection($"CR3 = 0x{value:x}");
        Cr3 = value;
        Tlb.FlushNonGlobal();
    }

    /// <summary>MOV to CR4. A change of PGE, PSE, PAE or SMEP drops everything.</summary>
    public void WriteCr4(ulong value)
    {
        const ulong flushing = global::Xenith.Machine.Cr4.GlobalPages | global::Xenith.Machine.Cr4.PageSizeExtension | global::Xenith.Machine.Cr4.PhysicalAddressExtension | global::Xenith.Machine.Cr4.Smep;
        ulong changed = Cr4 ^ value;
        Cr4 = value;
        if ((changed & flushing) != 0)
            Tlb.FlushAll();
    }

    /// <summary>STI and CLI. Waiting interrupts are taken at once when they become possible.</summary>
    public void SetInterrupts(bool enabled)
    {
        InterruptsEnabled = enabled;
        if (enabled)
            TakeInterrupts();
    }

    /// <summary>Takes interrupts that wait, if the CPU may. Called after time has passed.</summary>
    public void TakeInterrupts()
    {
        while (InterruptsEnabled && Machine.Entries.Interrupt is { } entry && LocalApic.TryAccept(out byte vector))
        {
            var frame = new GuestFrame { Vector = vector, Cs = Selectors.HypervisorCode, Rflags = Rflags.AlwaysOne | Rflags.Interrupt };
            InterruptsEnabled = false;
            bool served = IsServingGuest;
            IsServingGuest = false;
            entry(ref frame);
            IsServingGuest = served;
            InterruptsEnabled = true;
        }
    }

    /// <summary>
    /// Takes interrupts that wait, wherever the CPU is: in the hypervisor if it may, in a guest and back to it, or asleep and back to sleep.
    /// </summary>
    internal void TakeInterruptsAnywhere()
    {
        TakeNmi();
        if (IsStopped)
            return;
        if (IsInHypervisor)
            TakeInterrupts();
        else if (IsAsleep)
        {
            InterruptsEnabled = true;
            TakeInterrupts();
            InterruptsEnabled = false;
        }
        else if (Context is not null && LocalApic.HasDeliverable)
            InterruptGuest();
    }

    /// <summary>STI; HLT; CLI: time runs to the next event that interrupts this CPU. On a machine with several the CPU leaves off here, and goes the way out anew when the test says so.</summary>
    public void WaitForInterrupt()
    {
        while (!LocalApic.HasDeliverable)
        {
            if (Id != 0)
                throw new FallsAsleep();
            if (Machine.Clock.Next is not { } next)
                throw new SleepsForEver();
            Machine.Clock.Advance(next > Machine.Clock.Now ? next - Machine.Clock.Now : 0);
        }

        SetInterrupts(true);
        InterruptsEnabled = false;
    }

    /// <summary>The time during which a thread is a CPU.</summary>
    public readonly struct Scope(SimulatedCpu? before) : IDisposable
    {
        public void Dispose() => s_current = before;
    }
}
