// What Credit promises, on a virtual clock.

using Xenith.Hypervisor;
using Xenith.Hypervisor.Scheduling;
using Xunit;

namespace Xenith.Tests.Scheduling;

public sealed class CreditTests
{
    private const ulong Millisecond = 1_000_000, Second = 1_000 * Millisecond;

    [Fact]
    public void Weights_256_and_512_share_1000_credits_as_333_and_667()
    {
        ulong credits = 1000, weights = 256 + 512;
        Assert.Equal(333UL, CreditShares.Take(ref credits, ref weights, 256));
        Assert.Equal(667UL, CreditShares.Take(ref credits, ref weights, 512));
        Assert.Equal((0UL, 0UL), (credits, weights));
    }

    [Fact]
    public void The_slice_the_rate_limit_and_the_weight_are_Xens_unless_set()
    {
        using var pool = new VirtualPool(1);
        Assert.Equal((30u, 1000u, 0u), (pool.Scheduler.SliceMilliseconds, pool.Scheduler.RateLimitMicroseconds, pool.Scheduler.MigrationDelayMicroseconds));
        DomainParameters parameters = pool.Scheduler.ParametersOf(pool.Scheduler.CreateDomain(1));
        Assert.Equal((256u, 0u), (parameters.Weight, parameters.Cap));
    }

    [Theory]
    [InlineData(0, 1000, 0)]
    [InlineData(1001, 1000, 0)]
    [InlineData(30, 99, 0)]
    [InlineData(30, 500_001, 0)]
    [InlineData(1, 1001, 0)]
    [InlineData(30, 1000, 100_001)]
    public void Parameters_out_of_range_are_refused(uint slice, uint rateLimit, uint delay)
    {
        using var pool = new VirtualPool(1);
        Assert.Equal(XenError.Invalid, pool.Scheduler.SetParameters(slice, rateLimit, delay));
        Assert.Equal((30u, 1000u), (pool.Scheduler.SliceMilliseconds, pool.Scheduler.RateLimitMicroseconds));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(65536, 0)]
    public void Weights_out_of_range_are_refused(uint weight, uint cap)
    {
        using var pool = new VirtualPool(1);
        SchedulingDomain domain = pool.Domain(1);
        Assert.Equal(XenError.Invalid, pool.Scheduler.Adjust(domain, new DomainParameters { Weight = weight, Cap = cap }));
        Assert.Equal(256u, pool.Scheduler.ParametersOf(domain).Weight);
    }

    [Theory]
    [InlineData(1, 256, 512, 1)]
    [InlineData(1, 1000, 2000, 1)]
    [InlineData(1, 1, 1, 1)]
    [InlineData(1, 256, 2560, 1)]
    [InlineData(2, 256, 512, 2)]
    [InlineData(4, 256, 512, 4)]
    [InlineData(4, 512, 512, 6)]
    public void Domains_share_the_CPUs_by_weight(int cpus, uint first, uint second, int units)
    {
        using var pool = new VirtualPool(cpus);
        SchedulingDomain a = pool.Domain(1, first), b = pool.Domain(2, second);
        for (int i = 0; i < units; i++)
        {
            pool.Wake(pool.Task(a, $"a{i}"));
            pool.Wake(pool.Task(b, $"b{i}"));
        }
        pool.Run(60 * Second);
        double share = Part(pool, "a");
        Assert.InRange(share, (double)first / (first + second) - 0.01, (double)first / (first + second) + 0.01);
        Assert.Equal(0UL, pool.IdleTime);
    }

    [Fact]
    public void Three_equal_hogs_on_two_CPUs_get_two_thirds_each()
    {
        using var pool = new VirtualPool(2);
        for (uint i = 0; i < 3; i++)
            pool.Wake(pool.Task(pool.Domain(i), $"{i}"));
        pool.Run(60 * Second);
        foreach (VirtualTask task in pool.Tasks)
            Assert.InRange(task.Ran / (2.0 * 60 * Second), 0.323, 0.343);
    }

    [Fact]
    public void A_domain_that_sleeps_much_leaves_its_share_to_the_others_by_their_weights()
    {
        using var pool = new VirtualPool(1);
        pool.Wake(pool.Task(pool.Domain(1, 256), "light", pattern: () => (1 * Millisecond, 19 * Millisecond)));
        pool.Wake(pool.Task(pool.Domain(2, 256), "a"));
        pool.Wake(pool.Task(pool.Domain(3, 512), "b"));
        pool.Run(120 * Second);
        Assert.Equal(0UL, pool.IdleTime);
        Assert.InRange(Part(pool, "light"), 0.045, 0.051);
        Assert.InRange(Part(pool, "b") / Part(pool, "a"), 1.9, 2.1);
    }

