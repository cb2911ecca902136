// physdev_op and platform_op: interrupt lines of the simulated IO-APIC, I/O privilege, PCI, clock and power.

using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;
using Xunit;
using Op = Xenith.Abi.PhysdevOp;

namespace Xenith.Tests.Hypercalls;

public sealed class PhysdevTests
{
    private const uint Mask = 1 << 16, Level = 1 << 15, Low = 1 << 13;

    [Fact]
    public void A_line_is_mapped_bound_raised_and_acknowledged()
    {
        using var guest = new GuestScene();
        var setup = new PhysdevSetupGsi { Gsi = 17, Triggering = 1, Polarity = 1 };
        Assert.Equal(0, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.SetupGsi, ref setup));
        Assert.Equal(17, MapLine(guest, 17, 17).Pirq);
        Assert.Equal(Mask | Level | Low, Redirection(guest, 17) & (Mask | Level | Low));

        var bind = new EventChannelBindPirq { Pirq = 17, Flags = (uint)BindPirqFlags.WillShare };
        Assert.Equal(0, guest.Call(HypercallNumber.EventChannelOp, (ulong)EventChannelOp.BindPirq, ref bind));
        Assert.Equal(-17, guest.Call(HypercallNumber.EventChannelOp, (ulong)EventChannelOp.BindPirq, ref bind));
        Assert.Equal(Level | Low, Redirection(guest, 17) & (Mask | Level | Low));
        guest.Domain.Events.RaisePirq(17);
        Assert.True(guest.Domain.Events.IsPending(bind.Port));

