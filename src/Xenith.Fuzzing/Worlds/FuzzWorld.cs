// The world that sequences of calls are made in: a few domains with their vCPUs on a few CPUs, all on one thread. Everything in it follows from the steps: there is no clock but the machine's own, no
// randomness and nothing left from an earlier world, so the same steps end in the same state.

using System;
using System.Runtime.InteropServices;
using Xenith.Fuzzing.Calls;
using Xenith.Fuzzing.Invariants;
using Xenith.Hypervisor;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Scheduling;
using Xenith.Machine;
using Xenith.Machine.Simulation;

namespace Xenith.Fuzzing.Worlds;

/// <summary>What became of a step.</summary>
public enum StepOutcome
{
    /// <summary>Done; a hypercall's result is in <see cref="FuzzWorld.Result"/>.</summary>
    Done,

    /// <summary>The vCPU could not act: it waits, is down, or its domain is no more.</summary>
    Idle,

    /// <summary>A hypercall stopped half-way, to be gone on with later.</summary>
    HalfWay,

    /// <summary>dom0 ended the host, as it may.</summary>
    HostEnded,
}

/// <summary>Domains, vCPUs and CPUs that steps can be made with.</summary>
public sealed partial class FuzzWorld : IDisposable
{
    /// <summary>A call that stops more often than this goes round in a circle.</summary>
    private const int MostRounds = 20_000;

    /// <summary>A wait for another CPU that is longer than this has no end.</summary>
    private const long MostSpins = 1_000_000;

    private readonly WorldMachine _machine;
    private readonly WorldDomain[] _domains;
    private readonly WorldVcpu[] _vcpus;
    private readonly SimulatedCpu.Scope _scope;

    /// <summary>Makes the world of <see cref="FuzzShape.Whole"/>.</summary>
    public FuzzWorld()
    {
        Shape = FuzzShape.Whole;
        _machine = new WorldMachine(Shape.Cpus);
        _scope = _machine.First.Enter();
        Books = new Books(Host);
        Audit = new Audit(this);
        _domains = new WorldDomain[Shape.Domains];
        _vcpus = new WorldVcpu[Shape.Vcpus];
        int made = 0;
        for (int domain = 0; domain < _domains.Length; domain++)
        {
            int count = 0;
            while (made + count < Shape.Vcpus && Shape.DomainOf(made + count) == domain)
                count++;
            _domains[domain] = new WorldDomain(Host, (ushort)domain, (uint)count);
            for (int i = 0; i < count; i++)
                _vcpus[made++] = new WorldVcpu(domain, (uint)i);
        }
        Settle();
    }

    /// <summary>How many domains, vCPUs and CPUs there are.</summary>
    public FuzzShape Shape { get; }

    /// <summary>The machine.</summary>
    public SimulatedMachine Machine => _machine.Simulated;

    /// <summary>The hypervisor.</summary>
    public Host Host => _machine.Host;

    /// <summary>What the last hypercall answered.</summary>
    public long Result { get; private set; }

    /// <summary>A trap of the hypervisor's own in the last step: a bug.</summary>
    public Exception? Trap { get; private set; }

    /// <summary>The last trap of the hypervisor's own on any CPU, whether it came to an end or not.</summary>
    public Exception? LastTrap
    {
        get
        {
            foreach (SimulatedCpu cpu in Machine.Cpus)
            {
                if (cpu.ContainedTrap is { } trap)
                    return trap;
            }
            return null;
        }
    }

    /// <summary>What must hold.</summary>
    public Audit Audit { get; }

    /// <summary>All references to frames, counted anew.</summary>
    internal Books Books { get; }

    /// <summary>A domain by number; null if it is no more.</summary>
    public Domain? DomainOf(int domain)
    {
        Domain made = _domains[domain].Domain;
        return made.Handle.Equals(_domains[domain].Handle) && made.State == DomainState.Alive && !made.IsShutDown ? made : null;
    }

    /// <summary>Makes one step.</summary>
    public StepOutcome Apply(in FuzzStep step)
    {
        Trap = null;
        Result = 0;
        Machine.SpinsLeft = MostSpins;
        try
        {
            StepOutcome outcome = Act(in step);
            Settle();
            return outcome;
        }
        catch (CpuStopped)
        {
            foreach (SimulatedCpu cpu in Machine.Cpus)
                NoteTrap(cpu);
            if (Machine.Com1.Text.Contains("Panic on CPU", StringComparison.Ordinal))
                Trap ??= new InvalidOperationException("the host panicked");
            return StepOutcome.HostEnded;
        }
    }

    /// <summary>Destroys all domains but dom0, in steps as small as can be or as large as can be.</summary>
    public void End(bool hurried)
    {
        Trap = null;
        Machine.SpinsLeft = MostSpins;
        for (int domain = 1; domain < _domains.Length; domain++)
            Destroy(domain, hurried);
        Settle();
    }

