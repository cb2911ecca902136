// What calls answer that name nobody, come from the wrong domain, or ask for what is not written: Xen's errors in Xen's order.

using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;
using Xunit;

namespace Xenith.Tests.Hypercalls;

public sealed class RefusalTests
{
    [Fact]
    public void The_old_scheduling_call_has_three_operations()
    {
        using GuestScene guest = new(privileged: false);
        Assert.Equal(0, guest.Call(HypercallNumber.SchedOpCompat, (ulong)SchedOp.Yield));
        guest.Vcpu.Info.Store8(0, 1);
        Assert.Equal(0, guest.Call(HypercallNumber.SchedOpCompat, (ulong)SchedOp.Block));
        Assert.Equal(0, guest.Vcpu.Info.Load8(1));
        Assert.Equal(-(long)Errno.ENOSYS, guest.Call(HypercallNumber.SchedOpCompat, (ulong)SchedOp.Poll));
        Assert.Equal(0, guest.Call(HypercallNumber.SchedOpCompat, (ulong)SchedOp.Shutdown, 0x103));
        Assert.Equal((true, 3u), (guest.Domain.IsShutDown, guest.Domain.ShutdownReason));
    }

    [Fact]
    public void Arguments_of_sched_op_that_cannot_be_read_are_bad_addresses()
    {
        using GuestScene guest = new();
        foreach (SchedOp op in (SchedOp[])[SchedOp.Shutdown, SchedOp.Poll, SchedOp.RemoteShutdown, SchedOp.ShutdownCode, SchedOp.Watchdog, SchedOp.PinOverride])
            Assert.Equal(-(long)Errno.EFAULT, guest.Call(HypercallNumber.SchedOp, (ulong)op, GuestScene.Unmapped));
        Assert.Equal(-(long)Errno.ENOSYS, guest.Call(HypercallNumber.SchedOp, 99, GuestScene.Memory));
        Assert.False(guest.Domain.IsShutDown);
    }

    [Fact]
    public void A_reason_can_be_left_for_the_crash_that_may_follow()
    {
        using GuestScene guest = new(privileged: false);
        uint reason = 0x105;
        Assert.Equal(0, guest.Call(HypercallNumber.SchedOp, (ulong)SchedOp.ShutdownCode, ref reason));
        Assert.Equal((false, 5u), (guest.Domain.IsShutDown, guest.Domain.ShutdownReason));
        uint off = 2;
        Assert.Equal(0, guest.Call(HypercallNumber.SchedOp, (ulong)SchedOp.Shutdown, ref off));
        uint late = 4;
        Assert.Equal(0, guest.Call(HypercallNumber.SchedOp, (ulong)SchedOp.ShutdownCode, ref late));
        Assert.Equal((true, 2u), (guest.Domain.IsShutDown, guest.Domain.ShutdownReason));
    }

    [Fact]
    public void The_control_domain_shuts_another_one_down()
    {
        using GuestScene guest = new();
        Domain other = guest.NewDomain(7);
        SchedRemoteShutdown remote = new() { DomainId = 7, Reason = 0x100 };
        Assert.Equal(0, guest.Call(HypercallNumber.SchedOp, (ulong)SchedOp.RemoteShutdown, ref remote));
        Assert.Equal((true, 0u), (other.IsShutDown, other.ShutdownReason));
    }

    [Fact]
    public void A_vCPU_of_the_control_domain_is_held_on_a_CPU_for_a_while()
    {
        using GuestScene guest = new();
        SchedPinOverride pin = new() { Pcpu = 0 };
        Assert.Equal(0, guest.Call(HypercallNumber.SchedOp, (ulong)SchedOp.PinOverride, ref pin));
        pin.Pcpu = 77;
        Assert.NotEqual(0, guest.Call(HypercallNumber.SchedOp, (ulong)SchedOp.PinOverride, ref pin));
        pin.Pcpu = -1;
        Assert.Equal(0, guest.Call(HypercallNumber.SchedOp, (ulong)SchedOp.PinOverride, ref pin));
    }

