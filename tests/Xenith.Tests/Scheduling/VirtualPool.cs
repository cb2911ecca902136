// A pool of CPUs on a virtual clock around a real scheduler: tasks run, sleep and wake, timers fire, and CPUs choose when they are poked. Exact to the nanosecond and the same every time.

using Xenith.Hypervisor;
using Xenith.Hypervisor.Scheduling;
using Xenith.Machine.Simulation;
using Xunit;

namespace Xenith.Tests.Scheduling;

/// <summary>One vCPU's program: so long it runs, so long it sleeps, again and again.</summary>
internal sealed class VirtualTask(string name, SchedulingUnit unit)
{
    public string Name => name;

    public SchedulingUnit Unit => unit;

    /// <summary>The next burst and the sleep after it. A hog never sleeps.</summary>
    public Func<(ulong Run, ulong Sleep)>? Pattern { get; init; }

    public bool IsRunnable { get; set; }

    public int? On { get; set; }

    public ulong Ran { get; set; }

    public ulong RunLeft { get; set; } = ulong.MaxValue;

    public ulong SleepNext { get; set; }

    public ulong WakesAt { get; set; } = ulong.MaxValue;

    public ulong WokeAt { get; set; }

    /// <summary>Longest time from a wake to running.</summary>
    public ulong WorstLatency { get; set; }

    public int Yields { get; set; }

    /// <summary>CPUs that it has run on.</summary>
    public CpuSet Visited;
}

/// <summary>The pool.</summary>
internal sealed class VirtualPool : SchedulingMachine, IDisposable
{
    private readonly SimulatedMachine _machine = new();
    private readonly SimulatedCpu.Scope _scope;
    private readonly VirtualTask?[] _running;
    private readonly ulong[] _until;
    private readonly bool[] _poked;
    private readonly bool[] _yielding;
    private readonly ulong[] _startedAt;

    public VirtualPool(int cpus, Func<uint, uint, uint>? distance = null)
    {
        _scope = _machine.Cpus[0].Enter();
        DistanceOf = distance;
        _running = new VirtualTask?[cpus];
        _until = new ulong[cpus];
        _poked = new bool[cpus];
        _yielding = new bool[cpus];
        _startedAt = new ulong[cpus];
        Scheduler = new Credit(this);
        for (uint cpu = 0; cpu < cpus; cpu++)
        {
            Scheduler.CreateCpu(cpu);
            AddCpu(cpu);
        }
    }

    public Credit Scheduler { get; }

    /// <summary>CPUs that run tasks.</summary>
    public CpuSet Online { get; private set; }

    public ulong Now { get; private set; } = 1_000_000;

    public List<VirtualTask> Tasks { get; } = [];

    public ulong IdleTime { get; private set; }

    /// <summary>Called after every step.</summary>
    public Action? Check { get; set; }

    private Func<uint, uint, uint>? DistanceOf { get; }

    public override void Poke(uint cpu) => _poked[cpu] = true;

    public override uint Distance(uint cpu, uint other) => DistanceOf?.Invoke(cpu, other) ?? base.Distance(cpu, other);

    public VirtualTask? Running(int cpu) => _running[cpu];

    public SchedulingDomain Domain(uint id, uint weight = 256, uint cap = 0)
    {
        SchedulingDomain domain = Scheduler.CreateDomain(id);
        Assert.Equal(XenError.None, Scheduler.Adjust(domain, new DomainParameters { Weight = weight, Cap = cap }));
        return domain;
    }

    public VirtualTask Task(SchedulingDomain domain, string name, uint cpu = 0, CpuSet? hard = null, CpuSet? soft = null, Func<(ulong, ulong)>? pattern = null)
    {
        SchedulingUnit unit = Scheduler.CreateUnit(domain, (uint)Tasks.Count, cpu);
        unit.HardAffinity = hard ?? CpuSet.All;
        unit.SoftAffinity = soft ?? CpuSet.All;
        var task = new VirtualTask(name, unit) { Pattern = pattern };
        Tasks.Add(task);
        return task;
    }

    public void Wake(VirtualTask task)
    {
        task.IsRunnable = true;
        task.WokeAt = Now;
        task.WakesAt = ulong.MaxValue;
        if (task.Pattern is { } pattern && (task.RunLeft == ulong.MaxValue || task.RunLeft == 0))
            (task.RunLeft, task.SleepNext) = pattern();
        bool placed;
        using (Scheduler.LockUnit(task.Unit))
            placed = Scheduler.Wake(task.Unit, Now);
        if (!placed)
            Scheduler.Place(task.Unit, Now);
    }

    public void Sleep(VirtualTask task)
    {
        task.IsRunnable = false;
        using (Scheduler.LockUnit(task.Unit))
            Scheduler.Sleep(task.Unit);
    }

    public void Yield(int cpu)
    {
        if (_running[cpu] is not { } task)
            return;
        task.Yields++;
        _yielding[cpu] = true;
        _poked[cpu] = true;
    }