    /// <summary>A number that stands for the whole state: memory with frame table and page tables, registers, time. Worlds in which the same happened have the same.</summary>
    public ulong Fingerprint()
    {
        ulong sum = Machine.Clock.Now;
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(Machine.Memory.Bytes(0, (int)Machine.Memory.Size)))
            sum = unchecked((sum ^ word) * 0x9e37_79b9_7f4a_7c15 + 1);
        foreach (SimulatedCpu cpu in Machine.Cpus)
        {
            foreach (ulong word in MemoryMarshal.Cast<GuestFrame, ulong>(new Span<GuestFrame>(ref cpu.Frame)))
                sum = unchecked((sum ^ word) * 0x9e37_79b9_7f4a_7c15 + 1);
        }
        return sum;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _scope.Dispose();
        _machine.Dispose();
    }

    private StepOutcome Act(in FuzzStep step)
    {
        int vcpu = step.Vcpu % _vcpus.Length;
        switch (step.Action)
        {
            case FuzzAction.Time:
                Pass(step.Arguments[0].Bits);
                return StepOutcome.Done;
            case FuzzAction.Destroy:
                if (_vcpus[vcpu].Domain == 0)
                    return StepOutcome.Idle;
                Destroy(_vcpus[vcpu].Domain, (step.Flags & FuzzFlags.Hurry) != 0);
                return StepOutcome.Done;
        }
        if (!TryRun(vcpu, 1 + step.Cpu % Shape.Cpus, out SimulatedCpu cpu))
            return StepOutcome.Idle;
        using (cpu.Enter())
            return Act(in step, _vcpus[vcpu], cpu);
    }

    /// <summary>Time passes for all, and whoever is interrupted by it does what follows.</summary>
    private void Pass(ulong nanoseconds) => Machine.Clock.Advance(Math.Min(nanoseconds, 1UL << 36));

    private void Destroy(int domain, bool hurried)
    {
        Domain made = _domains[domain].Domain;
        if (!made.Handle.Equals(_domains[domain].Handle) || made.State == DomainState.Dead)
            return;
        for (int round = 0; ; round++)
        {
            if (round > MostRounds)
                throw new InvalidOperationException($"domain {domain} does not end");
            // The first CPU serves nobody: what it does here it does as a toolstack's call in dom0 would.
            if (hurried)
                PerCpu.RaiseWork(PendingWork.Deferred);
            StepBudget budget = StepBudget.ForCaller();
            XenError error = DomainLife.Destroy(made, ref budget);
            Settle();
            if (error == XenError.None)
                return;
            if (error != XenError.Restart)
                throw new InvalidOperationException($"domain {domain} cannot be destroyed: {error}");
        }
    }

    /// <summary>Lets every CPU do what waits for it, until nothing does.</summary>
    private void Settle()
    {
        bool busy = true;
        for (int round = 0; busy; round++)
        {
            if (round > 1000)
                throw new InvalidOperationException("the CPUs do not come to rest");
            busy = false;
            for (int id = 1; id <= Shape.Cpus; id++)
            {
                SimulatedCpu cpu = Machine.Cpus[id];
                if (cpu.IsStopped)
                    throw new CpuStopped();
                busy |= cpu.LocalApic.HasDeliverable || (cpu.IsAsleep && cpu.Work != 0);
                cpu.Step();
                NoteTrap(cpu);
            }
            busy |= SettleFirst();
        }
    }

    /// <summary>The first CPU takes its interrupts and does what was put off, as one that idles.</summary>
    private bool SettleFirst()
    {
        SimulatedCpu first = _machine.First;
        bool busy = first.LocalApic.HasDeliverable;
        first.SetInterrupts(true);
        first.SetInterrupts(false);
        busy |= (PerCpu.TakeWork(~(PendingWork.Timer | PendingWork.Deferred)) | PerCpu.Work) != 0;
        LeaveToGuest.DoDeferredWork(Pcpu.Current);
        return busy;
    }

    private void NoteTrap(SimulatedCpu cpu)
    {
        if (cpu.ContainedTrap is { } trap && !ReferenceEquals(trap, _lastTrap))
        {
            _lastTrap = trap;
            Trap ??= trap;
        }
    }

    private Exception? _lastTrap;
}

/// <summary>A vCPU, and the call that it left half-way.</summary>
internal sealed class WorldVcpu(int domain, uint id)
{
    public int Domain { get; } = domain;

    public uint Id { get; } = id;

    /// <summary>The registers that its unfinished call is to be made with again; none if RAX is not set.</summary>
    public GuestFrame Unfinished;

    public bool IsHalfWay { get; set; }
}