    [Theory]
    [InlineData(true, 0x01ec_c003_0000_0001UL, Errno.ENOSYS)]
    [InlineData(true, 0x01ec_c002_0000_0001UL, Errno.EACCES)]
    [InlineData(false, 0x01ec_c003_0000_0001UL, Errno.EPERM)]
    public void Machine_check_control_is_the_control_domains_and_not_written(bool privileged, ulong head, Errno error)
    {
        using GuestScene guest = new(privileged);
        guest.Write(GuestScene.Memory, head);
        Assert.Equal(-(long)error, guest.Call(HypercallNumber.Arch0, GuestScene.Memory));
        Assert.Equal(privileged ? -(long)Errno.EFAULT : -(long)Errno.EPERM, guest.Call(HypercallNumber.Arch0, GuestScene.Unmapped));
    }

    [Fact]
    public void Domctl_wants_its_version_a_domain_and_the_right()
    {
        const uint createDomain = (uint)DomctlOp.CreateDomain, pause = (uint)DomctlOp.PauseDomain;
        using GuestScene guest = new();
        long Call(uint command, ushort domain, uint version = DomctlConstants.InterfaceVersion)
        {
            Domctl op = new() { Cmd = command, InterfaceVersion = version, Domain = domain };
            return guest.Call(HypercallNumber.Domctl, Put(guest, op));
        }
        Assert.Equal(-(long)Errno.EACCES, Call(pause, 0, 1));
        Assert.Equal(-(long)Errno.ESRCH, Call(pause, 9));
        Assert.Equal(-(long)Errno.ENOSYS, Call(pause, 0));
        Assert.Equal(-(long)Errno.ENOSYS, Call(createDomain, 9));
        Assert.Equal(-(long)Errno.ENOSYS, Call(500, 0));
        Assert.Equal(-(long)Errno.ENOSYS, Call((uint)DomctlOp.GdbsxGuestMemIo, 9));
        Assert.Equal(-(long)Errno.EFAULT, guest.Call(HypercallNumber.Domctl, GuestScene.Unmapped));
        guest.Serve(guest.NewDomain(7).FindVcpu(0)!);
        Assert.Equal(-(long)Errno.EPERM, Call(pause, 0));
        Assert.Equal(-(long)Errno.EPERM, Call(500, 0));
    }

    [Fact]
    public void Sysctl_wants_its_version_and_the_right()
    {
        using GuestScene guest = new();
        long Call(uint command, uint version = SysctlConstants.InterfaceVersion) =>
            guest.Call(HypercallNumber.Sysctl, Put(guest, new Sysctl { Cmd = command, InterfaceVersion = version }));
        Assert.Equal(-(long)Errno.EACCES, Call(1, 1));
        Assert.Equal(-(long)Errno.ENOSYS, Call(1));
        Assert.Equal(-(long)Errno.ENOSYS, Call(500));
        Assert.Equal(-(long)Errno.EFAULT, guest.Call(HypercallNumber.Sysctl, GuestScene.Unmapped));
        guest.Serve(guest.NewDomain(7).FindVcpu(0)!);
        Assert.Equal(-(long)Errno.EPERM, Call(1));
    }

    [Theory]
    [InlineData(HypercallNumber.KexecOp, Errno.ENOSYS, Errno.EPERM)]
    [InlineData(HypercallNumber.HypfsOp, Errno.ENOSYS, Errno.EPERM)]
    [InlineData(HypercallNumber.HvmOp, Errno.ENOSYS, Errno.ENOSYS)]
    [InlineData(HypercallNumber.DmOp, Errno.ENOSYS, Errno.ENOSYS)]
    [InlineData(HypercallNumber.XenoprofOp, Errno.ENOSYS, Errno.ENOSYS)]
    [InlineData(HypercallNumber.PmuOp, Errno.EOPNOTSUPP, Errno.EOPNOTSUPP)]
    [InlineData(HypercallNumber.XsmOp, Errno.ENOSYS, Errno.ENOSYS)]
    [InlineData(HypercallNumber.TmemOp, Errno.ENOSYS, Errno.ENOSYS)]
    [InlineData(HypercallNumber.ArgoOp, Errno.ENOSYS, Errno.ENOSYS)]
    public void Calls_that_are_not_written_say_so_and_the_control_domains_own_say_that_first(HypercallNumber number, Errno control, Errno other)
    {
        using GuestScene guest = new();
        Assert.Equal(-(long)control, guest.Call(number, 1, GuestScene.Memory));
        guest.Serve(guest.NewDomain(7).FindVcpu(0)!);
        Assert.Equal(-(long)other, guest.Call(number, 1, GuestScene.Memory));
    }

