// The page allocator against a model that is a set of free frames: random allocations of all sizes and limits, frees in pieces, and scrubbing.

using CsCheck;
using Xenith.Hypervisor;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;
using Xunit;

namespace Xenith.Tests.Memory;

public sealed class PageAllocatorModelTests
{
    internal sealed record Step(int Operation, int Order, int Bits, int Choice);

    private static readonly Gen<Step> AnyStep =
        Gen.Select(Gen.Int[0, 6], Gen.Int[0, 9], Gen.Int[20, 26], Gen.Int[0, 1000], (operation, order, bits, choice) => new Step(operation, order, bits, choice));

    [Fact]
    public void It_hands_out_each_frame_once_zeroed_and_merges_what_comes_back() =>
        AnyStep.Array[1, 80].Sample(steps =>
        {
            using var scene = new MemoryScene();
            var model = new Model(scene.Memory.Allocator, scene.FrameTable, scene.Vcpu);
            foreach (Step step in steps)
                model.Do(step);
            model.FreeAll();
            return model.IsWhole();
        }, iter: 200, threads: 1);

    [Fact]
    public void A_double_free_a_foreign_frame_and_a_frame_with_an_owner_trap()
    {
        using var scene = new MemoryScene();
        PageAllocator allocator = scene.Memory.Allocator;
        Assert.True(allocator.TryAllocate(1, AllocationFlags.None, out Mfn block));
        allocator.Free(block, 0);
        Assert.False(scene.Cpu.TryServe(() => allocator.Free(block, 0)));
        Assert.False(scene.Cpu.TryServe(() => allocator.Free(block, 1)));
        Assert.False(scene.Cpu.TryServe(() => allocator.Free(new Mfn(0x200), 0)));
        Mfn owned = scene.NewFrame();
        Assert.False(scene.Cpu.TryServe(() => allocator.Free(owned, 0)));
        Assert.Equal(0, PerCpu.Ledger.Depth);
        allocator.Free(block.Plus(1), 0);
        Assert.Equal(scene.TotalFrames - 1, allocator.FreeFrames);
    }

    [Fact]
    public void A_claim_is_kept_free_for_its_domain()
    {
        using var scene = new MemoryScene();
        PageAllocator allocator = scene.Memory.Allocator;
        ulong free = allocator.FreeFrames;
        Assert.Equal(Hypervisor.XenError.NoMemory, scene.Domain.Pages.Claim(free + 1));
        Assert.Equal(Hypervisor.XenError.None, scene.Domain.Pages.Claim(free - 8));
        Assert.Equal(Hypervisor.XenError.Invalid, scene.Domain.Pages.Claim(5));
        Assert.False(allocator.TryAllocate(4, AllocationFlags.None, out _));
        Assert.True(allocator.TryAllocate(3, AllocationFlags.None, out Mfn rest));
        Assert.False(scene.Other.Pages.TryAllocate(0, AllocationFlags.None, out _));
        Assert.True(scene.Domain.Pages.TryAllocate(4, AllocationFlags.None, out _));
        Assert.Equal(free - 24, scene.Domain.Pages.ClaimedPages);
        Assert.Equal(free - 24, allocator.ClaimedFrames);
        Assert.Equal(Hypervisor.XenError.None, scene.Domain.Pages.Claim(0));
        Assert.True(scene.Other.Pages.TryAllocate(0, AllocationFlags.None, out _));
        allocator.Free(rest, 3);
    }

    [Fact]
    public void Idle_time_scrubs_everything()
    {
        using var scene = new MemoryScene();
        PageAllocator allocator = scene.Memory.Allocator;
        Assert.Equal(scene.TotalFrames, allocator.DirtyFrames);
        int turns = 0;
        while (allocator.ScrubSome(64))
            Assert.True(turns++ < 1000);
        Assert.Equal(0UL, allocator.DirtyFrames);
        Assert.Equal(scene.TotalFrames, allocator.FreeFrames);
    }

