// Grants in use: mapping, unmapping and copying between domains with real page tables, and what happens to the references.

using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;
using Xenith.Tests.Paravirtual;
using Xunit;
using Op = Xenith.Abi.GrantTableOp;

namespace Xenith.Tests.Grants;

public sealed class GrantMappingTests : IDisposable
{
    private const ulong List = PvScene.Data;
    private const ulong Target = PvScene.Base + 0x9000;
    private const uint HostMap = (uint)GrantMapFlags.HostMap, ReadOnly = (uint)GrantMapFlags.Readonly, Device = (uint)GrantMapFlags.DeviceMap;

    private readonly PvScene _scene = new(isPrivileged: true);
    private readonly Domain _granter;
    private readonly Mfn _lent;

    public GrantMappingTests()
    {
        _granter = new Domain(3, false, 1);
        _granter.Pages.MaxPages = 16;
        _scene.Host.Domains.Add(_granter);
        Assert.True(_granter.Pages.TryAllocate(0, AllocationFlags.Zeroed, out _lent));
        Assert.Equal(Hypervisor.XenError.None, _granter.Grants.Grow(1));
    }

    public void Dispose() => _scene.Dispose();

    [Fact]
    public void A_granted_page_can_be_written_and_is_given_back()
    {
        ulong before = Count();
        Grant(8, _lent, 0);
        GrantTableMapGrantRef map = Map(8, HostMap);
        Assert.Equal(((short)GrantStatus.Okay, _lent.Address), (map.Status, map.DevBusAddr));
        Assert.Equal(1 | 8 | 16, Flags(8));
        Assert.True(_scene.Cpu.TryWriteAsUser(Target, 0x1234UL));
        Assert.Equal(0x1234UL, Frame.At(_lent).Read<ulong>(0));
        Assert.Equal(FrameState.Loaned, _scene.Host.Memory.Types.StateOf(_lent));

        Assert.Equal((short)GrantStatus.Okay, Unmap(map.Handle));
        Assert.Equal(1, Flags(8));
        Assert.False(_scene.Cpu.TryReadAsUser(Target, out ulong _));
        Assert.False(_scene.Cpu.Tlb.Reaches(_lent));
        Assert.Equal(before, Count());
        Assert.Equal((short)GrantStatus.BadHandle, Unmap(map.Handle));
    }

    [Fact]
    public void A_read_only_grant_cannot_be_mapped_for_writing()
    {
        Grant(1, _lent, (ushort)GrantEntryFlags.Readonly);
        Assert.Equal((short)GrantStatus.GeneralError, Map(1, HostMap).Status);
        GrantTableMapGrantRef map = Map(1, HostMap | ReadOnly);
        Assert.Equal((short)GrantStatus.Okay, map.Status);
        Assert.Equal(1 | 4 | 8, Flags(1));
        Assert.True(_scene.Cpu.TryReadAsUser(Target, out ulong _));
        Assert.False(_scene.Cpu.TryWriteAsUser(Target, 1UL));
        Assert.Equal((short)GrantStatus.Okay, Unmap(map.Handle));
        Assert.Equal(1 | 4, Flags(1));
    }

    [Fact]
    public void What_is_wrong_with_a_request_is_said()
    {
        Grant(1, _lent, 0);
        Assert.Equal((short)GrantStatus.BadGntref, Map(1, ReadOnly).Status);
        Assert.Equal((short)GrantStatus.BadDomain, Map(1, HostMap, domain: 9).Status);
        Assert.Equal((short)GrantStatus.BadDomain, Map(1, HostMap, domain: DomainIds.Self).Status);
        Assert.Equal((short)GrantStatus.BadGntref, Map(512, HostMap).Status);
        Assert.Equal((short)GrantStatus.GeneralError, Map(2, HostMap).Status);
        Assert.Equal((short)GrantStatus.GeneralError, Map(1, HostMap, address: 0x5555_0000_0000).Status);
        Assert.Equal((short)GrantStatus.GeneralError, Map(1, HostMap, address: AddressSpace.HypervisorStart).Status);
        Assert.Equal(1, Flags(1));
        Grant(3, new Mfn(1UL << 31), 0);
        Assert.Equal((short)GrantStatus.BadPage, Map(3, HostMap).Status);
        Grant(3, _scene.L1, 0);
        Assert.Equal((short)GrantStatus.BadPage, Map(3, HostMap | ReadOnly).Status);
        Assert.Equal(1, Flags(3));
        Grant(4, _lent, 0, grantee: 7);
        Assert.Equal((short)GrantStatus.GeneralError, Map(4, HostMap).Status);
    }