    [Fact]
    public void Numbers_without_a_call_and_32_bit_callers_are_told_so()
    {
        using GuestScene guest = new();
        for (uint number = 0; number < 70; number++)
            Assert.Equal(-(long)Errno.ENOSYS, guest.CallAs32Bit((HypercallNumber)number, 1, (uint)GuestScene.Memory));
        foreach (uint number in (uint[])[11, 27, 43, 44, 45, 46, 47, 49, 50, 51, 52, 53, 54, 55, 56, 200])
            Assert.Equal(-(long)Errno.ENOSYS, guest.Call((HypercallNumber)number));
    }

    [Fact]
    public void The_old_event_call_reads_command_and_argument_from_one_structure()
    {
        using GuestScene guest = new();
        guest.Write(GuestScene.Memory, (uint)EventChannelOp.BindIpi);
        guest.Write(GuestScene.Memory + 4, new EventChannelBindIpi { Vcpu = 1 });
        Assert.Equal(0, guest.Call(HypercallNumber.EventChannelOpCompat, GuestScene.Memory));
        uint port = guest.Read<EventChannelBindIpi>(GuestScene.Memory + 4).Port;
        Assert.True(guest.Domain.Events.IsValid(port));
        guest.Write(GuestScene.Memory, (uint)EventChannelOp.Reset);
        Assert.Equal(-(long)Errno.ENOSYS, guest.Call(HypercallNumber.EventChannelOpCompat, GuestScene.Memory));
        Assert.Equal(-(long)Errno.EFAULT, guest.Call(HypercallNumber.EventChannelOpCompat, GuestScene.Unmapped));

        EventChannelSetPriority priority = new() { Port = port };
        Assert.Equal(-(long)Errno.ENOSYS, guest.Call(HypercallNumber.EventChannelOp, (ulong)EventChannelOp.SetPriority, ref priority));
        priority.Port = 4000;
        Assert.Equal(-(long)Errno.EINVAL, guest.Call(HypercallNumber.EventChannelOp, (ulong)EventChannelOp.SetPriority, ref priority));
    }

    [Fact]
    public void Arguments_of_event_channel_op_that_cannot_be_read_are_bad_addresses()
    {
        using GuestScene guest = new();
        for (uint op = 0; op <= (uint)EventChannelOp.SetPriority; op++)
        {
            long expected = (EventChannelOp)op == EventChannelOp.InitControl ? -(long)Errno.ENOSYS : -(long)Errno.EFAULT;
            Assert.Equal(expected, guest.Call(HypercallNumber.EventChannelOp, op, GuestScene.Unmapped));
        }
        Assert.Equal(-(long)Errno.EOPNOTSUPP, guest.Call(HypercallNumber.EventChannelOp, (ulong)EventChannelOp.ExpandArray, GuestScene.Memory));
    }

    [Fact]
    public void Another_domains_channels_are_reset_only_while_it_is_paused()
    {
        using GuestScene guest = new();
        Domain other = guest.NewDomain(7);
        Assert.Equal(Xenith.Hypervisor.XenError.None, other.Events.BindIpi(1, out uint port));
        long Reset(ushort domain)
        {
            EventChannelReset reset = new() { Dom = domain };
            return guest.Call(HypercallNumber.EventChannelOp, (ulong)EventChannelOp.Reset, ref reset);
        }
        uint Kind()
        {
            EventChannelStatus status = new() { Dom = 7, Port = port };
            other.Events.Describe(ref status);
            return status.Status;
        }
        Assert.Equal(-(long)Errno.ESRCH, Reset(9));
        Assert.Equal(-(long)Errno.EINVAL, Reset(7));
        Assert.Equal((uint)EventChannelState.Ipi, Kind());
        other.FindVcpu(0)!.Scheduling.Pause();
        Assert.Equal(0, Reset(7));
        Assert.Equal(0u, Kind());
        guest.Serve(other.FindVcpu(0)!);
        Assert.Equal(-(long)Errno.EPERM, Reset(0));
    }

