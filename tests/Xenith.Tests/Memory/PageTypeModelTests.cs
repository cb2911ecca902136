// Random operations of two vCPUs on a handful of frames, each stopped after a single step or not. After each, all counts are recomputed from
// the tables and compared; at the end nothing may be left.

using CsCheck;
using Xenith.Hypervisor;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;
using Xunit;

namespace Xenith.Tests.Memory;

public sealed class PageTypeModelTests
{
    private static readonly int[] Indices = [0, 1, 2, 255, 260, 272, 511];

    internal sealed record Step(int Operation, int A, int B, int Index, int Flags, bool Hurry, int Vcpu);

    private static readonly Gen<Step> AnyStep = Gen.Select(
        Gen.Int[0, 29], Gen.Int[0, Model.Frames - 1], Gen.Int[0, Model.Frames], Gen.Int[0, Indices.Length - 1], Gen.Int[0, 31], Gen.Bool, Gen.Int[0, 1],
        (operation, a, b, index, flags, hurry, vcpu) => new Step(operation, a, b, index, flags, hurry, vcpu));

    [Fact]
    public void Counts_are_those_that_the_tables_say_after_every_step() => AnyStep.Array[20, 250].Sample(Run, iter: 400, threads: 1);

    /// <summary>A domain whose death was interrupted while a table ended: the one below it was left half-way, behind the walk, and leaked.</summary>
    [Fact]
    public void A_table_that_ends_behind_the_walk_does_not_leak() => AnyStep.Array[20, 250].Sample(Run, seed: "6bDbMLkLPE31", iter: 1, threads: 1);

    private static void Run(Step[] steps)
    {
        using var scene = new MemoryScene();
        var model = new Model(scene);
        for (int i = 0; i < steps.Length; i++)
        {
            model.Do(steps[i]);
            if (model.FindMistake() is string mistake)
                throw new InvalidOperationException($"after step {i}, {steps[i]}: {mistake}");
        }

        model.End();
    }

    private sealed class Model
    {
        public const int Frames = 14;

        private readonly MemoryScene _scene;
        private readonly FrameBooks _books;
        private readonly List<Mfn> _frames = [];
        private readonly List<Mfn> _known = [];
        private readonly List<Mfn> _held = [];
        private readonly List<(Mfn Frame, PageType Type)> _typed = [];
        private readonly ulong _freeAtFirst;

        public Model(MemoryScene scene)
        {
            _scene = scene;
            _books = new FrameBooks(scene, Indices);
            _freeAtFirst = scene.Memory.Allocator.FreeFrames;
            for (int i = 0; i < Frames; i++)
                NewFrame(i == 0 ? scene.Other : scene.Domain);
            // Most interesting things need a tree to begin with.
            for (int level = 4; level > 1; level--)
                scene.Write(_frames[5 - level], 0, _frames[6 - level], PageFlags.Present | PageFlags.Writable);
            scene.Write(_frames[4], 1, _frames[5], PageFlags.Present | PageFlags.Writable);
            if (MmuOperations.PinInitialRoot(scene.Vcpu, _frames[1]) != XenError.None)
                throw new InvalidOperationException("no root");
        }

        public string? FindMistake() =>
            PerCpu.Ledger.Depth != 0 ? "something is left in the ledger" : _books.FindMistake(_known, _held, _typed);

        public void Do(Step step)
        {
            _scene.Serve(_scene.Domain.Vcpus[step.Vcpu]!);
            _scene.Hurry(step.Hurry);
            StepBudget budget = _scene.Budget();
            Mfn frame = _frames[step.A];
            PageTypes types = _scene.Types;
            switch (step.Operation)
            {
                case <= 11:
                    Update(step, frame, ref budget);
                    break;
                case <= 14:
                    types.Pin(frame, step.Flags % 4 + 1, _scene.Domain, ref budget);
                    break;
                case <= 17:
                    types.Unpin(frame, _scene.Domain, ref budget);
                    break;
                case <= 19:
                    SetRoot(step, frame, ref budget);
                    break;
                case 20:
                    types.Finish(_scene.Vcpu.Pv.Unfinished, ref budget);
                    break;
                case 21:
                    if (types.TryGetReference(frame, _scene.Domain))
                        _held.Add(frame);
                    break;
                case 22:
                    if (types.TryGetWritable(frame, _scene.Domain) == XenError.None)
                        _typed.Add((frame, PageType.Writable));
                    break;
                case 23:
                    if (types.TryGetDescriptors(frame, _scene.Domain) == XenError.None)
                        _typed.Add((frame, PageType.SegmentDescriptors));
                    break;
                case 24:
                    PutOne(step.B);
                    break;
                case 25:
                    GiveBack(step, frame);
                    break;
                case 26:
                    Steal(step, frame);
                    break;
                default:
                    Touch(step);
                    break;
            }
        }