    [Fact]
    public void A_page_table_is_lent_for_reading_only()
    {
        Grant(5, _scene.L1, 0, granter: _scene.Domain);
        Assert.Equal(Hypervisor.XenError.None, _scene.Domain.Grants.Grow(1));
        Grant(5, _scene.L1, 0, granter: _scene.Domain);
        Assert.Equal((short)GrantStatus.GeneralError, Map(5, HostMap, domain: 0).Status);
        GrantTableMapGrantRef map = Map(5, HostMap | ReadOnly, domain: 0);
        Assert.Equal((short)GrantStatus.Okay, map.Status);
        Assert.Equal((short)GrantStatus.Okay, Unmap(map.Handle));
    }

    [Fact]
    public void The_guest_cannot_end_a_loan_by_removing_the_entry_itself()
    {
        Grant(8, _lent, 0);
        GrantTableMapGrantRef map = Map(8, HostMap);
        Assert.Equal(0, _scene.Cpu.Hypercall((uint)HypercallNumber.UpdateVaMapping, Target, 0, 0));
        Assert.Equal(1 | 8 | 16, Flags(8));
        Assert.Equal((short)GrantStatus.GeneralError, Unmap(map.Handle));
        Assert.NotEqual(Hypervisor.XenError.None, _scene.Host.Memory.Types.TryGetDescriptors(_lent, _granter));
    }

    [Fact]
    public void The_entry_can_be_named_by_its_machine_address()
    {
        Grant(8, _lent, 0);
        ulong entry = _scene.L1.Address + 9 * 8;
        GrantTableMapGrantRef map = Map(8, HostMap | (uint)GrantMapFlags.ContainsPte | (uint)GrantMapFlags.ApplicationMap | 1 << 16, address: entry);
        Assert.Equal((short)GrantStatus.Okay, map.Status);
        Assert.Equal(PageFlags.User | 1UL << 9, PageTableView.At(_scene.L1)[9].Bits & (PageFlags.User | 0xe00));
        Assert.True(_scene.Cpu.TryWriteAsUser(Target, 1UL));
        Assert.Equal((short)GrantStatus.GeneralError, Unmap(map.Handle, Target + 1));
        Assert.Equal((short)GrantStatus.Okay, Unmap(map.Handle, entry));
    }

    [Fact]
    public void Host_and_device_mapping_end_one_by_one()
    {
        Grant(8, _lent, 0);
        GrantTableMapGrantRef map = Map(8, HostMap | Device);
        Assert.Equal((short)GrantStatus.GeneralError, Unmap(map.Handle, 0, map.DevBusAddr + 4096));
        Assert.Equal((short)GrantStatus.Okay, Unmap(map.Handle));
        Assert.Equal(1 | 8 | 16, Flags(8));
        Assert.Equal((short)GrantStatus.Okay, Unmap(map.Handle, 0, map.DevBusAddr));
        Assert.Equal(1, Flags(8));
    }

    [Fact]
    public void Lists_stop_between_requests_and_go_on()
    {
        Grant(8, _lent, 0);
        for (uint i = 0; i < 3; i++)
            Put(List + i * 32, new GrantTableMapGrantRef { HostAddr = Target + i * 4096, Flags = HostMap, Ref = 8, Dom = 3, Status = 99 });
        PerCpu.RaiseWork(PendingWork.Schedule);
        Assert.Equal(20, Call(Op.MapGrantRef, List, 3));
        Assert.Equal((List + 32, 2UL), (PerCpu.Frame.Rsi, PerCpu.Frame.Rdx));
        Assert.Equal(0, Call(Op.MapGrantRef, PerCpu.Frame.Rsi, (uint)PerCpu.Frame.Rdx));
        var unmaps = new GrantTableUnmapGrantRef[3];
        for (uint i = 0; i < 3; i++)
            unmaps[i] = new GrantTableUnmapGrantRef { HostAddr = Target + i * 4096, Handle = Get<GrantTableMapGrantRef>(List + i * 32).Handle, Status = 99 };
        for (uint i = 0; i < 3; i++)
            Put(List + i * 24, unmaps[i]);
        int flushes = _scene.Cpu.Tlb.FullFlushes;
        Assert.Equal(0, Call(Op.UnmapGrantRef, List, 3));
        Assert.InRange(_scene.Cpu.Tlb.FullFlushes - flushes, 1, 2);
        for (uint i = 0; i < 3; i++)
            Assert.Equal(0, Get<GrantTableUnmapGrantRef>(List + i * 24).Status);
        Assert.Equal(1, Flags(8));
        Assert.Equal(-14, Call(Op.UnmapGrantRef, 0x5555_0000_0000, 1));
    }

