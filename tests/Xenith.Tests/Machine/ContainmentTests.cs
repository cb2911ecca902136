// What a trap of the hypervisor's own does in the simulation: scopes do not close, the ledger is undone, the CPU goes on.

using Xenith.Machine;
using Xenith.Machine.Simulation;
using Xunit;

namespace Xenith.Tests.Machine;

public sealed class ContainmentTests
{
    [Fact]
    public void A_trap_undoes_the_ledger_and_disposes_nothing()
    {
        using var scene = new Scene();
        var lockedThing = new Thing();
        Assert.False(scene.Cpu0.TryServe(() =>
        {
            using var outer = new Thing.Scope(lockedThing);
            int[] none = [];
            none[PerCpu.Id] = 1;
        }));
        Assert.IsType<IndexOutOfRangeException>(scene.Cpu0.ContainedTrap);
        Assert.Equal((1, 0, 0), (lockedThing.Undone, lockedThing.Disposed, PerCpu.Ledger.Depth));
        Assert.False(PerCpu.Ledger.Trapped);

        Assert.True(scene.Cpu0.TryServe(() => new Thing.Scope(lockedThing).Dispose()));
        Assert.Equal((1, 1, 0), (lockedThing.Undone, lockedThing.Disposed, PerCpu.Ledger.Depth));
    }

    [Fact]
    public void The_hypervisor_decides_about_its_own_trap()
    {
        using var scene = new Scene();
        ulong seen = 0;
        scene.Machine.Entries.OwnTrap = (ref GuestFrame frame) =>
        {
            seen = frame.Vector;
            PerCpu.Ledger.UndoAll();
            return 1;
        };
        scene.Machine.Entries.Hypercall = (a1, a2, a3, a4, a5, number) => (long)(a1 / (number - 7));
        scene.Cpu0.Hypercall(7, a1: 1);
        Assert.Equal((ulong)ExceptionVector.DivideError, seen);
        Assert.Equal(5, scene.Cpu0.Hypercall(8, a1: 5));
    }

    [Fact]
    public void A_hypercall_leaves_the_slow_way_while_there_is_work_or_an_event()
    {
        using var scene = new Scene();
        SharedArea info = SharedArea.Page(scene.NewFrame()).Slice(0, 64);
        var reasons = new List<uint>();
        scene.Machine.Entries.Hypercall = (a1, a2, a3, a4, a5, number) =>
        {
            PerCpu.SetVcpuInfo(info);
            PerCpu.RaiseWork(PendingWork.Schedule);
            info.Store8(0, 1);
            return 42;
        };
        scene.Machine.Entries.Leave = (ref GuestFrame frame) =>
        {
            reasons.Add(PerCpu.TakeWork(PendingWork.Schedule));
            if (reasons.Count == 2)
                info.Store8(1, 1);
        };
        Assert.Equal(42, scene.Cpu0.Hypercall(1));
        Assert.Equal([PendingWork.Schedule, 0u], reasons);
    }

    [Fact]
    public void A_frame_number_that_is_no_memory_traps()
    {
        using var scene = new Scene();
        Assert.Throws<BusError>(() => Frame.At(new Mfn(scene.Machine.Memory.Size >> 12)).Zero());
        Assert.Throws<BusError>(() => Frame.At(new Mfn(1UL << 52)).Zero());
        Assert.Throws<BusError>(() => PageTableView.At(Mfn.Invalid).Write(0, default));
    }

    private sealed class Thing : Undoable
    {
        public int Undone { get; private set; }

        public int Disposed { get; private set; }

        public override void Undo(ulong argument) => Undone++;

        public readonly struct Scope(Thing thing) : IDisposable
        {
            private readonly int _entry = PerCpu.Ledger.Enter(thing, 0);

            public void Dispose()
            {
                if (PerCpu.Ledger.Trapped)
                    return;
                thing.Disposed++;
                PerCpu.Ledger.Strike(_entry);
            }
        }
    }
}
