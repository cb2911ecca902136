// grant_table_op: the table itself.

using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;
using Xenith.Tests.Hypercalls;
using Xunit;
using Op = Xenith.Abi.GrantTableOp;

namespace Xenith.Tests.Grants;

public sealed class GrantTableTests
{
    [Fact]
    public void The_table_starts_with_a_frame_and_grows_to_64()
    {
        using var guest = new GuestScene();
        Assert.Equal((1u, 64u), Size(guest));
        const ulong list = GuestScene.Memory + 0x1000;
        var setup = new GrantTableSetupTable { Dom = DomainIds.Self, NrFrames = 4, FrameList = new GuestHandle<ulong>(list) };
        Assert.Equal(0, One(guest, Op.SetupTable, ref setup));
        Assert.Equal((short)GrantStatus.Okay, setup.Status);
        ulong[] frames = [guest.Read<ulong>(list), guest.Read<ulong>(list + 8), guest.Read<ulong>(list + 16), guest.Read<ulong>(list + 24)];
        Assert.Equal(4, frames.Distinct().Count());
        Assert.Equal((4u, 64u), Size(guest));
        Assert.Equal(Hypervisor.XenError.None, guest.Host.Memory.Types.TryGetWritable(new Mfn(frames[3]), guest.Domain));

        setup.NrFrames = 2;
        Assert.Equal(0, One(guest, Op.SetupTable, ref setup));
        Assert.Equal(frames[1], guest.Read<ulong>(list + 8));
        setup.NrFrames = 65;
        Assert.Equal(0, One(guest, Op.SetupTable, ref setup));
        Assert.Equal((short)GrantStatus.GeneralError, setup.Status);
    }

    [Fact]
    public void Version_1_is_the_version()
    {
        using var guest = new GuestScene();
        uint version = 1;
        Assert.Equal(0, One(guest, Op.SetVersion, ref version));
        version = 2;
        Assert.Equal(-38, One(guest, Op.SetVersion, ref version));
        Assert.Equal(1u, version);
        version = 3;
        Assert.Equal(-22, One(guest, Op.SetVersion, ref version));
        var get = new GrantTableGetVersion { Dom = DomainIds.Self };
        Assert.Equal(0, One(guest, Op.GetVersion, ref get));
        Assert.Equal(1u, get.Version);
        get.Dom = 9;
        Assert.Equal(-3, One(guest, Op.GetVersion, ref get));
    }

    [Fact]
    public void Another_domains_table_is_the_control_domains_business()
    {
        using var guest = new GuestScene(privileged: false);
        var query = new GrantTableQuerySize { Dom = 0 };
        Assert.Equal(0, One(guest, Op.QuerySize, ref query));
        Assert.Equal((short)GrantStatus.PermissionDenied, query.Status);
        query.Dom = 9;
        Assert.Equal(0, One(guest, Op.QuerySize, ref query));
        Assert.Equal((short)GrantStatus.BadDomain, query.Status);
        var get = new GrantTableGetVersion { Dom = 0 };
        Assert.Equal(-1, One(guest, Op.GetVersion, ref get));
    }

    [Fact]
    public void Counts_and_commands_are_checked()
    {
        using var guest = new GuestScene();
        foreach (Op operation in (Op[])[Op.SetupTable, Op.QuerySize])
        {
            Assert.Equal(-22, guest.Call(HypercallNumber.GrantTableOp, (ulong)operation, GuestScene.Memory, 2));
            Assert.Equal(-22, guest.Call(HypercallNumber.GrantTableOp, (ulong)operation, GuestScene.Memory, 0x8000_0000));
            Assert.Equal(-14, guest.Call(HypercallNumber.GrantTableOp, (ulong)operation, GuestScene.Forbidden, 1));
            Assert.Equal(-14, guest.Call(HypercallNumber.GrantTableOp, (ulong)operation, GuestScene.Unmapped, 1));
        }
        Assert.Equal(-38, guest.Call(HypercallNumber.GrantTableOp, 100, GuestScene.Memory, 1));
        Assert.Equal(-22, guest.Call(HypercallNumber.GrantTableOp, 0x1006, GuestScene.Memory, 1));
    }

    private static (uint, uint) Size(GuestScene guest)
    {
        var query = new GrantTableQuerySize { Dom = DomainIds.Self };
        Assert.Equal(0, One(guest, Op.QuerySize, ref query));
        Assert.Equal((short)GrantStatus.Okay, query.Status);
        return (query.NrFrames, query.MaxNrFrames);
    }

    private static long One<T>(GuestScene guest, Op operation, ref T request) where T : unmanaged
    {
        guest.Write(GuestScene.Memory, request);
        long result = guest.Call(HypercallNumber.GrantTableOp, (ulong)operation, GuestScene.Memory, 1);
        request = guest.Read<T>(GuestScene.Memory);
        return result;
    }
}
