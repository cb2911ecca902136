// Domains that come and go: everything they had is given back, whatever state they were in and wherever their end was interrupted.

using Xenith.Abi;
using Xenith.Hypervisor;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Events;
using Xenith.Hypervisor.Grants;
using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Hypervisor.Time;
using Xenith.Machine;
using Xenith.Tests.Memory;
using Xunit;

namespace Xenith.Tests.Domains;

public sealed class DomainLifeTests : IDisposable
{
    private readonly MemoryScene _scene = new();

    private Host Host => _scene.Host;

    public void Dispose() => _scene.Dispose();

    [Fact]
    public void Ten_thousand_domains_one_after_the_other_leave_nothing_behind()
    {
        Live(10, 2);
        ulong free = Host.Memory.Allocator.FreeFrames;
        for (int i = 0; i < 10_000; i++)
            Live((ushort)(10 + i % 700), (uint)(1 + i % 5));
        // Two frames more: the part of the table in which ids from 512 on lie, of which the hosted build counts one; and what three more vCPUs and their scheduling units live in.
        Assert.InRange(free - Host.Memory.Allocator.FreeFrames, 1UL, 7UL);
        Assert.Equal((1u, 5u), (Host.Pools.SchedulingDomains.Capacity, Host.Pools.SchedulingUnits.Capacity));
        Assert.Equal(1u, Host.Pools.Domains.Capacity);
        Assert.Equal(5u, Host.Pools.Vcpus.Capacity);
        Assert.Equal(5u, Host.Pools.Vcpus.FreeCount);
        Assert.Equal(3u, Host.Domains.End);
    }