    [Fact]
    public void The_old_calls_report_PCI_devices_too()
    {
        using GuestScene guest = new();
        PhysdevManagePci old = new() { Bus = 3, Devfn = 0x10 };
        PhysdevManagePciExt extended = new() { Bus = 3, Devfn = 0x11, IsVirtfn = 1 };
        Assert.Equal(0, guest.Call(HypercallNumber.PhysdevOp, (ulong)PhysdevOp.ManagePciAdd, ref old));
        Assert.Equal(0, guest.Call(HypercallNumber.PhysdevOp, (ulong)PhysdevOp.ManagePciAddExt, ref extended));
        Assert.True(guest.Host.Pci.Contains(0, 3, 0x10) && guest.Host.Pci.Contains(0, 3, 0x11));
        extended.IsExtfn = 2;
        Assert.Equal(-(long)Errno.EINVAL, guest.Call(HypercallNumber.PhysdevOp, (ulong)PhysdevOp.ManagePciAddExt, ref extended));
        (extended.IsExtfn, extended.IsVirtfn) = (1, 2);
        Assert.Equal(-(long)Errno.EINVAL, guest.Call(HypercallNumber.PhysdevOp, (ulong)PhysdevOp.ManagePciAddExt, ref extended));
        Assert.Equal(0, guest.Call(HypercallNumber.PhysdevOp, (ulong)PhysdevOp.ManagePciRemove, ref old));
        Assert.Equal(-(long)Errno.ENODEV, guest.Call(HypercallNumber.PhysdevOp, (ulong)PhysdevOp.ManagePciRemove, ref old));
        PhysdevPciMmcfgReserved window = new() { Address = 0xb000_0000, StartBus = 5, EndBus = 4 };
        Assert.Equal(-(long)Errno.EINVAL, guest.Call(HypercallNumber.PhysdevOp, (ulong)PhysdevOp.PciMmcfgReserved, ref window));
        window = new() { Address = 0xb000_0000, EndBus = 255, Flags = 2 };
        Assert.Equal(-(long)Errno.EINVAL, guest.Call(HypercallNumber.PhysdevOp, (ulong)PhysdevOp.PciMmcfgReserved, ref window));
        guest.Serve(guest.NewDomain(7).FindVcpu(0)!);
        foreach (PhysdevOp op in (PhysdevOp[])[PhysdevOp.ManagePciAdd, PhysdevOp.ManagePciRemove, PhysdevOp.PciDeviceAdd, PhysdevOp.PciDeviceRemove, PhysdevOp.PciMmcfgReserved])
            Assert.Equal(-(long)Errno.EPERM, guest.Call(HypercallNumber.PhysdevOp, (ulong)op, GuestScene.Memory));
    }

    [Fact]
    public void Arguments_of_physdev_op_that_cannot_be_read_are_bad_addresses()
    {
        using GuestScene guest = new();
        foreach (PhysdevOp op in (PhysdevOp[])
            [PhysdevOp.Eoi, PhysdevOp.IrqStatusQuery, PhysdevOp.SetIopl, PhysdevOp.SetIoBitmap, PhysdevOp.MapPirq, PhysdevOp.UnmapPirq, PhysdevOp.GetFreePirq, PhysdevOp.SetupGsi, PhysdevOp.ApicRead,
            PhysdevOp.AllocIrqVector, PhysdevOp.ManagePciAdd, PhysdevOp.ManagePciAddExt, PhysdevOp.PciDeviceAdd, PhysdevOp.ManagePciRemove, PhysdevOp.PciDeviceRemove, PhysdevOp.PciMmcfgReserved,
            PhysdevOp.RestoreMsi, PhysdevOp.RestoreMsiExt, PhysdevOp.PrepareMsix, PhysdevOp.ReleaseMsix, PhysdevOp.DbgpOp, PhysdevOp.PirqEoiGmfnV2])
            Assert.Equal((op, -(long)Errno.EFAULT), (op, guest.Call(HypercallNumber.PhysdevOp, (ulong)op, GuestScene.Unmapped)));
        Assert.Equal(-(long)Errno.ENOSYS, guest.Call(HypercallNumber.PhysdevOp, (ulong)PhysdevOp.FreeIrqVector, GuestScene.Unmapped));
        Assert.Equal(-(long)Errno.ENOSYS, guest.Call(HypercallNumber.PhysdevOp, 3, GuestScene.Memory));
        Assert.Equal(-(long)Errno.EFAULT, guest.Call(HypercallNumber.PhysdevOpCompat, GuestScene.Unmapped));
        foreach (uint command in (uint[])[0, 3, 12, 100])
        {
            guest.Write(GuestScene.Memory, command);
            Assert.Equal(-(long)Errno.ENOSYS, guest.Call(HypercallNumber.PhysdevOpCompat, GuestScene.Memory));
        }
        guest.Write(GuestScene.Memory, (uint)PhysdevOp.SetIopl);
        guest.Write(GuestScene.Memory + 8, 2u);
        Assert.Equal(0, guest.Call(HypercallNumber.PhysdevOpCompat, GuestScene.Memory));
        Assert.Equal(2UL << 12, guest.Vcpu.Pv.Iopl);
    }

