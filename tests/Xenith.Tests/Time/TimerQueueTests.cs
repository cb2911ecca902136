// Timers of two CPUs: their order, moving them from one CPU to the other, and taking them back, wherever they wait.

using Xenith.Hypervisor.Time;
using Xenith.Tests.Hypercalls;
using Xunit;
using Timer = Xenith.Hypervisor.Time.Timer;

namespace Xenith.Tests.Time;

public sealed class TimerQueueTests
{
    [Fact]
    public void Timers_expire_in_the_order_of_their_moments()
    {
        using GuestScene guest = new(cpus: 2);
        TimerQueue queue = guest.Host.Pcpus.Find(1)!.Timers;
        List<int> expired = [];
        Note[] timers = [.. Enumerable.Range(0, 5).Select(i => new Note(expired, i))];
        ulong[] moments = [50, 20, 40, 20, 30];
        for (int i = 0; i < 5; i++)
            queue.Set(timers[i], moments[i]);
        Assert.Equal(20UL, queue.NextDeadline);
        queue.Set(timers[4], 10);
        queue.Cancel(timers[2]);
        queue.Cancel(timers[2]);
        queue.RunDue(20);
        Assert.Equal([4, 1, 3], expired);
        Assert.Equal(50UL, queue.NextDeadline);
        queue.RunDue(49);
        queue.RunDue(50);
        Assert.Equal([4, 1, 3, 0], expired);
        Assert.Equal(ulong.MaxValue, queue.NextDeadline);
    }

    [Fact]
    public void A_timer_waits_on_one_CPU_only()
    {
        using GuestScene guest = new(cpus: 2);
        TimerQueue here = guest.Pcpu.Timers, there = guest.Host.Pcpus.Find(1)!.Timers;
        List<int> expired = [];
        Note timer = new(expired, 1), other = new(expired, 2);
        there.Set(timer, 100);
        there.Set(other, 200);
        // Set elsewhere: it is no longer there.
        here.Set(timer, 300);
        there.RunDue(250);
        Assert.Equal([2], expired);
        // Brought over with its moment; bringing what is here already, or set nowhere, changes nothing.
        there.Bring(timer);
        there.Bring(timer);
        there.Bring(other);
        here.RunDue(1000);
        Assert.Equal([2], expired);
        Assert.Equal(300UL, there.NextDeadline);
        // Taken back from the other CPU's queue.
        here.Cancel(timer);
        there.RunDue(1000);
        Assert.Equal([2], expired);
    }

    [Fact]
    public void The_timers_of_a_CPU_that_leaves_go_on_elsewhere()
    {
        using GuestScene guest = new(cpus: 2);
        TimerQueue here = guest.Pcpu.Timers, there = guest.Host.Pcpus.Find(1)!.Timers;
        here.RunDue(ulong.MaxValue - 1);
        List<int> expired = [];
        for (int i = 0; i < 4; i++)
            there.Set(new Note(expired, i), 1_000_000UL * (ulong)(4 - i));
        here.TakeOver(there);
        Assert.Equal((ulong.MaxValue, 1_000_000UL), (there.NextDeadline, here.NextDeadline));
        here.Dump(guest.Host.Log, 2_000_000);
        Assert.Contains("ex=           0us timer=note 3", guest.Printed, StringComparison.Ordinal);
        Assert.Contains("ex=        2000us timer=note 0", guest.Printed, StringComparison.Ordinal);
        here.RunDue(4_000_000);
        Assert.Equal([3, 2, 1, 0], expired);
    }

    private sealed class Note(List<int> expired, int number) : Timer
    {
        public override string Name => $"note {number}";

        public override void Expire(ulong now) => expired.Add(number);
    }
}