    private sealed class Model(PageAllocator allocator, FrameTable frames, Vcpu caller)
    {
        private readonly List<(Mfn First, int Order)> _held = [];
        private readonly HashSet<ulong> _taken = [];
        private readonly ulong _total = allocator.FreeFrames;

        public void Do(Step step)
        {
            switch (step.Operation)
            {
                case 0:
                case 1:
                    Take(step.Order, AllocationFlags.None);
                    break;
                case 2:
                    Take(step.Order, AllocationFlags.None.Below(step.Bits));
                    break;
                case 3:
                    if (_held.Count > 0)
                        Give(step.Choice % _held.Count, step.Order);
                    break;
                case 4:
                    allocator.ScrubSome((uint)step.Choice % 100);
                    break;
                case 5:
                    if (_held.Count > 0)
                        Give(step.Choice % _held.Count, 0);
                    break;
                default:
                    TakeInSteps(step.Order, step.Choice % 20);
                    break;
            }
            Check(allocator.FreeFrames == _total - (ulong)_taken.Count, "count");
        }

        public void FreeAll()
        {
            while (_held.Count > 0)
                Give(_held.Count - 1, 0);
        }

        /// <summary>After all is back, the allocator has as large blocks as at first.</summary>
        public bool IsWhole()
        {
            int order = PageAllocator.MaxOrder;
            while (!allocator.TryAllocate(order, AllocationFlags.Unscrubbed, out _))
                order--;
            return order == 9 && allocator.FreeFrames == _total - (1UL << order);
        }

        /// <summary>Something else waits all the time, so each call stops after its first step; after a few of them whoever asked gives up.</summary>
        private void TakeInSteps(int order, int calls)
        {
            PerCpu.RaiseWork(PendingWork.Schedule);
            for (int call = 0; call < calls; call++)
            {
                ulong dirty = allocator.DirtyFrames;
                StepBudget budget = new(caller);
                XenError error = allocator.AllocateInSteps(order, AllocationFlags.None, ref budget, out Mfn first, out int note);
                if (error == XenError.None)
                {
                    PerCpu.Ledger.Strike(note);
                    Note(order, AllocationFlags.None, first);
                }
                Check(PerCpu.Ledger.Depth == 0, "ledger");
                if (error != XenError.Restart)
                    break;
                Check(allocator.DirtyFrames < dirty, "progress");
                Check(allocator.FreeFrames == _total - (ulong)_taken.Count, "count between steps");
            }
            PerCpu.TakeWork(PendingWork.Schedule);
        }

        private void Take(int order, AllocationFlags flags)
        {
            if (allocator.TryAllocate(order, flags, out Mfn first))
                Note(order, flags, first);
        }

        private void Note(int order, AllocationFlags flags, Mfn first)
        {
            Check((first.Value & (1UL << order) - 1) == 0, "alignment");
            Check(flags.AddressBits == 0 || first.Plus((1UL << order) - 1).Address >> flags.AddressBits == 0, "limit");
            for (ulong i = 0; i < 1UL << order; i++)
            {
                Mfn frame = first.Plus(i);
                Check(_taken.Add(frame.Value), "a frame was handed out twice");
                Check(frames[frame].Owner == 0 && frames[frame].Count == FrameBits.Managed, "state");
                for (int offset = 0; offset < 4096; offset += 512)
                    Check(Frame.At(frame).Read<ulong>(offset) == 0, "a frame was not zeroed");
                Frame.At(frame).Write(512 * (int)(frame.Value % 8), 0xdeadUL);
            }
            _held.Add((first, order));
        }

        /// <summary>Frees a block whole, or in two halves first one and then, sooner or later, the other.</summary>
        private void Give(int index, int pieces)
        {
            (Mfn first, int order) = _held[index];
            _held.RemoveAt(index);
            if (pieces % 2 == 1 && order > 0)
            {
                order--;
                _held.Add((first.Plus(1UL << order), order));
            }
            allocator.Free(first, order);
            for (ulong i = 0; i < 1UL << order; i++)
                _taken.Remove(first.Value + i);
        }

        private static void Check(bool holds, string what)
        {
            if (!holds)
                throw new InvalidOperationException(what);
        }
    }
}