    [Fact]
    public void Many_domains_live_at_once_and_end_in_any_order()
    {
        Live(600, 1);
        ulong free = Frames();
        var random = new Random(1);
        var alive = new List<Domain>();
        ushort next = 3;
        for (int i = 0; i < 600; i++)
        {
            if (alive.Count == 0 || (alive.Count < 40 && random.Next(3) > 0))
                alive.Add(Create(next++, (uint)random.Next(1, 4)));
            else
            {
                int which = random.Next(alive.Count);
                Destroy(alive[which]);
                alive.RemoveAt(which);
            }
        }

        Assert.Equal(alive.Count, Enumerable.Range(3, next - 3).Count(id => Host.Domains.Find((ulong)id) is not null));
        foreach (Domain domain in alive)
            Destroy(domain);
        Assert.Equal(free, Frames());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_domain_full_of_everything_gives_all_of_it_back(bool interrupted)
    {
        ulong free = Frames();
        Domain peer = Create(8, 1);
        ulong withPeer = Frames();
        Domain domain = Create(9, 3);
        Fill(domain, peer);
        Assert.Equal(EventChannelState.Interdomain, StateOf(peer, 1));

        Destroy(domain, interrupted);
        Assert.Null(Host.Domains.Find(9));
        Assert.Equal(EventChannelState.Unbound, StateOf(peer, 1));
        // The peer's page, its grant table (three) and the frame of its ports stay its own.
        Assert.Equal(withPeer - 5, Frames());
        Assert.Equal(1UL, peer.Pages.TotalPages);
        Destroy(peer, interrupted);
        Assert.Equal(free, Frames());
    }

    [Fact]
    public void A_page_that_another_domain_refers_to_keeps_the_dead_domain()
    {
        Domain domain = Create(5, 1);
        Mfn page = _scene.NewFrame(domain);
        DomainHandle handle = domain.Handle;
        Assert.True(_scene.Types.TryGetReference(page, domain));

        Destroy(domain);
        Assert.Equal((DomainState.Dead, 1UL), (domain.State, domain.Pages.TotalPages));
        Assert.Same(domain, Host.Domains.Find(5));
        Assert.Equal(XenError.Exists, DomainLife.Create(Host, 5, false, 1, out _));
        Assert.False(domain.Pages.TryAllocate(0, AllocationFlags.None, out _));
        Assert.Equal(XenError.Invalid, domain.Events.AllocateUnbound(1, out _));
        Assert.Equal(XenError.None, DestroyOnce(domain));

        _scene.Types.PutReference(page);
        Pass();
        Assert.Null(Host.Domains.Find(5));
        Domain again = Create(5, 1);
        Assert.Equal(handle.Generation + 1, again.Generation);
        using DomainScope old = Host.Domains.Hold(handle);
        using DomainScope young = Host.Domains.Hold(again.Handle);
        Assert.Null(old.Domain);
        Assert.Same(again, young.Domain);
    }

    [Fact]
    public void A_grant_that_another_domain_uses_keeps_the_dead_domain_and_its_table()
    {
        Live(5, 1);
        ulong free = Host.Memory.Allocator.FreeFrames;
        Domain domain = Create(5, 1);
        Mfn page = _scene.NewFrame(domain);
        Grant(domain, 8, _scene.Other, page);
        Assert.Equal(GrantStatus.Okay, domain.Grants.Pin(8, _scene.Other.Id, false, out _));

        Destroy(domain);
        Assert.Equal(DomainState.Dead, domain.State);
        Assert.Equal(GrantStatus.BadGntref, domain.Grants.Pin(8, _scene.Other.Id, false, out _));
        domain.Grants.Unpin(8, false);
        Pass();
        Assert.Null(Host.Domains.Find(5));
        Assert.Equal(free, Host.Memory.Allocator.FreeFrames);
    }

    [Fact]
    public void Who_holds_a_domain_has_it_until_he_lets_go()
    {
        Domain domain = Create(5, 1);
        using (DomainScope held = Host.Domains.Hold(5))
        {
            Destroy(domain);
            Pass();
            Assert.Same(domain, Host.Domains.Find(5));
            Assert.Same(domain, held.Domain);
        }
        Pass();
        Assert.Null(Host.Domains.Find(5));
        Assert.Equal(0, domain.References);
        using DomainScope none = Host.Domains.Hold(5);
        Assert.Null(none.Domain);
    }

    [Fact]
    public void A_trap_gives_back_what_was_held()
    {
        Domain domain = Create(5, 1);
        Assert.False(_scene.Cpu.TryServe(() =>
        {
            using DomainScope held = Host.Domains.Hold(5);
            Invariant.Broken();
        }));
        Destroy(domain);
        Assert.Null(Host.Domains.Find(5));
    }

    [Fact]
    public void A_trap_in_a_constructor_keeps_its_place_for_the_next()
    {
        Live(5, 1);
        ulong free = Host.Memory.Allocator.FreeFrames;
        Assert.False(_scene.Cpu.TryServe(() =>
        {
            using Hypervisor.Pools.Construction making = Host.Pools.Domains.Begin(Host.Memory);
            Invariant.Broken();
        }));
        Live(5, 1);
        Assert.Equal(free, Host.Memory.Allocator.FreeFrames);
        Assert.Equal(1u, Host.Pools.Domains.Capacity);
    }

    [Fact]
    public void Dom0_the_callers_domain_and_wrong_sizes_are_refused()
    {
        Assert.Equal(XenError.Invalid, DestroyOnce(_scene.Domain));
        Assert.Equal(XenError.Invalid, DomainLife.Create(Host, 9, false, 0, out _));
        Assert.Equal(XenError.Invalid, DomainLife.Create(Host, 9, false, Domain.MostVcpus + 1, out _));
        Domain domain = Create(9, 1);
        Assert.Equal(XenError.Exists, DomainLife.AddVcpu(Host, domain, 0, out _));
        Assert.Equal(XenError.Invalid, DomainLife.AddVcpu(Host, domain, 1, out _));
        Assert.Equal(XenError.Exists, DomainLife.Create(Host, 9, false, 1, out _));
        Assert.Equal(XenError.Exists, DomainLife.Create(Host, DomainIds.FirstReserved, false, 1, out _));
    }

    [Fact]
    public void Without_memory_nothing_is_made_and_nothing_is_lost()
    {
        Live(5, 1);
        var taken = new List<Mfn>();
        while (Host.Memory.Allocator.TryAllocate(0, AllocationFlags.Unscrubbed, out Mfn frame))
            taken.Add(frame);
        for (int left = 0; left < 5; left++)
        {
            Assert.Equal(XenError.NoMemory, DomainLife.Create(Host, 5, false, 1, out _));
            Pass();
            Pass();
            Assert.Null(Host.Domains.Find(5));
            Assert.Equal((ulong)left, Host.Memory.Allocator.FreeFrames);
            if (left == 3)
                break;
            Host.Memory.Allocator.Free(taken[^1], 0);
            taken.RemoveAt(taken.Count - 1);
        }
    }

    /// <summary>A short life with a bit of everything.</summary>
    private void Live(ushort id, uint vcpus)
    {
        Domain domain = Create(id, vcpus);
        _scene.NewFrame(domain);
        Assert.Equal(XenError.None, domain.Events.AllocateUnbound(1, out _));
        Assert.Equal(XenError.None, domain.Grants.Grow(1));
        Destroy(domain);
        Assert.Null(Host.Domains.Find(id));
    }

    [Fact]
    public void A_timer_that_another_CPU_sets_once_more_while_the_domain_dies_does_not_stay()
    {
        Domain domain = Create(7, 1);
        // What an Expire does that had begun before the timers were stopped, and what a domain's kernel did before.
        domain.Watchdogs.Set(0, 100);
        domain.FindVcpu(0)!.Timers.SetOneShot(Host.Time.Now + 1_000_000_000);
        Assert.Contains("vcpu_singleshot", Timers(), StringComparison.Ordinal);
        Assert.Contains("domain_watchdog", Timers(), StringComparison.Ordinal);
        while (domain.Teardown != TeardownStep.AwaitGrace)
            Assert.Equal(XenError.Restart, DestroyOnce(domain));
        Assert.DoesNotContain("vcpu_singleshot", Timers(), StringComparison.Ordinal);
        domain.FindVcpu(0)!.Timers.SetOneShot(Host.Time.Now + 1_000_000_000);
        Destroy(domain);
        Assert.DoesNotContain("vcpu_singleshot", Timers(), StringComparison.Ordinal);
        Assert.DoesNotContain("domain_watchdog", Timers(), StringComparison.Ordinal);
    }

    private static string Timers()
    {
        TimerQueue timers = Pcpu.Current.Timers;
        return Scheduling.Log.Of(log => timers.Dump(log, 0));
    }

    private Domain Create(ushort id, uint vcpus)
    {
        Assert.Equal(XenError.None, DomainLife.Create(Host, id, false, vcpus, out Domain? domain));
        domain!.Pages.MaxPages = 64;
        for (uint i = 0; i < vcpus; i++)
            Assert.Equal(XenError.None, DomainLife.AddVcpu(Host, domain, i, out _));
        return domain;
    }

    /// <summary>Frames that are free or the pools' own; hosted, each object of a pool takes one.</summary>
    private ulong Frames() => Host.Memory.Allocator.FreeFrames + Host.Pools.Domains.Capacity + Host.Pools.Vcpus.Capacity
        + Host.Pools.SchedulingDomains.Capacity + Host.Pools.SchedulingUnits.Capacity;

    private XenError DestroyOnce(Domain domain)
    {
        StepBudget budget = _scene.Budget();
        return DomainLife.Destroy(domain, ref budget);
    }

    private void Destroy(Domain domain, bool interrupted = false)
    {
        int calls = 0;
        XenError error;
        do
        {
            _scene.Hurry(interrupted);
            error = DestroyOnce(domain);
            _scene.Hurry(false);
            Pass();
            Assert.True(++calls < 10_000);
        }
        while (error == XenError.Restart);
        Assert.Equal(XenError.None, error);
        Assert.Equal(DomainState.Dead, domain.State);
        Assert.True(!interrupted || calls > 10, $"{calls} calls");
        Pass();
    }

    /// <summary>What a CPU does on its way out: the grace period ends, and what is dead goes.</summary>
    private void Pass()
    {
        for (int i = 0; i < 2; i++)
        {
            Host.Grace.Pass(Pcpu.Current);
            Host.Reaper.Work(Host);
        }
        Host.Grace.Pass(Pcpu.Current);
        Host.Reaper.Work(Host);
    }

    /// <summary>Page tables with roots and pins, descriptor pages, vcpu_info in a page, event channels of all kinds, timers, grants lent and borrowed.</summary>
    private void Fill(Domain domain, Domain peer)
    {
        foreach (Vcpu? vcpu in domain.Vcpus)
        {
            Mfn page = _scene.NewFrame(domain);
            Mfn[] tables = [.. Enumerable.Range(0, 4).Select(_ => _scene.NewFrame(domain))];
            _scene.Write(tables[0], 3, page, PageFlags.Present | PageFlags.User | PageFlags.Writable);
            for (int level = 1; level < 4; level++)
                _scene.Write(tables[level], 5, tables[level - 1], PageFlags.Present | PageFlags.User | PageFlags.Writable);
            StepBudget budget = new(null);
            Assert.Equal(XenError.None, _scene.Types.GetTable(tables[3], 4, domain, ref budget));
            vcpu!.Pv.KernelRoot = tables[3];
            Assert.Equal(XenError.None, _scene.Types.Pin(tables[3], 4, domain, ref budget));
            Mfn info = _scene.NewFrame(domain);
            Assert.Equal(XenError.None, _scene.Types.TryGetWritable(info, domain));
            vcpu.InfoFrame = info;
            var gdt = new GdtFrames();
            gdt[0] = _scene.NewFrame(domain).Value;
            Assert.Equal(XenError.None, DescriptorTables.SetGdt(vcpu, ref gdt, 8));
            vcpu.Timers.SetOneShot(1_000_000_000_000);
            vcpu.Timers.SetPeriod(10_000_000);
            vcpu.Polling.Begin();
            Assert.Equal(XenError.None, domain.Events.BindVirq((uint)Virq.Timer, vcpu.Id, out _));
            Assert.Equal(XenError.None, domain.Events.BindIpi(vcpu.Id, out _));
        }

        Assert.True(domain.Watchdogs.Set(0, 30) > 0);
        Assert.Equal(XenError.None, peer.Events.AllocateUnbound(domain.Id, out uint port));
        Assert.Equal(XenError.None, domain.Events.BindInterdomain(peer, port, out _));
        for (int i = 0; i < 600; i++)
            Assert.Equal(XenError.None, domain.Events.AllocateUnbound(peer.Id, out _));
        Assert.Equal(XenError.None, domain.Events.BindVirq((uint)Virq.Console, 0, out _));
        Assert.True(domain.Pv.Ports.Allow(0x80, 0x80));

        Grant(domain, 8, peer, _scene.NewFrame(domain));
        Mfn lent = _scene.NewFrame(peer);
        Grant(peer, 9, domain, lent);
        ref GrantMapping mapping = ref domain.Grants.Mappings.Reserve(out uint handle);
        Assert.NotEqual(GrantMappings.None, handle);
        Assert.Equal(GrantStatus.Okay, peer.Grants.Pin(9, domain.Id, true, out _));
        mapping.Set(peer.Id, 9, (ushort)(GrantMapFlags.HostMap | GrantMapFlags.Readonly));
        domain.Grants.Mappings.Reserve(out handle);
        Assert.NotEqual(GrantMappings.None, handle);
    }

    private static void Grant(Domain granter, uint reference, Domain grantee, Mfn frame)
    {
        Assert.Equal(XenError.None, granter.Grants.Grow(1));
        SharedArea table = SharedArea.Page(granter.Grants.FrameAt(0));
        table.Store32(reference * 8 + 4, (uint)frame.Value);
        table.Store32(reference * 8, (uint)GrantEntryFlags.PermitAccess | (uint)grantee.Id << 16);
    }

    private static EventChannelState StateOf(Domain domain, uint port)
    {
        var status = new EventChannelStatus { Port = port };
        Assert.Equal(XenError.None, domain.Events.Describe(ref status));
        return (EventChannelState)status.Status;
    }
}