    [Theory]
    [InlineData(1, 50)]
    [InlineData(1, 10)]
    [InlineData(2, 150)]
    [InlineData(4, 25)]
    public void A_cap_holds_on_an_idle_machine(int units, uint cap)
    {
        using var pool = new VirtualPool(4);
        SchedulingDomain domain = pool.Domain(1, cap: cap);
        for (int i = 0; i < units; i++)
            pool.Wake(pool.Task(domain, $"capped{i}", (uint)i % 4));
        pool.Run(30 * Second);
        double percent = pool.Tasks.Sum(task => (double)task.Ran) / (30 * Second) * 100;
        Assert.InRange(percent, cap * 0.98, cap * 1.02);
    }

    [Fact]
    public void A_cap_can_be_lifted_and_set_while_running()
    {
        using var pool = new VirtualPool(1);
        SchedulingDomain domain = pool.Domain(1, cap: 20);
        VirtualTask task = pool.Task(domain, "task");
        pool.Wake(task);
        pool.Run(3 * Second);
        pool.Scheduler.Adjust(domain, new DomainParameters { Weight = 256, Cap = 0 });
        ulong before = task.Ran;
        pool.Run(3 * Second);
        Assert.InRange(task.Ran - before, 295 * Second / 100, 3 * Second);
        pool.Scheduler.Adjust(domain, new DomainParameters { Weight = 256, Cap = 40 });
        before = task.Ran;
        pool.Run(3 * Second);
        Assert.InRange((task.Ran - before) / (3.0 * Second), 0.39, 0.42);
    }

    [Fact]
    public void Who_wakes_with_credits_left_runs_within_the_rate_limit_however_busy_the_CPU_is()
    {
        using var pool = new VirtualPool(1);
        for (uint i = 0; i < 4; i++)
            pool.Wake(pool.Task(pool.Domain(i), $"hog{i}"));
        VirtualTask sleeper = pool.Task(pool.Domain(9), "sleeper", pattern: () => (200_000, 7 * Millisecond));
        pool.Wake(sleeper);
        // At first all have just woken.
        pool.Run(1 * Second);
        (sleeper.WorstLatency, sleeper.Ran) = (0, 0);
        pool.Run(20 * Second);
        Assert.InRange(sleeper.WorstLatency, 0UL, 1 * Millisecond);
        Assert.InRange(sleeper.Ran, 500 * Millisecond, 600 * Millisecond);
    }

    [Fact]
    public void Nobody_is_interrupted_before_the_rate_limit()
    {
        using var pool = new VirtualPool(1);
        Assert.Equal(XenError.None, pool.Scheduler.SetParameters(30, 5000, 0));
        VirtualTask hog = pool.Task(pool.Domain(1), "hog");
        VirtualTask sleeper = pool.Task(pool.Domain(2), "sleeper", pattern: () => (100_000, 1 * Millisecond));
        pool.Wake(hog);
        pool.Wake(sleeper);
        ulong began = 0;
        VirtualTask? last = null;
        var runs = new List<ulong>();
        pool.Check = () =>
        {
            VirtualTask? now = pool.Running(0);
            if (now == last)
                return;
            if (last == hog)
                runs.Add(pool.Now - began);
            (last, began) = (now, pool.Now);
        };
        pool.Run(2 * Second);
        Assert.True(runs.Count > 50, $"{runs.Count} runs");
        Assert.All(runs, run => Assert.InRange(run, 5 * Millisecond, ulong.MaxValue));
    }

    [Fact]
    public void A_slice_ends_after_30_ms_if_another_waits()
    {
        using var pool = new VirtualPool(1);
        pool.Wake(pool.Task(pool.Domain(1), "a"));
        pool.Wake(pool.Task(pool.Domain(2), "b"));
        int switches = 0;
        VirtualTask? last = null;
        pool.Check = () => (switches, last) = (switches + (pool.Running(0) != last ? 1 : 0), pool.Running(0));
        pool.Run(3 * Second);
        Assert.InRange(switches, 95, 160);
    }

    [Fact]
    public void Yield_lets_another_run_even_one_in_debt()
    {
        using var pool = new VirtualPool(1);
        VirtualTask a = pool.Task(pool.Domain(1, 65535), "a"), b = pool.Task(pool.Domain(2, 1), "b");
        pool.Wake(a);
        pool.Wake(b);
        pool.Run(1 * Second);
        while (pool.Running(0) != a)
            pool.Run(Millisecond);
        pool.Yield(0);
        pool.Run(1);
        Assert.Equal(b, pool.Running(0));
        pool.Run(50 * Millisecond);
        Assert.Equal(a, pool.Running(0));
    }

    [Fact]
    public void Yield_with_nobody_waiting_changes_nothing()
    {
        using var pool = new VirtualPool(1);
        VirtualTask only = pool.Task(pool.Domain(1), "only");
        pool.Wake(only);
        pool.Run(Millisecond);
        pool.Yield(0);
        pool.Run(Millisecond);
        Assert.Equal(only, pool.Running(0));
        Assert.Equal(0UL, pool.IdleTime);
    }