    /// <summary>Makes a running or waiting task keep to other CPUs from now on.</summary>
    public void SetAffinity(VirtualTask task, CpuSet hard)
    {
        Scheduler.SetAffinity(task.Unit, hard, CpuSet.All, Now);
        Settle();
    }

    /// <summary>A CPU joins, as <see cref="Hypervisor.Scheduling.ContextSwitch"/> has it: before it chooses.</summary>
    public void AddCpu(uint cpu)
    {
        CpuSet online = Online;
        online.Add(cpu);
        Online = online;
        Scheduler.AddCpu(cpu, Now);
        Poke(cpu);
    }

    /// <summary>A CPU leaves, as <see cref="Hypervisor.Power.CpuHotplug"/> has it: nothing new comes to it, what waits goes elsewhere, then what runs does.</summary>
    public void RemoveCpu(uint cpu)
    {
        CpuSet online = Online;
        online.Remove(cpu);
        Online = online;
        Scheduler.RemoveCpu(cpu);
        while (true)
        {
            SchedulingUnit? unit;
            using (Scheduler.LockOf(cpu).EnterInterruptSafe())
                unit = Scheduler.TakeAny(cpu);
            if (unit is null)
                break;
            Scheduler.Place(unit, Now);
        }
        Poke(cpu);
        Settle();
    }

    /// <summary>Lets time pass.</summary>
    public void Run(ulong nanoseconds)
    {
        ulong end = Now + nanoseconds;
        Settle();
        while (true)
        {
            ulong next = Math.Min(NextEvent(), end);
            Advance(next);
            if (next == end)
                break;
            Fire();
            Settle();
        }
        Settle();
    }

    public void Dispose()
    {
        _scope.Dispose();
        _machine.Dispose();
    }

    private ulong NextEvent()
    {
        ulong next = ulong.MaxValue;
        for (int cpu = 0; cpu < _running.Length; cpu++)
        {
            next = Math.Min(next, _until[cpu]);
            if (_running[cpu] is { RunLeft: not ulong.MaxValue } task)
                next = Math.Min(next, Now + task.RunLeft);
        }
        foreach (VirtualTask task in Tasks)
            next = Math.Min(next, task.WakesAt);
        return Math.Max(next, Now);
    }

    private void Advance(ulong to)
    {
        ulong passed = to - Now;
        for (int cpu = 0; cpu < _running.Length; cpu++)
        {
            if (_running[cpu] is not { } task)
            {
                IdleTime += passed;
                continue;
            }
            task.Ran += passed;
            if (task.RunLeft != ulong.MaxValue)
                task.RunLeft -= Math.Min(passed, task.RunLeft);
        }
        Now = to;
    }

    private void Fire()
    {
        foreach (VirtualTask task in Tasks)
        {
            if (task.WakesAt <= Now)
                Wake(task);
        }
        for (int cpu = 0; cpu < _running.Length; cpu++)
        {
            if (_running[cpu] is { RunLeft: 0 } task && task.IsRunnable)
            {
                task.IsRunnable = false;
                task.WakesAt = Now + task.SleepNext;
                _poked[cpu] = true;
            }
            if (_until[cpu] <= Now)
                _poked[cpu] = true;
        }
    }

    /// <summary>CPUs that were poked choose, until none is left.</summary>
    private void Settle()
    {
        for (int turns = 0; Array.IndexOf(_poked, true) is >= 0 and var cpu; turns++)
        {
            Assert.True(turns < 10_000, "CPUs poke each other without end");
            _poked[cpu] = false;
            Reschedule(cpu);
        }
        Check?.Invoke();
    }

    private void Reschedule(int cpu)
    {
        VirtualTask? previous = _running[cpu];
        Decision decision;
        using (Scheduler.LockOf((uint)cpu).EnterInterruptSafe())
        {
            Leaving leaving = previous is not { IsRunnable: true } ? Leaving.Sleeps : _yielding[cpu] ? Leaving.Yields : Leaving.Preempted;
            decision = Scheduler.Choose((uint)cpu, Now, leaving);
        }
        _yielding[cpu] = false;
        _until[cpu] = decision.Until;
        Assert.True(decision.Until > Now || decision.TryAgain, "the CPU would have to ask again at once");
        Assert.False(decision.TryAgain, "no lock is held elsewhere");
        VirtualTask? next = Tasks.Find(task => task.Unit == decision.Next);
        if (previous is not null && previous != next)
        {
            previous.On = null;
            _running[cpu] = null;
        }
        if (next is not null && next != previous)
        {
            Assert.Null(next.On);
            next.On = cpu;
            next.Visited.Add((uint)cpu);
            if (next.WokeAt != 0)
                next.WorstLatency = Math.Max(next.WorstLatency, Now - next.WokeAt);
            next.WokeAt = 0;
            _startedAt[cpu] = Now;
        }
        _running[cpu] = next;
        if (decision.Displaced is not null)
            Scheduler.Place(decision.Displaced, Now);
    }
}
