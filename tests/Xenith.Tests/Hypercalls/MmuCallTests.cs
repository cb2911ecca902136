// mmu_update, mmuext_op and update_va_mapping: lists and where they stop, whose tables and frames are meant, and which flushes happen.

using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;
using Xenith.Tests.Paravirtual;
using Xunit;

namespace Xenith.Tests.Hypercalls;

public sealed class MmuCallTests
{
    private const ulong Readable = PageFlags.Present | PageFlags.User;
    private const ushort Absent = 9, Other = 2;

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 3)]
    public void A_list_is_served_in_order_and_counted(bool inSteps, int calls)
    {
        using PvScene scene = new();
        Mfn frame = scene.FrameOf(PvScene.Data);
        for (ulong i = 0; i < 20; i++)
            scene.PutList(PvCalls.List + i * 16, Entry(scene, 20 + (int)i), frame.Address | Readable);
        scene.Put(PvCalls.Done, 77u);
        if (inSteps)
            Assert.Equal((0L, calls), scene.CallInSteps(HypercallNumber.MmuUpdate, PvCalls.List, 20, PvCalls.Done, DomainIds.Self));
        else
            Assert.Equal(0, scene.Call(HypercallNumber.MmuUpdate, PvCalls.List, 20, PvCalls.Done, DomainIds.Self));
        Assert.Equal(20u, scene.Get<uint>(PvCalls.Done));
        for (int i = 0; i < 20; i++)
            Assert.Equal(frame, PageTableView.At(scene.L1)[20 + i].Frame);
    }

    [Fact]
    public void A_list_that_leaves_memory_is_served_up_to_there()
    {
        using PvScene scene = new();
        const ulong end = PvCalls.List + 0x1000;
        Mfn frame = scene.FrameOf(PvScene.Data);
        Assert.Equal(0, scene.Call(HypercallNumber.UpdateVaMapping, end, 0, (ulong)UpdateVaMappingFlags.Invlpg));
        for (ulong i = 0; i < 2; i++)
            scene.PutList(end - 32 + i * 16, Entry(scene, 20 + (int)i), frame.Address | Readable);
        Assert.Equal(-(long)Errno.EFAULT, scene.Call(HypercallNumber.MmuUpdate, end - 32, 5, PvCalls.Done, DomainIds.Self));
        Assert.Equal(2u, scene.Get<uint>(PvCalls.Done));
        Assert.Equal((frame, frame), (PageTableView.At(scene.L1)[20].Frame, PageTableView.At(scene.L1)[21].Frame));
        Assert.Equal(-(long)Errno.EFAULT, scene.Call(HypercallNumber.MmuUpdate, end, 1, PvCalls.Done, DomainIds.Self));
        Assert.Equal(0u, scene.Get<uint>(PvCalls.Done));
    }

    [Fact]
    public void The_first_refusal_ends_a_list()
    {
        using PvScene scene = new();
        Mfn frame = scene.FrameOf(PvScene.Data);
        scene.PutList(PvCalls.List, Entry(scene, 20), frame.Address | Readable, Entry(scene, 21), scene.L1.Address | Readable | PageFlags.Writable, Entry(scene, 22), frame.Address | Readable);
        Assert.Equal(-(long)Errno.EBUSY, scene.Call(HypercallNumber.MmuUpdate, PvCalls.List, 3, PvCalls.Done, DomainIds.Self));
        Assert.Equal(1u, scene.Get<uint>(PvCalls.Done));
        Assert.False(PageTableView.At(scene.L1)[21].IsPresent || PageTableView.At(scene.L1)[22].IsPresent);
    }

    [Fact]
    public void The_commands_of_mmu_update()
    {
        using PvScene scene = new();
        Mfn frame = scene.FrameOf(PvScene.Data);
        Assert.Equal(0, Update(scene, frame.Address | 1, 0x777));
        Assert.Equal(0x777UL, scene.Host.Memory.M2P.Get(frame));
        Assert.Equal(-(long)Errno.EINVAL, Update(scene, 1UL << 45 | 1, 0x777));
        Assert.Equal(-(long)Errno.ENOSYS, Update(scene, Entry(scene, 20) | 4, 0));
        Assert.Equal(-(long)Errno.ENOSYS, Update(scene, Entry(scene, 20) | 7, 0));

        // Preserving: what the CPU has noted in the entry stays.
        Assert.Equal(0, Update(scene, Entry(scene, 20), frame.Address | Readable | PageFlags.Accessed));
        Assert.Equal(0, Update(scene, Entry(scene, 20) | 2, frame.Address | Readable));
        Assert.NotEqual(0UL, PageTableView.At(scene.L1)[20].Bits & PageFlags.Accessed);
        Assert.Equal(0, Update(scene, Entry(scene, 20) | 3, frame.Address | Readable));
        Assert.Equal(0UL, PageTableView.At(scene.L1)[20].Bits & PageFlags.Accessed);
        // Preserving while the frame changes too goes the long way.
        Assert.Equal(0, Update(scene, Entry(scene, 20) | 2, scene.FrameOf(PvCalls.List).Address | Readable));
        Assert.Equal(scene.FrameOf(PvCalls.List), PageTableView.At(scene.L1)[20].Frame);
    }

    [Fact]
    public void A_guest_has_its_own_tables_and_frames_only()
    {
        using PvScene scene = new();
        Domain other = scene.NewDomain(Other);
        Mfn theirs = PvCalls.NewFrame(other);
        Assert.Equal(-(long)Errno.ESRCH, Update(scene, Entry(scene, 20), 0, Absent));
        Assert.Equal(-(long)Errno.ESRCH, Update(scene, Entry(scene, 20), 0, scene.Domain.Id));
        Assert.Equal(-(long)Errno.EPERM, Update(scene, Entry(scene, 20), theirs.Address | Readable, Other));
        Assert.Equal(-(long)Errno.EPERM, Update(scene, Entry(scene, 20), 0, DomainIds.Xen));
        Assert.Equal(-(long)Errno.EBUSY, Update(scene, Entry(scene, 20), theirs.Address | Readable));
        Assert.Equal(-(long)Errno.EINVAL, Update(scene, theirs.Address, 0));
        Assert.Equal(-(long)Errno.ESRCH, Update(scene, Entry(scene, 20), 0, (Absent + 1u) << 16 | DomainIds.Self));
        Assert.Equal(-(long)Errno.EPERM, Update(scene, Entry(scene, 20), 0, (Other + 1u) << 16 | DomainIds.Self));
        Assert.Equal(0, Update(scene, Entry(scene, 20), scene.FrameOf(PvScene.Data).Address | Readable, (scene.Domain.Id + 1u) << 16 | DomainIds.Self));
        Assert.Equal(-(long)Errno.EPERM, scene.Call(HypercallNumber.UpdateVaMappingOtherdomain, PvScene.Data, theirs.Address | Readable, 0, Other));
        Assert.Equal(-(long)Errno.ESRCH, scene.Call(HypercallNumber.UpdateVaMappingOtherdomain, PvScene.Data, theirs.Address | Readable, 0, Absent));
        // Memory is no device, whoever's it is said to be.
        Assert.NotEqual(0, Update(scene, Entry(scene, 21), theirs.Address | Readable, DomainIds.Io));
        Assert.Equal(1u, References(scene, theirs));
    }

    [Fact]
    public void The_control_domain_maps_another_domains_frames_and_changes_its_tables()
    {
        using PvScene scene = new(isPrivileged: true);
        Domain other = scene.NewDomain(Other);
        Mfn theirs = PvCalls.NewFrame(other), table = PvCalls.NewFrame(other);
        foreach (ulong flags in (ulong[])[Readable, Readable | PageFlags.Writable])
        {
            Assert.Equal(0, Update(scene, Entry(scene, 20), theirs.Address | flags, Other));
            Assert.Equal((theirs, 2u), (PageTableView.At(scene.L1)[20].Frame, References(scene, theirs)));
            Assert.Equal(0, Update(scene, Entry(scene, 20), 0, Other));
            Assert.Equal(1u, References(scene, theirs));
        }
        Assert.Equal(0, scene.Call(HypercallNumber.UpdateVaMappingOtherdomain, PvScene.Base + 0x9000, theirs.Address | Readable, 0, Other));
        Assert.Equal(theirs, scene.FrameOf(PvScene.Base + 0x9000));

        Assert.Equal(0, Ext(scene, new MmuExtOp { Cmd = (uint)MmuExtCommand.PinL1Table, Mfn = table.Value }, Other));
        Assert.Equal(0, Update(scene, table.Address + 8, theirs.Address | Readable, (Other + 1u) << 16 | Other));
        Assert.Equal((theirs, 3u), (PageTableView.At(table)[1].Frame, References(scene, theirs)));
        // The control domain's own frames are not the other's to map.
        Assert.NotEqual(0, Update(scene, table.Address + 16, scene.FrameOf(PvScene.Data).Address | Readable, (Other + 1u) << 16 | Other));
        Assert.Equal(-(long)Errno.EPERM, Update(scene, theirs.Address | 1, 5, (Other + 1u) << 16 | Other));
        Assert.Equal(0, Ext(scene, new MmuExtOp { Cmd = (uint)MmuExtCommand.UnpinTable, Mfn = table.Value }, Other));
        Assert.Equal(2u, References(scene, theirs));
    }

    [Fact]
    public void Pages_are_cleared_and_copied()
    {
        using PvScene scene = new();
        Mfn page = scene.FrameOf(PvScene.Data), source = scene.FrameOf(PvCalls.List), foreign = PvCalls.NewFrame(scene.NewDomain(Other));
        scene.Put(PvScene.Data + 0xff8, 5UL);
        scene.Put(PvCalls.List + 0xff8, 6UL);
        Assert.Equal(0, Ext(scene, new MmuExtOp { Cmd = (uint)MmuExtCommand.ClearPage, Mfn = page.Value }));
        Assert.Equal(0UL, scene.Read(PvScene.Data + 0xff8));
        Assert.Equal(0, Ext(scene, new MmuExtOp { Cmd = (uint)MmuExtCommand.CopyPage, Mfn = page.Value, SrcMfn = source.Value }));
        Assert.Equal(6UL, scene.Read(PvScene.Data + 0xff8));
        Assert.Equal(0, Ext(scene, new MmuExtOp { Cmd = (uint)MmuExtCommand.CopyPage, Mfn = page.Value, SrcMfn = scene.L1.Value }));
        Assert.Equal(page.Value, scene.Read(PvScene.Data + 4 * 8) >> 12 & 0xff_ffff_ffff);
        foreach (Mfn wrong in (Mfn[])[scene.L1, foreign, new Mfn(1UL << 45)])
        {
            Assert.Equal(-(long)Errno.EINVAL, Ext(scene, new MmuExtOp { Cmd = (uint)MmuExtCommand.ClearPage, Mfn = wrong.Value }));
            Assert.Equal(-(long)Errno.EINVAL, Ext(scene, new MmuExtOp { Cmd = (uint)MmuExtCommand.CopyPage, Mfn = wrong.Value, SrcMfn = source.Value }));
        }
        Assert.Equal(-(long)Errno.EINVAL, Ext(scene, new MmuExtOp { Cmd = (uint)MmuExtCommand.CopyPage, Mfn = page.Value, SrcMfn = foreign.Value }));
    }

    [Theory]
    [InlineData(MmuExtCommand.TlbFlushLocal, 0UL, true)]
    [InlineData(MmuExtCommand.TlbFlushAll, 0UL, true)]
    [InlineData(MmuExtCommand.TlbFlushMulti, 1UL, true)]
    [InlineData(MmuExtCommand.TlbFlushMulti, 2UL, false)]                   // a vCPU that no CPU has
    [InlineData(MmuExtCommand.TlbFlushMulti, 0UL, false)]
    [InlineData(MmuExtCommand.InvlpgLocal, 0UL, true)]
    [InlineData(MmuExtCommand.InvlpgAll, 0UL, true)]
    [InlineData(MmuExtCommand.InvlpgMulti, 1UL, true)]
    [InlineData(MmuExtCommand.InvlpgMulti, 2UL, false)]
    public void A_flush_reaches_the_CPUs_that_have_the_vCPUs(MmuExtCommand command, ulong vcpus, bool forgets)
    {
        using PvScene scene = new();
        scene.Host.Pcpus.SetOnline(0, true);
        scene.Put(PvCalls.List, vcpus);
        scene.Read(PvScene.Data);
        bool isPage = command is MmuExtCommand.InvlpgLocal or MmuExtCommand.InvlpgAll or MmuExtCommand.InvlpgMulti;
        bool hasMask = command is MmuExtCommand.TlbFlushMulti or MmuExtCommand.InvlpgMulti;
        MmuExtOp operation = new() { Cmd = (uint)command, LinearAddr = isPage ? PvScene.Data : 0, VcpuMask = new(hasMask ? PvCalls.List : 0) };
        Assert.Equal(0, Ext(scene, operation));
        Assert.Equal(!forgets, scene.Cpu.Tlb.Reaches(scene.FrameOf(PvScene.Data), forWriting: false));
        if (hasMask)
            Assert.Equal(-(long)Errno.EINVAL, Ext(scene, operation with { VcpuMask = new(PvCalls.Nowhere) }));
        // The hypervisor's addresses are not the guest's to flush, and that is no error.
        if (isPage)
            Assert.Equal(0, Ext(scene, operation with { LinearAddr = AddressSpace.DirectMap }));
    }

    [Theory]
    [InlineData(1UL, 0UL, true)]                                            // the whole TLB: here, everywhere, by bitmap
    [InlineData(5UL, 0UL, true)]
    [InlineData(1UL | PvCalls.List, 1UL, true)]
    [InlineData(1UL | PvCalls.List, 2UL, false)]
    [InlineData(2UL, 0UL, true)]                                            // one page
    [InlineData(6UL, 0UL, true)]
    [InlineData(2UL | PvCalls.List, 1UL, true)]
    [InlineData(2UL | PvCalls.List, 2UL, false)]
    [InlineData(0UL, 0UL, false)]
    [InlineData(3UL, 0UL, false)]
    [InlineData(7UL, 0UL, false)]
    public void A_new_mapping_comes_with_the_flush_that_was_asked_for(ulong flags, ulong vcpus, bool forgets)
    {
        using PvScene scene = new();
        scene.Host.Pcpus.SetOnline(0, true);
        Mfn frame = scene.FrameOf(PvScene.Data);
        scene.Put(PvCalls.List, vcpus);
        scene.Read(PvScene.Data);
        Assert.Equal(0, scene.Call(HypercallNumber.UpdateVaMapping, PvScene.Data, frame.Address | Readable, flags));
        Assert.Equal(!forgets, scene.Cpu.Tlb.Reaches(frame, forWriting: false));
    }

    [Fact]
    public void A_mapping_needs_an_address_with_a_table_and_a_bitmap_that_can_be_read()
    {
        using PvScene scene = new();
        ulong entry = scene.FrameOf(PvScene.Data).Address | Readable;
        foreach (ulong address in (ulong[])[0x1000, 0x8000_0000_0000, AddressSpace.DirectMap, PvScene.Base + (2UL << 20), PvScene.Base + (1UL << 30)])
            Assert.Equal(-(long)Errno.EINVAL, scene.Call(HypercallNumber.UpdateVaMapping, address, entry, 0));
        Assert.Equal(-(long)Errno.EFAULT, scene.Call(HypercallNumber.UpdateVaMapping, PvScene.Data, entry, PvCalls.Nowhere | 1));
    }

    [Theory]
    [InlineData(false, MmuExtCommand.FlushCache, Errno.EACCES)]
    [InlineData(false, MmuExtCommand.FlushCacheGlobal, Errno.EINVAL)]
    [InlineData(true, MmuExtCommand.FlushCache, (Errno)0)]
    [InlineData(true, MmuExtCommand.FlushCacheGlobal, (Errno)0)]
    [InlineData(true, MmuExtCommand.MarkSuper, Errno.EOPNOTSUPP)]
    [InlineData(true, MmuExtCommand.UnmarkSuper, Errno.EOPNOTSUPP)]
    [InlineData(true, (MmuExtCommand)14, Errno.ENOSYS)]
    [InlineData(true, (MmuExtCommand)21, Errno.ENOSYS)]
    public void Other_operations(bool isPrivileged, MmuExtCommand command, Errno error)
    {
        using PvScene scene = new(isPrivileged);
        Assert.Equal(-(long)error, Ext(scene, new MmuExtOp { Cmd = (uint)command }));
    }

    [Fact]
    public void What_a_domain_does_to_itself_nobody_does_for_it()
    {
        using PvScene scene = new(isPrivileged: true);
        scene.NewDomain(Other);
        Assert.Equal(-(long)Errno.EPERM, Ext(scene, new MmuExtOp { Cmd = (uint)MmuExtCommand.TlbFlushLocal }, Other));
        Assert.Equal(-(long)Errno.ESRCH, Ext(scene, new MmuExtOp { Cmd = (uint)MmuExtCommand.TlbFlushLocal }, Absent));
        Assert.Equal(-(long)Errno.ESRCH, Ext(scene, new MmuExtOp { Cmd = (uint)MmuExtCommand.TlbFlushLocal }, scene.Domain.Id));
        using PvScene guest = new();
        guest.NewDomain(Other);
        Assert.Equal(-(long)Errno.EPERM, Ext(guest, new MmuExtOp { Cmd = (uint)MmuExtCommand.ClearPage }, Other));
    }

    [Fact]
    public void Operations_on_tables_come_in_lists_too()
    {
        using PvScene scene = new();
        MmuExtOp flush = new() { Cmd = (uint)MmuExtCommand.TlbFlushLocal }, wrong = new() { Cmd = 99 };
        for (ulong i = 0; i < 4; i++)
            scene.Put(PvCalls.List + i * 24, i == 3 ? wrong : flush);
        Assert.Equal((0L, 3), scene.CallInSteps(HypercallNumber.MmuExtOp, PvCalls.List, 3, PvCalls.Done, DomainIds.Self));
        Assert.Equal(3u, scene.Get<uint>(PvCalls.Done));
        Assert.Equal(-(long)Errno.ENOSYS, scene.Call(HypercallNumber.MmuExtOp, PvCalls.List, 4, PvCalls.Done, DomainIds.Self));
        Assert.Equal(3u, scene.Get<uint>(PvCalls.Done));
        Assert.Equal(-(long)Errno.EFAULT, scene.Call(HypercallNumber.MmuExtOp, PvCalls.Nowhere, 1, PvCalls.Done, DomainIds.Self));
        Assert.Equal(0u, scene.Get<uint>(PvCalls.Done));
    }

    [Fact]
    public void Roots_and_the_LDT_are_set_for_the_calling_vCPU()
    {
        using PvScene scene = new();
        Assert.Equal(0, Ext(scene, new MmuExtOp { Cmd = (uint)MmuExtCommand.NewUserBaseptr, Mfn = scene.UserRoot.Value }));
        Assert.Equal(scene.UserRoot, scene.Vcpu.Pv.UserRoot);
        Assert.Equal(0, Ext(scene, new MmuExtOp { Cmd = (uint)MmuExtCommand.NewUserBaseptr }));
        Assert.True(scene.Vcpu.Pv.UserRoot.IsInvalid);
        Assert.NotEqual(0, Ext(scene, new MmuExtOp { Cmd = (uint)MmuExtCommand.NewBaseptr, Mfn = scene.L1.Value }));
        Assert.Equal(0, Ext(scene, new MmuExtOp { Cmd = (uint)MmuExtCommand.NewBaseptr, Mfn = scene.UserRoot.Value }));
        Assert.Equal((scene.UserRoot, scene.UserRoot.Address), (scene.Vcpu.Pv.KernelRoot, scene.Cpu.Cr3));

        Assert.Equal(0, Ext(scene, new MmuExtOp { Cmd = (uint)MmuExtCommand.SetLdt, LinearAddr = PvScene.Data, NrEnts = 16 }));
        Assert.Equal((PvScene.Data, 16u), (scene.Vcpu.Pv.LdtBase, scene.Vcpu.Pv.LdtEntries));
        Assert.Equal(0, Ext(scene, new MmuExtOp { Cmd = (uint)MmuExtCommand.SetLdt, LinearAddr = PvScene.Data, NrEnts = 16 }));
        Assert.Equal(-(long)Errno.EINVAL, Ext(scene, new MmuExtOp { Cmd = (uint)MmuExtCommand.SetLdt, LinearAddr = PvScene.Data + 8, NrEnts = 16 }));
        Assert.Equal(-(long)Errno.EINVAL, Ext(scene, new MmuExtOp { Cmd = (uint)MmuExtCommand.SetLdt, LinearAddr = PvScene.Data, NrEnts = 8193 }));
        Assert.Equal(-(long)Errno.EINVAL, Ext(scene, new MmuExtOp { Cmd = (uint)MmuExtCommand.SetLdt, LinearAddr = AddressSpace.DirectMap, NrEnts = 16 }));
        Assert.Equal(0, Ext(scene, new MmuExtOp { Cmd = (uint)MmuExtCommand.SetLdt }));
        Assert.Equal(0u, scene.Vcpu.Pv.LdtEntries);
    }

    /// <summary>Machine address of an entry of the table that maps the scene's pages.</summary>
    private static ulong Entry(PvScene scene, int index) => scene.L1.Address + (ulong)index * 8;

    private static uint References(PvScene scene, Mfn frame) => unchecked((uint)scene.Host.Memory.Frames[frame].Count);

    private static long Update(PvScene scene, ulong pointer, ulong value, uint domains = DomainIds.Self)
    {
        scene.PutList(PvCalls.Argument, pointer, value);
        return scene.Call(HypercallNumber.MmuUpdate, PvCalls.Argument, 1, 0, domains);
    }

    private static long Ext(PvScene scene, MmuExtOp operation, ushort domain = DomainIds.Self)
    {
        scene.Put(PvCalls.Argument, operation);
        return scene.Call(HypercallNumber.MmuExtOp, PvCalls.Argument, 1, 0, domain);
    }
}