    [Fact]
    public void Idle_CPUs_take_waiting_work()
    {
        using var pool = new VirtualPool(4);
        for (uint i = 0; i < 4; i++)
            pool.Wake(pool.Task(pool.Domain(i), $"{i}", cpu: 0));
        pool.Run(Second);
        Assert.Equal(0UL, pool.IdleTime);
        Assert.All(pool.Tasks, task => Assert.Equal(Second, task.Ran));
    }

    [Fact]
    public void The_nearest_CPU_takes_work_first()
    {
        using var pool = new VirtualPool(4, (cpu, other) => cpu / 2 == other / 2 ? 10u : 20u);
        pool.Run(Millisecond);
        VirtualTask a = pool.Task(pool.Domain(1), "a", cpu: 3), b = pool.Task(pool.Domain(2), "b", cpu: 3);
        pool.Wake(a);
        pool.Wake(b);
        pool.Run(Millisecond);
        Assert.Equal([2, 3], new[] { a.On, b.On }.Order());
    }

    [Fact]
    public void Hard_affinity_is_never_broken_while_one_of_its_CPUs_is_there()
    {
        using var pool = new VirtualPool(4);
        VirtualTask a = pool.Task(pool.Domain(1), "a", cpu: 1, hard: CpuSet.Of(1)), b = pool.Task(pool.Domain(2), "b", cpu: 1, hard: CpuSet.Of(1));
        pool.Wake(a);
        pool.Wake(b);
        pool.Run(10 * Second);
        Assert.Equal((CpuSet.Of(1).Next(0), 1), (a.Visited.Next(0), a.Visited.Count));
        Assert.InRange(a.Ran / (10.0 * Second), 0.49, 0.51);
        Assert.Equal(30 * Second, pool.IdleTime);
        pool.SetAffinity(a, CpuSet.Of(3));
        ulong before = a.Ran;
        pool.Run(Second);
        Assert.Equal((3, Second), (a.On, a.Ran - before));
        pool.RemoveCpu(3);
        before = a.Ran;
        pool.Run(Second);
        Assert.Equal(Second, a.Ran - before);
        Assert.NotEqual(3, a.On);
    }

    [Fact]
    public void Soft_affinity_is_followed_when_a_CPU_of_it_is_free_and_else_not()
    {
        using var pool = new VirtualPool(2);
        VirtualTask a = pool.Task(pool.Domain(1), "a", cpu: 0, hard: CpuSet.Of(0));
        VirtualTask b = pool.Task(pool.Domain(2), "b", cpu: 0, soft: CpuSet.Of(0));
        pool.Wake(a);
        pool.Wake(b);
        pool.Run(Second);
        Assert.Equal(0UL, pool.IdleTime);
        Assert.Equal(1, b.On);
        pool.Sleep(a);
        pool.Run(Second);
        Assert.Equal(0, b.On);
    }

    [Fact]
    public void A_CPU_whose_clock_lags_behind_takes_work_all_the_same()
    {
        using var pool = new VirtualPool(2);
        VirtualTask a = pool.Task(pool.Domain(1), "a"), b = pool.Task(pool.Domain(2), "b");
        pool.Scheduler.RemoveCpu(1);
        pool.Wake(a);
        pool.Wake(b);
        pool.Run(Second);
        pool.AddCpu(1);
        using (pool.Scheduler.LockOf(1).EnterInterruptSafe())
        {
            Decision decision = pool.Scheduler.Choose(1, pool.Now - 500 * Millisecond, Leaving.Sleeps);
            Assert.NotNull(decision.Next);
        }
    }

    [Fact]
    public void Who_has_just_run_is_left_alone_for_the_migration_delay()
    {
        using var pool = new VirtualPool(2);
        Assert.Equal(XenError.None, pool.Scheduler.SetParameters(30, 1000, 50_000));
        VirtualTask a = pool.Task(pool.Domain(1), "a", hard: CpuSet.Of(0)), b = pool.Task(pool.Domain(2), "b");
        pool.Run(Second);
        pool.Wake(b);
        pool.Run(10 * Millisecond);
        pool.Wake(a);
        pool.Run(45 * Millisecond);
        Assert.True(b.Visited.Count == 1, "it ran on CPU 0 less than 50 ms ago");
    }

    [Fact]
    public void The_dump_shows_parameters_and_queues()
    {
        using var pool = new VirtualPool(2);
        pool.Wake(pool.Task(pool.Domain(1), "a"));
        pool.Run(Second);
        string text = Log.Of(log => pool.Scheduler.Dump(log, pool.Now));
        Assert.Contains("\ttslice             = 30ms", text);
        Assert.Contains("\tcredits per msec   = 10", text);
        Assert.Contains("\tcredit             = 600", text);
        Assert.Contains("CPU[00] nr_run=1", text);
        Assert.Contains("\trun: [1.0] pri=-", text);
    }

    private static double Part(VirtualPool pool, string prefix) =>
        pool.Tasks.Where(task => task.Name.StartsWith(prefix, StringComparison.Ordinal)).Sum(task => (double)task.Ran) / pool.Tasks.Sum(task => (double)task.Ran);
}