    [Fact]
    public void Bytes_are_copied_from_and_to_grants_and_own_frames()
    {
        Grant(8, _lent, 0);
        Assert.True(_scene.Domain.Pages.TryAllocate(0, AllocationFlags.Zeroed, out Mfn own));
        for (int i = 0; i < 4096; i++)
            Frame.At(own).Write(i, (byte)(i * 7));
        var op = new GrantTableCopy { Flags = (ushort)GrantCopyFlags.DestGref, Len = 2000 };
        op.Source.Gmfn = own.Value;
        op.Source.Domid = DomainIds.Self;
        op.Source.Offset = 100;
        op.Dest.Ref = 8;
        op.Dest.Domid = 3;
        op.Dest.Offset = 2096;
        Assert.Equal((short)GrantStatus.Okay, Copy(op));
        for (int i = 0; i < 4096; i++)
            Assert.Equal(i < 2096 ? 0 : (byte)((i - 1996) * 7), Frame.At(_lent).Read<byte>(i));
        Assert.Equal(1, Flags(8));
        op.Dest.Offset = 2097;
        Assert.Equal((short)GrantStatus.BadCopyArg, Copy(op));
        op.Source.Domid = 3;
        Assert.Equal((short)GrantStatus.PermissionDenied, Copy(op));
        op.Source.Domid = DomainIds.Self;
        op.Source.Gmfn = _lent.Value;
        Assert.Equal((short)GrantStatus.BadPage, Copy(op));
        op.Source.Gmfn = own.Value;
        op.Dest.Ref = 2;
        Assert.Equal((short)GrantStatus.GeneralError, Copy(op));
        op.Dest.Domid = 9;
        Assert.Equal((short)GrantStatus.BadDomain, Copy(op));
        Assert.Equal(1, Flags(8));
    }

    private ulong Count() => _scene.Host.Memory.Frames[_lent].Count & ~FrameBits.Loaned;

    private void Grant(uint reference, Mfn frame, ushort flags, ushort grantee = 0, Domain? granter = null)
    {
        Domain domain = granter ?? _granter;
        if (domain.Grants.FrameAt(0).Value == 0)
            return;
        Frame table = Frame.At(domain.Grants.FrameAt(0));
        table.Write((int)reference * 8, new GrantEntryV1 { Flags = (ushort)(1 | flags), Domid = grantee, Frame = (uint)frame.Value });
    }

    private int Flags(uint reference) => Frame.At(_granter.Grants.FrameAt(0)).Read<ushort>((int)reference * 8);

    private GrantTableMapGrantRef Map(uint reference, uint flags, ushort domain = 3, ulong address = Target)
    {
        Put(List, new GrantTableMapGrantRef { HostAddr = address, Flags = flags, Ref = reference, Dom = domain, Status = 99 });
        Assert.Equal(0, Call(Op.MapGrantRef, List, 1));
        return Get<GrantTableMapGrantRef>(List);
    }

    private short Unmap(uint handle, ulong address = Target, ulong bus = 0)
    {
        Put(List, new GrantTableUnmapGrantRef { HostAddr = address, DevBusAddr = bus, Handle = handle, Status = 99 });
        Assert.Equal(0, Call(Op.UnmapGrantRef, List, 1));
        return Get<GrantTableUnmapGrantRef>(List).Status;
    }

    private short Copy(GrantTableCopy op)
    {
        Put(List, op);
        Assert.Equal(0, Call(Op.Copy, List, 1));
        return Get<GrantTableCopy>(List).Status;
    }

    private long Call(Op operation, ulong list, uint count) => _scene.Cpu.Hypercall((uint)HypercallNumber.GrantTableOp, (ulong)operation, list, count);

    private void Put<T>(ulong address, T value) where T : unmanaged => Assert.True(_scene.Cpu.TryWriteAsUser(address, value));

    private T Get<T>(ulong address) where T : unmanaged
    {
        Assert.True(_scene.Cpu.TryReadAsUser(address, out T value));
        return value;
    }
}
