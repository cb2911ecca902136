// The grant operations besides mapping and copying: cache flushes and swaps, in lists that stop and go on, and what the debug key prints.

using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;
using Xenith.Tests.Paravirtual;
using Xunit;
using Op = Xenith.Abi.GrantTableOp;

namespace Xenith.Tests.Grants;

public sealed class GrantRequestTests
{
    private const uint Clean = 1, Invalidate = 2;

    [Theory]
    [InlineData(0, 4096, Clean, (Errno)0)]
    [InlineData(4095, 1, Clean | Invalidate, (Errno)0)]
    [InlineData(100, 0, Clean, (Errno)0)]                                   // nothing to do
    [InlineData(100, 10, 0u, (Errno)0)]
    [InlineData(4096, 0, Clean, Errno.EINVAL)]
    [InlineData(0, 4097, Clean, Errno.EINVAL)]
    [InlineData(4000, 97, Clean, Errno.EINVAL)]
    [InlineData(0, 1, 4u, Errno.EINVAL)]
    [InlineData(0, 64, Invalidate, Errno.EOPNOTSUPP)]                       // contents cannot be dropped without being written
    public void A_part_of_an_own_page_is_written_back(int offset, int length, uint operation, Errno error)
    {
        using PvScene scene = new();
        GrantTableCacheFlush request = new() { DevBusAddr = scene.FrameOf(PvScene.Data).Address, Offset = (ushort)offset, Length = (ushort)length, Op = operation };
        scene.Put(PvCalls.List, request);
        Assert.Equal(-(long)error, Call(scene, Op.CacheFlush, PvCalls.List, 1));
    }

    [Fact]
    public void Other_frames_are_not_flushed_and_end_the_list()
    {
        using PvScene scene = new();
        Mfn theirs = PvCalls.NewFrame(scene.NewDomain());
        foreach ((ulong address, Errno error) in ((ulong, Errno)[])[(theirs.Address, Errno.EPERM), (1UL << 45, Errno.EINVAL)])
        {
            scene.Put(PvCalls.List, new GrantTableCacheFlush { DevBusAddr = scene.FrameOf(PvScene.Data).Address, Length = 64, Op = Clean });
            scene.Put(PvCalls.List + 16, new GrantTableCacheFlush { DevBusAddr = address, Length = 64, Op = Clean });
            Assert.Equal(-(long)error, Call(scene, Op.CacheFlush, PvCalls.List, 2));
        }
    }

    [Theory]
    [InlineData(Op.CacheFlush, 16)]
    [InlineData(Op.SwapGrantRef, 12)]
    [InlineData(Op.Copy, 40)]
    public void Lists_stop_between_requests_and_go_on(Op op, int size)
    {
        using PvScene scene = new();
        // All zero: a flush of nothing, a swap of an entry with itself, a copy of no bytes.
        for (int i = 0; i < 5 * size; i++)
            scene.Put(PvCalls.List + (ulong)i, (byte)0);
        Assert.Equal((0L, 5), scene.CallInSteps(HypercallNumber.GrantTableOp, (ulong)op, PvCalls.List, 5));
    }

    [Fact]
    public void Entries_change_places_unless_one_is_in_use()
    {
        using PvScene scene = new(isPrivileged: true);
        Domain domain = scene.Domain;
        Assert.Equal(Hypervisor.XenError.None, domain.Grants.Grow(1));
        Frame table = Frame.At(domain.Grants.FrameAt(0));
        table.Write(8 * 8, 0x1111_0000_0001UL);
        table.Write(9 * 8, 0x2222_0000_0001UL);
        Assert.Equal(GrantStatus.Okay, Swap(scene, 8, 9));
        Assert.Equal((0x2222_0000_0001UL, 0x1111_0000_0001UL), (table.Read<ulong>(8 * 8), table.Read<ulong>(9 * 8)));
        Assert.Equal(GrantStatus.Okay, Swap(scene, 8, 8));
        Assert.Equal(GrantStatus.BadGntref, Swap(scene, 8, 512));
        Assert.Equal(GrantStatus.BadGntref, Swap(scene, 512, 8));

        // The domain maps what it has granted to itself: the entry is pinned.
        table.Write(10 * 8, new GrantEntryV1 { Flags = 1, Domid = 0, Frame = (uint)scene.FrameOf(PvScene.Data).Value });
        GrantTableMapGrantRef map = new() { HostAddr = PvCalls.Nowhere, Flags = (uint)GrantMapFlags.HostMap, Ref = 10, Dom = domain.Id };
        scene.Put(PvCalls.List, map);
        Assert.Equal(0, Call(scene, Op.MapGrantRef, PvCalls.List, 1));
        GrantTableMapGrantRef mapped = scene.Get<GrantTableMapGrantRef>(PvCalls.List);
        Assert.Equal((short)GrantStatus.Okay, mapped.Status);
        Assert.Equal(GrantStatus.Eagain, Swap(scene, 10, 9));
        Assert.Equal(GrantStatus.Eagain, Swap(scene, 9, 10));
        domain.Grants.Dump(scene.Host.Log);
        Assert.Contains("grant-table for remote d0 (v1)", scene.Machine.Com1.Text, StringComparison.Ordinal);
        Assert.Contains("[0x00a]", scene.Machine.Com1.Text, StringComparison.Ordinal);

        scene.Put(PvCalls.List, new GrantTableUnmapGrantRef { HostAddr = PvCalls.Nowhere, Handle = mapped.Handle });
        Assert.Equal(0, Call(scene, Op.UnmapGrantRef, PvCalls.List, 1));
        Assert.Equal(GrantStatus.Okay, Swap(scene, 10, 9));
        domain.Grants.Dump(scene.Host.Log);
        Assert.Contains("no active grant table entries", scene.Machine.Com1.Text, StringComparison.Ordinal);
    }

    private static GrantStatus Swap(PvScene scene, uint one, uint other)
    {
        scene.Put(PvCalls.List, new GrantTableSwapGrantRef { RefA = one, RefB = other, Status = 99 });
        Assert.Equal(0, Call(scene, Op.SwapGrantRef, PvCalls.List, 1));
        return (GrantStatus)scene.Get<GrantTableSwapGrantRef>(PvCalls.List).Status;
    }

    private static long Call(PvScene scene, Op op, ulong list, uint count) => scene.Call(HypercallNumber.GrantTableOp, (ulong)op, list, count);
}
