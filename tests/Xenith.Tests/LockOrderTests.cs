// The hosted build checks each lock as it is taken; here the rules are broken on purpose.

using Xenith.Hypervisor;
using Xenith.Machine;
using Xenith.Tests.Memory;
using Xunit;
using SpinLock = Xenith.Hypervisor.SpinLock;

namespace Xenith.Tests;

public sealed class LockOrderTests
{
    [Fact]
    public void Ranks_ascend()
    {
        using var scene = new MemoryScene();
        SpinLock low = new(LockRank.Grants), high = new(LockRank.PageAllocator);
        using (low.Enter())
        {
            high.Enter().Dispose();
            high.EnterInterruptSafe().Dispose();
        }
        Assert.Equal(0, PerCpu.Ledger.Depth);
    }

    [Theory]
    [InlineData(LockRank.Grants, LockRank.Grants)]
    [InlineData(LockRank.PageAllocator, LockRank.Grants)]
    [InlineData(LockRank.Timers, LockRank.Scheduler)]
    public void A_lock_of_the_same_or_a_lower_rank_traps(LockRank held, LockRank wanted)
    {
        using var scene = new MemoryScene();
        SpinLock first = new(held), second = new(wanted);
        Assert.False(scene.Cpu.TryServe(() =>
        {
            using (first.Enter())
                second.Enter().Dispose();
        }));
        Assert.Contains($"rank {(int)wanted} is wanted while rank {(int)held} is held", scene.Machine.Com1.Text, StringComparison.Ordinal);
        // What was held has been let go of.
        first.Enter().Dispose();
    }

    [Fact]
    public void The_order_of_leaving_does_not_matter()
    {
        using var scene = new MemoryScene();
        SpinLock low = new(LockRank.Grants), middle = new(LockRank.EventChannels), high = new(LockRank.PageAllocator);
        SpinLock.Scope first = low.Enter();
        SpinLock.Scope second = middle.Enter();
        first.Dispose();
        high.Enter().Dispose();
        second.Dispose();
        low.Enter().Dispose();
        Assert.Equal(0, PerCpu.Ledger.Depth);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_a_handler_takes_is_not_held_with_interrupts_on(bool handlerFirst)
    {
        using var scene = new MemoryScene();
        SpinLock mixed = new(LockRank.Interrupts);
        if (!handlerFirst)
            TakeWithInterruptsOn(scene, mixed);
        bool inHandler = scene.Cpu.TryServe(() =>
        {
            Pcpu.Current.IsInHandler = true;
            mixed.EnterInterruptSafe().Dispose();
        });
        Pcpu.Current.IsInHandler = false;
        Assert.Equal(handlerFirst, inHandler);
        if (handlerFirst)
            Assert.False(scene.Cpu.TryServe(() => TakeWithInterruptsOn(scene, mixed)));
        Assert.Contains("is taken by handlers and while they can come", scene.Machine.Com1.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_waits_for_another_CPU_holds_nothing_that_handlers_take()
    {
        using var scene = new MemoryScene();
        SpinLock ordinary = new(LockRank.Grants), handlers = new(LockRank.Interrupts);
        LockOrder.CheckWait();

        Pcpu.Current.IsInHandler = true;
        handlers.EnterInterruptSafe().Dispose();
        Pcpu.Current.IsInHandler = false;
        scene.Cpu.SetInterrupts(true);
        using (ordinary.Enter())
            LockOrder.CheckWait();
        Assert.False(scene.Cpu.TryServe(() =>
        {
            using (handlers.EnterInterruptSafe())
                LockOrder.CheckWait();
        }));
        Assert.Contains("waits for another", scene.Machine.Com1.Text, StringComparison.Ordinal);
    }

    private static void TakeWithInterruptsOn(MemoryScene scene, SpinLock taken)
    {
        scene.Cpu.SetInterrupts(true);
        using (taken.Enter())
            scene.Cpu.SetInterrupts(false);
    }
}