        uint pirq = 17;
        Assert.Equal(0, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.Eoi, ref pirq));
        uint port = bind.Port;
        Assert.Equal(0, guest.Call(HypercallNumber.EventChannelOp, (ulong)EventChannelOp.Close, ref port));
        Assert.Equal(Mask, Redirection(guest, 17) & Mask);
        var unmap = new PhysdevUnmapPirq { Domid = DomainIds.Self, Pirq = 17 };
        Assert.Equal(0, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.UnmapPirq, ref unmap));
        Assert.Equal(-22, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.UnmapPirq, ref unmap));
        Assert.Equal(-22, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.Eoi, ref pirq));
        bind.Port = 0;
        Assert.Equal(-1, guest.Call(HypercallNumber.EventChannelOp, (ulong)EventChannelOp.BindPirq, ref bind));
    }

    [Fact]
    public void A_shared_page_says_which_interrupts_want_their_end_announced()
    {
        using var guest = new GuestScene();
        guest.Domain.Pages.MaxPages = 10;
        Assert.True(guest.Domain.Pages.TryAllocate(0, Xenith.Hypervisor.Memory.AllocationFlags.Zeroed, out Mfn page));
        BindLine(guest, 4);
        ulong frame = page.Value;
        Assert.Equal(0, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.PirqEoiGmfnV2, ref frame));
        Assert.Equal(-16, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.PirqEoiGmfnV2, ref frame));
        var setup = new PhysdevSetupGsi { Gsi = 18, Triggering = 1, Polarity = 1 };
        Assert.Equal(0, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.SetupGsi, ref setup));
        BindLine(guest, 18);
        Assert.Equal(1UL << 18, Frame.At(page).Read<ulong>(0));
        frame = ulong.MaxValue;
        Assert.Equal(-22, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.PirqEoiGmfnV2, ref frame));
    }

    private static void BindLine(GuestScene guest, int line)
    {
        MapLine(guest, line, line);
        var bind = new EventChannelBindPirq { Pirq = (uint)line };
        Assert.Equal(0, guest.Call(HypercallNumber.EventChannelOp, (ulong)EventChannelOp.BindPirq, ref bind));
    }

    [Fact]
    public void Map_pirq_chooses_numbers_and_refuses_conflicts()
    {
        using var guest = new GuestScene();
        Assert.Equal(16, MapLine(guest, 20, -1).Pirq);
        Assert.Equal(16, MapLine(guest, 20, -1).Pirq);
        Assert.Equal(-17, MapLine(guest, 20, 30, out _));
        Assert.Equal(-22, MapLine(guest, 21, 16, out _));
        Assert.Equal(-22, MapLine(guest, 0, 0, out _));
        Assert.Equal(-22, MapLine(guest, 24, 24, out _));
        Assert.Equal(-22, MapLine(guest, -1, 5, out _));
        Assert.Equal(-22, MapLine(guest, 19, 100_000, out _));
        var map = new PhysdevMapPirq { Domid = DomainIds.Self, Type = (int)MapPirqType.Unknown, Index = 5, Pirq = 5 };
        Assert.Equal(-22, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.MapPirq, ref map));
        map.Domid = 9;
        Assert.Equal(-3, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.MapPirq, ref map));
        var free = new PhysdevGetFreePirq { Type = (int)MapPirqType.Gsi };
        Assert.Equal(0, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.GetFreePirq, ref free));
        Assert.Equal(17u, free.Pirq);
        Assert.Equal(0, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.GetFreePirq, ref free));
        Assert.Equal(18u, free.Pirq);
    }

    [Fact]
    public void Dom0_reads_the_IO_APIC_and_others_do_not()
    {
        using var dom0 = new GuestScene();
        var apic = new PhysdevApic { ApicPhysbase = 0xfec0_0000, Reg = 1 };
        Assert.Equal(0, dom0.Call(HypercallNumber.PhysdevOp, (ulong)Op.ApicRead, ref apic));
        Assert.Equal(23u, apic.Value >> 16 & 0xff);
        apic.ApicPhysbase = 0xfec0_1000;
        Assert.Equal(-22, dom0.Call(HypercallNumber.PhysdevOp, (ulong)Op.ApicRead, ref apic));
        var irq = new PhysdevIrq { Irq = 9 };
        Assert.Equal(0, dom0.Call(HypercallNumber.PhysdevOp, (ulong)Op.AllocIrqVector, ref irq));
        Assert.Equal(9u, irq.Vector);

        var port = new PhysdevDbgpOp { Op = (byte)DebugPortOp.ResetPrepare };
        Assert.Equal(0, dom0.Call(HypercallNumber.PhysdevOp, (ulong)Op.DbgpOp, ref port));
        Assert.Equal(-14, dom0.Call(HypercallNumber.PhysdevOp, (ulong)Op.DbgpOp, GuestScene.Unmapped));

        using var domU = new GuestScene(privileged: false);
        Assert.Equal(-1, domU.Call(HypercallNumber.PhysdevOp, (ulong)Op.DbgpOp, ref port));
        Assert.Equal(-1, domU.Call(HypercallNumber.PhysdevOp, (ulong)Op.ApicRead, ref apic));
        Assert.Equal(-1, domU.Call(HypercallNumber.PhysdevOp, (ulong)Op.AllocIrqVector, ref irq));
        Assert.Equal(-1, MapLine(domU, 5, 5, out _));
        var bind = new EventChannelBindPirq { Pirq = 5 };
        Assert.Equal(-1, domU.Call(HypercallNumber.EventChannelOp, (ulong)EventChannelOp.BindPirq, ref bind));
        bind.Pirq = 5000;
        Assert.Equal(-22, domU.Call(HypercallNumber.EventChannelOp, (ulong)EventChannelOp.BindPirq, ref bind));
        var add = new PhysdevPciDeviceAdd();
        Assert.Equal(-1, domU.Call(HypercallNumber.PhysdevOp, (ulong)Op.PciDeviceAdd, ref add));
    }

    [Fact]
    public void IO_privilege_is_any_domains_own()
    {
        using var guest = new GuestScene(privileged: false);
        uint level = 1;
        Assert.Equal(0, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.SetIopl, ref level));
        Assert.Equal(0x1000UL, guest.Vcpu.Pv.Iopl);
        level = 4;
        Assert.Equal(-22, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.SetIopl, ref level));
        var bitmap = new PhysdevSetIoBitmap { Bitmap = new GuestHandle<byte>(0x5000), NrPorts = 65536 };
        Assert.Equal(0, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.SetIoBitmap, ref bitmap));
        Assert.Equal((0x5000UL, 65536u), (guest.Vcpu.Pv.IoBitmap, guest.Vcpu.Pv.IoBitmapPorts));
        bitmap.NrPorts++;
        Assert.Equal(-22, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.SetIoBitmap, ref bitmap));
        var query = new PhysdevIrqStatusQuery { Irq = 9 };
        Assert.Equal(0, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.IrqStatusQuery, ref query));
        Assert.Equal((uint)IrqStatusFlags.NeedsEoi, query.Flags);
        Assert.Equal(-38, guest.Call(HypercallNumber.PhysdevOp, 1000, GuestScene.Memory));

        guest.Write(GuestScene.Memory, new PhysdevOpArgs { Cmd = (uint)Op.SetIopl, SetIopl = new PhysdevSetIopl { Iopl = 3 } });
        Assert.Equal(0, guest.Call(HypercallNumber.PhysdevOpCompat, GuestScene.Memory));
        Assert.Equal(0x3000UL, guest.Vcpu.Pv.Iopl);
    }

    [Fact]
    public void PCI_functions_are_remembered()
    {
        using var guest = new GuestScene();
        var add = new PhysdevPciDeviceAdd { Bus = 2, Devfn = 0x18 };
        Assert.Equal(0, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.PciDeviceAdd, ref add));
        Assert.Equal(0, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.PciDeviceAdd, ref add));
        Assert.Equal((1, true), (guest.Host.Pci.Count, guest.Host.Pci.Contains(0, 2, 0x18)));
        Assert.Contains("PCI add device 0000:02:03.0", guest.Printed, StringComparison.Ordinal);
        var device = new PhysdevPciDevice { Bus = 2, Devfn = 0x18 };
        Assert.Equal(0, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.PciDeviceRemove, ref device));
        Assert.Equal(-19, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.PciDeviceRemove, ref device));
        var window = new PhysdevPciMmcfgReserved { Address = 0xb000_0000, EndBus = 255, Flags = (uint)PciMmcfgFlags.Reserved };
        Assert.Equal(-19, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.PciMmcfgReserved, ref window));
    }

    [Fact]
    public void Dom0_sets_the_clock_of_all_domains()
    {
        using var guest = new GuestScene();
        Domain other = guest.NewDomain(3);
        var op = new PlatformOpArgs { Cmd = (uint)PlatformOp.SetTime64, InterfaceVersion = PlatformConstants.InterfaceVersion };
        op.SetTime64 = new PlatformSetTime64 { Secs = 5_000_000_010, Nsecs = 500, SystemTime = 10_000_000_000 };
        Assert.Equal(0, Platform(guest, ref op));
        foreach (Domain domain in (Domain[])[guest.Domain, other])
        {
            SharedArea shared = domain.SharedInfo;
            Assert.Equal(2u, shared.Load32(3072));
            Assert.Equal(5_000_000_000UL, shared.Load32(3076) | (ulong)shared.Load32(3084) << 32);
            Assert.Equal(500u, shared.Load32(3080));
        }
        op.SetTime64.Mbz = 1;
        Assert.Equal(-22, Platform(guest, ref op));
    }

    [Fact]
    public void Platform_questions_get_honest_answers()
    {
        using var guest = new GuestScene();
        var op = new PlatformOpArgs { Cmd = (uint)PlatformOp.GetCpuInfo, InterfaceVersion = PlatformConstants.InterfaceVersion };
        Assert.Equal(0, Platform(guest, ref op));
        Assert.Equal(((uint)PcpuFlags.Online, 0u), (op.PcpuInfo.Flags, op.PcpuInfo.MaxPresent));
        op.PcpuInfo.XenCpuid = 1;
        Assert.Equal(0, Platform(guest, ref op));
        Assert.Equal((uint)PcpuFlags.Invalid, op.PcpuInfo.Flags);

        op.Cmd = (uint)PlatformOp.FirmwareInfo;
        op.FirmwareInfo = new PlatformFirmwareInfo { Type = (uint)FirmwareInfoType.VbeddcInfo };
        Assert.Equal(-3, Platform(guest, ref op));
        op.FirmwareInfo.Type = 99;
        Assert.Equal(-22, Platform(guest, ref op));

        op.Cmd = (uint)PlatformOp.EnterAcpiSleep;
        op.EnterAcpiSleep = new PlatformEnterAcpiSleep { SleepState = 5 };
        Assert.Equal(-1, Platform(guest, ref op));

        op.Cmd = (uint)PlatformOp.SetProcessorPmInfo;
        op.SetPmInfo = new PlatformSetProcessorPmInfo { Type = (uint)ProcessorPmType.Pdc, Pdc = new GuestHandle<uint>(GuestScene.Memory + 0x200) };
        guest.Write(GuestScene.Memory + 0x200, 1UL | 1UL << 32);
        guest.Write(GuestScene.Memory + 0x208, 0xffff_ffffu);
        Assert.Equal(0, Platform(guest, ref op));
        Assert.Equal(0u, guest.Read<uint>(GuestScene.Memory + 0x208) & ~0xbffu);
        op.SetPmInfo.Type = (uint)ProcessorPmType.Cx;
        Assert.Equal(-38, Platform(guest, ref op));
        op.Cmd = (uint)PlatformOp.GetSymbol;
        Assert.Equal(-38, Platform(guest, ref op));
        op.Cmd = 64;
        Assert.Equal(-38, Platform(guest, ref op));
    }

    private static long Platform(GuestScene guest, ref PlatformOpArgs op)
    {
        guest.Write(GuestScene.Memory, op);
        long result = guest.Call(HypercallNumber.PlatformOp, GuestScene.Memory);
        op = guest.Read<PlatformOpArgs>(GuestScene.Memory);
        return result;
    }

    private static PhysdevMapPirq MapLine(GuestScene guest, int index, int pirq)
    {
        Assert.Equal(0, MapLine(guest, index, pirq, out PhysdevMapPirq map));
        return map;
    }

    private static long MapLine(GuestScene guest, int index, int pirq, out PhysdevMapPirq map)
    {
        map = new PhysdevMapPirq { Domid = DomainIds.Self, Type = (int)MapPirqType.Gsi, Index = index, Pirq = pirq };
        return guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.MapPirq, ref map);
    }

    private static uint Redirection(GuestScene guest, uint gsi) => guest.Host.Interrupts.FindByGsi(gsi)!.Read(0x10 + gsi * 2);
}
