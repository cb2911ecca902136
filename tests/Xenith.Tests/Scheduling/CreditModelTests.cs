// Random schedules, and many CPUs at once, which come and go: whatever happens, nobody is lost, nobody runs twice or where it may not, no CPU idles while somebody could run on it, and the books balance.

using System.Threading;
using Xenith.Hypervisor;
using Xenith.Hypervisor.Scheduling;
using Xenith.Machine.Simulation;
using Xunit;

namespace Xenith.Tests.Scheduling;

public sealed class CreditModelTests
{
    private const ulong Millisecond = 1_000_000;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Random_schedules_keep_their_promises(int start)
    {
        int count = FullCount.Or(250, 10_000);
        for (int seed = start * count; seed < (start + 1) * count; seed++)
            RunRandomly(new Random(seed), seed);
    }

    // Woken for one unit, a CPU had another to run; units that were set aside and come back were offered to the CPU that chose; one that waited when its cap was used up was passed over, and forgotten.
    [Theory]
    [InlineData(19_015)]
    [InlineData(31_884)]
    [InlineData(156_943)]
    [InlineData(166_460)]
    public void Schedules_that_left_a_CPU_idle_once(int seed) => RunRandomly(new Random(seed), seed);

    [Fact]
    public void CPUs_that_choose_at_the_same_time_never_share_a_unit_or_lose_one()
    {
        const int cpus = 4, units = 12;
        int turns = FullCount.Or(2_000, 40_000);
        using var machine = new SimulatedMachine(cpus: cpus);
        var credit = new Credit(new Silent());
        var all = new SchedulingUnit[units];
        var runsOn = new int[units];
        ulong clock = 1;
        using (machine.Cpus[0].Enter())
        {
            for (uint cpu = 0; cpu < cpus; cpu++)
            {
                credit.CreateCpu(cpu);
                credit.AddCpu(cpu, 0);
            }
            SchedulingDomain[] domains = [credit.CreateDomain(1), credit.CreateDomain(2)];
            credit.Adjust(domains[1], new DomainParameters { Weight = 512, Cap = 150 });
            for (uint i = 0; i < units; i++)
                all[i] = credit.CreateUnit(domains[i % 2], i, i % cpus);
        }

        var failures = new List<Exception>();
        var threads = Enumerable.Range(0, cpus).Select(cpu => new Thread(() =>
        {
            try
            {
                using (machine.Cpus[cpu].Enter())
                    Work(credit, all, runsOn, (uint)cpu, turns, ref clock);
            }
            catch (Exception failure)
            {
                lock (failures)
                    failures.Add(failure);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        Assert.Empty(failures);
        using (machine.Cpus[0].Enter())
            Assert.True(credit.BooksBalance(all.Sum(unit => ((CreditUnit)unit).Balance)));
        foreach (CreditUnit unit in all.Cast<CreditUnit>())
            Assert.False(unit.IsRunnable && unit.List is null && runsOn[unit.Id] == 0, $"unit {unit.Id} is lost");
    }

    private static void Work(Credit credit, SchedulingUnit[] all, int[] runsOn, uint cpu, int turns, ref ulong clock)
    {
        var random = new Random((int)cpu);
        SchedulingUnit? current = null;
        for (int turn = 0; turn < turns; turn++)
        {
            if (cpu != 0 && current is null && random.Next(20) == 0)
                LeaveAndComeBack(credit, cpu, random, ref clock);
            ulong now = Interlocked.Add(ref clock, (ulong)random.Next(400_000));
            Decision decision;
            using (credit.LockOf(cpu).EnterInterruptSafe())
            {
                Leaving leaving = current is null || random.Next(3) == 0 ? Leaving.Sleeps : random.Next(4) == 0 ? Leaving.Yields : Leaving.Preempted;
                decision = credit.Choose(cpu, now, leaving);
                if (decision.Next != current)
                {
                    if (current is not null)
                        Assert.Equal((int)cpu + 1, Interlocked.Exchange(ref runsOn[current.Id], 0));
                    if (decision.Next is { } next)
                        Assert.Equal(0, Interlocked.Exchange(ref runsOn[next.Id], (int)cpu + 1));
                }
                current = decision.Next;
            }
            if (decision.Displaced is { } displaced)
                credit.Place(displaced, now);
            SchedulingUnit other = all[random.Next(all.Length)];
            bool placed = true;
            using (credit.LockUnit(other))
            {
                if (random.Next(4) == 0)
                    credit.Sleep(other);
                else
                    placed = credit.Wake(other, now);
            }
            if (!placed)
                credit.Place(other, now);
            if (random.Next(50) == 0)
                credit.SetAffinity(other, random.Next(2) == 0 ? CpuSet.All : CpuSet.Of((uint)random.Next(4)), CpuSet.All, now);
        }
    }

    /// <summary>What a CPU does that goes offline while it has nothing to run, and comes back: see CpuHotplug.</summary>
    private static void LeaveAndComeBack(Credit credit, uint cpu, Random random, ref ulong clock)
    {
        credit.RemoveCpu(cpu);
        while (true)
        {
            SchedulingUnit? unit;
            using (credit.LockOf(cpu).EnterInterruptSafe())
                unit = credit.TakeAny(cpu);
            if (unit is null)
                break;
            credit.Place(unit, Volatile.Read(ref clock));
        }
        for (int spins = random.Next(2_000); spins > 0; spins--)
        {
            using (credit.LockOf(cpu).EnterInterruptSafe())
                Assert.Null(credit.TakeAny(cpu));
        }
        credit.AddCpu(cpu, Volatile.Read(ref clock));
    }

    private static void RunRandomly(Random random, int seed)
    {
        int cpus = random.Next(1, 5);
        using var pool = new VirtualPool(cpus, (cpu, other) => cpu / 2 == other / 2 ? 10u : 20u);
        if (random.Next(3) == 0)
            pool.Scheduler.SetParameters((uint)random.Next(1, 60), (uint)random.Next(100, 1000), 0);
        var domains = Enumerable.Range(1, random.Next(1, 4)).Select(id => pool.Domain((uint)id, (uint)random.Next(1, 2000), random.Next(4) == 0 ? (uint)random.Next(5, 150) : 0)).ToList();
        for (int i = random.Next(1, 8); i > 0; i--)
        {
            Func<(ulong, ulong)>? pattern = random.Next(2) == 0 ? null : () => ((ulong)random.Next(1, 20) * Millisecond / 4, (ulong)random.Next(1, 20) * Millisecond);
            pool.Task(domains[random.Next(domains.Count)], $"{i}", (uint)random.Next(cpus), RandomSet(random, cpus), RandomSet(random, cpus), pattern);
        }
        pool.Check = () => CheckPool(pool, cpus, seed);
        for (int step = 0; step < 12; step++)
        {
            VirtualTask task = pool.Tasks[random.Next(pool.Tasks.Count)];
            uint changing = (uint)random.Next(cpus);
            switch (random.Next(8))
            {
                case 0 or 1 when !task.IsRunnable:
                    pool.Wake(task);
                    break;
                case 2 when task.IsRunnable:
                    pool.Sleep(task);
                    break;
                case 3:
                    pool.Yield(random.Next(cpus));
                    break;
                case 4:
                    pool.SetAffinity(task, RandomSet(random, cpus) ?? CpuSet.All);
                    break;
                case 5:
                    pool.Scheduler.Adjust(domains[random.Next(domains.Count)], new DomainParameters { Weight = (uint)random.Next(1, 2000), Cap = random.Next(3) == 0 ? (uint)random.Next(5, 150) : 0 });
                    break;
                case 6 when pool.Online.Count > 1 && pool.Online.Contains(changing):
                    pool.RemoveCpu(changing);
                    break;
                case 7 when !pool.Online.Contains(changing):
                    pool.AddCpu(changing);
                    break;
            }
            pool.Run((ulong)random.Next(1, 40) * Millisecond / 2);
        }
    }

    private static CpuSet? RandomSet(Random random, int cpus)
    {
        if (random.Next(2) == 0)
            return null;
        CpuSet set = default;
        for (uint cpu = 0; cpu < cpus; cpu++)
        {
            if (random.Next(2) == 0)
                set.Add(cpu);
        }
        return set.IsEmpty ? null : set;
    }

    private static void CheckPool(VirtualPool pool, int cpus, int seed)
    {
        foreach (VirtualTask task in pool.Tasks)
        {
            var unit = (CreditUnit)task.Unit;
            Assert.True(task.IsRunnable == (task.On is not null || unit.List is not null), $"seed {seed}: task {task.Name} is runnable: {task.IsRunnable}, on {task.On}, in a queue: {unit.List is not null}");
            Assert.False(task.On is not null && unit.List is not null, $"seed {seed}: task {task.Name} runs and waits");
            CpuSet allowed = pool.Online.And(unit.HardAffinity);
            if (allowed.IsEmpty)
                allowed = pool.Online;
            Assert.True(task.On is not { } on || allowed.Contains((uint)on), $"seed {seed}: task {task.Name} runs on CPU {task.On}, where it may not");
            Assert.True(unit.List is null || allowed.Contains(unit.Cpu), $"seed {seed}: task {task.Name} waits for CPU {unit.Cpu}, where it may not run");
            bool parked = unit.Domain.Cap != 0 && unit.Domain.Budget <= 0;
            int idle = Enumerable.Range(0, cpus).FirstOrDefault(cpu => pool.Running(cpu) is null && allowed.Contains((uint)cpu), -1);
            Assert.True(unit.List is null || parked || idle < 0, $"seed {seed}: task {task.Name} waits for CPU {unit.Cpu} while CPU {idle} idles; now {pool.Now}");
        }
        Assert.True(pool.Scheduler.BooksBalance(pool.Tasks.Sum(task => ((CreditUnit)task.Unit).Balance)), $"seed {seed}: the books do not balance");
    }

    private sealed class Silent : SchedulingMachine
    {
        public override void Poke(uint cpu)
        {
        }
    }
}