    [Fact]
    public void Status_frames_of_grant_tables_are_none()
    {
        using GuestScene guest = new(privileged: false);
        short Status(ushort domain, uint frames)
        {
            GrantTableGetStatusFrames op = new() { Dom = domain, NrFrames = frames };
            guest.Write(GuestScene.Memory, op);
            Assert.Equal(0, guest.Call(HypercallNumber.GrantTableOp, (ulong)GrantTableOp.GetStatusFrames, GuestScene.Memory, 1));
            return guest.Read<GrantTableGetStatusFrames>(GuestScene.Memory).Status;
        }
        Assert.Equal((short)GrantStatus.Okay, Status(DomainIds.Self, 0));
        Assert.Equal((short)GrantStatus.GeneralError, Status(DomainIds.Self, 1));
        Assert.Equal((short)GrantStatus.BadDomain, Status(9, 0));
        Assert.Equal((short)GrantStatus.PermissionDenied, Status(0, 0));
        Assert.Equal(-(long)Errno.EINVAL, guest.Call(HypercallNumber.GrantTableOp, (ulong)GrantTableOp.GetStatusFrames, GuestScene.Memory, 2));
        Assert.Equal(-(long)Errno.EFAULT, guest.Call(HypercallNumber.GrantTableOp, (ulong)GrantTableOp.GetStatusFrames, GuestScene.Forbidden, 1));
        Assert.Equal(-(long)Errno.EFAULT, guest.Call(HypercallNumber.GrantTableOp, (ulong)GrantTableOp.GetStatusFrames, GuestScene.Unmapped, 1));
    }

    [Theory]
    [InlineData(GrantTableOp.MapGrantRef)]
    [InlineData(GrantTableOp.UnmapGrantRef)]
    [InlineData(GrantTableOp.Copy)]
    [InlineData(GrantTableOp.SwapGrantRef)]
    [InlineData(GrantTableOp.CacheFlush)]
    public void Lists_of_grant_requests_have_to_be_the_guests(GrantTableOp op)
    {
        using GuestScene guest = new();
        Assert.Equal(-(long)Errno.EFAULT, guest.Call(HypercallNumber.GrantTableOp, (ulong)op, GuestScene.Forbidden, 1));
        Assert.Equal(-(long)Errno.EFAULT, guest.Call(HypercallNumber.GrantTableOp, (ulong)op, GuestScene.Unmapped, 1));
        Assert.Equal(0, guest.Call(HypercallNumber.GrantTableOp, (ulong)op, GuestScene.Unmapped, 0));
        // What cannot be answered is a bad address too; a flush has no answer, and an empty one nothing to do.
        Assert.Equal(op == GrantTableOp.CacheFlush ? 0 : -(long)Errno.EFAULT, guest.Call(HypercallNumber.GrantTableOp, (ulong)op, guest.ReadOnlyPage(), 1));
    }

    private static ulong Put<T>(GuestScene guest, T value) where T : unmanaged
    {
        guest.Write(GuestScene.Memory, value);
        return GuestScene.Memory;
    }
}