        /// <summary>The domain dies, and all that others held is let go: every frame is free again.</summary>
        public void End()
        {
            _scene.Hurry(true);
            _scene.Destroy(_scene.Domain);
            foreach (Mfn frame in _held)
                _scene.Types.PutReference(frame);
            foreach ((Mfn frame, PageType _) in _typed)
                _scene.Types.PutType(frame);
            _held.Clear();
            _typed.Clear();
            ulong left = _scene.Destroy(_scene.Domain) + _scene.Destroy(_scene.Other);
            if (left != 0 || _scene.Memory.Allocator.FreeFrames != _freeAtFirst)
                throw new InvalidOperationException($"{left} frames are left, {_freeAtFirst - _scene.Memory.Allocator.FreeFrames} are not free");
        }

        private void Update(Step step, Mfn table, ref StepBudget budget)
        {
            ulong flags = (step.Flags & 1) != 0 ? PageFlags.Present : 0;
            if ((step.Flags & 2) != 0)
                flags |= PageFlags.Writable;
            if ((step.Flags & 4) != 0)
                flags |= PageFlags.User;
            if (step.Flags == 31)
                flags |= PageFlags.PageSize | PageFlags.CacheDisable;
            Mfn target = step.B == Frames ? new Mfn(0x123) : _frames[step.B];
            PageTableUpdate.Update(_scene.Domain, FrameBits.OwnerOf(_scene.Domain), table, Indices[step.Index], new PageTableEntry(target, flags), (step.Flags & 8) != 0, ref budget);
        }

        private void SetRoot(Step step, Mfn frame, ref StepBudget budget)
        {
            Vcpu vcpu = _scene.Vcpu;
            PvVcpu pv = vcpu.Pv;
            // As the hypercall does it: what is left half-way comes first.
            if (_scene.Types.Finish(pv.Unfinished, ref budget) == XenError.Restart)
                return;
            if ((step.Flags & 1) != 0)
                MmuOperations.SetKernelRoot(vcpu, frame, ref budget);
            else
                MmuOperations.SetUserRoot(vcpu, (step.Flags & 2) != 0 ? frame : default, ref budget);
        }

        private void PutOne(int choice)
        {
            if (_held.Count > 0 && (choice & 1) == 0)
            {
                int index = choice % _held.Count;
                Mfn frame = _held[index];
                _held.RemoveAt(index);
                _scene.Types.PutReference(frame);
            }
            else if (_typed.Count > 0)
            {
                int index = choice % _typed.Count;
                Mfn frame = _typed[index].Frame;
                _typed.RemoveAt(index);
                _scene.Types.PutType(frame);
            }
        }

        private void GiveBack(Step step, Mfn frame)
        {
            if (_scene.Domain.Pages.TryGiveBack(frame))
                _frames[step.A] = NewFrame((step.Flags & 1) != 0 ? _scene.Domain : _scene.Other, add: false);
        }

        /// <summary>Takes a frame that nobody uses and gives it back, to the same domain or through the allocator.</summary>
        private void Steal(Step step, Mfn frame)
        {
            if (!_scene.Domain.Pages.TrySteal(frame))
                return;
            if ((step.Flags & 1) != 0)
                Assert.True(_scene.Domain.Pages.TryReturn(frame));
            else
            {
                Assert.True(_scene.Domain.Pages.TryFreeStolen(frame));
                _frames[step.A] = NewFrame(_scene.Domain, add: false);
            }
        }

        /// <summary>The guest uses its memory: the TLB fills.</summary>
        private void Touch(Step step)
        {
            Mfn root = _scene.Vcpu.Pv.KernelRoot;
            if (root.IsInvalid)
                return;
            if (_scene.Cpu.Cr3 != root.Address)
                Cpu.WriteCr3(root.Address);
            ulong address = 0;
            for (int level = 1; level <= 4; level++)
            {
                int index = Indices[(step.Flags >> level) % 3 == 0 ? step.Index % 3 : 0];
                address |= (ulong)index << (3 + 9 * level);
            }
            if ((step.Flags & 1) != 0)
                _scene.Cpu.TryWriteAsUser(address, 0UL);
            else
                _scene.Cpu.TryReadAsUser(address, out ulong _);
        }

        private Mfn NewFrame(Domain domain, bool add = true)
        {
            Mfn frame = _scene.NewFrame(domain);
            if (add)
                _frames.Add(frame);
            if (!_known.Contains(frame))
                _known.Add(frame);
            return frame;
        }
    }
}
