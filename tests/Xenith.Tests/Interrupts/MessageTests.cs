// Messages of PCI functions (MSI, MSI-X), from PHYSDEVOP_map_pirq to the event, on simulated functions.

using Xenith.Abi;
using Xenith.Hypervisor;
using Xenith.Hypervisor.Interrupts;
using Xenith.Machine;
using Xenith.Machine.Simulation;
using Xenith.Tests.Hypercalls;
using Xunit;
using Op = Xenith.Abi.PhysdevOp;

namespace Xenith.Tests.Interrupts;

public sealed class MessageTests
{
    private const uint Region = 0xf000_0000;
    private const int MsiAt = 0x50, MsixAt = 0x70;

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void An_MSI_is_mapped_delivered_and_given_back(bool is64Bit, bool hasMask)
    {
        using var guest = new GuestScene();
        PciDevice device = AddDevice(guest, is64Bit, hasMask);
        Assert.Equal(0, MapMsi(guest, out int pirq));
        Assert.Equal(511, pirq);
        uint address = device.Get32(MsiAt + 4);
        ushort data = device.Get16(MsiAt + (is64Bit ? 12 : 8));
        Assert.Equal((0xfee0_0000u, 0), (address, device.Get16(MsiAt + 2) & 0x71));
        Assert.InRange(data, 0x20, 0xef);

        uint port = Bind(guest, pirq);
        WriteConfiguration(guest, MsiAt + 2, 2, 1);
        Assert.Equal(1, device.Get16(MsiAt + 2) & 0x71);
        device.RaiseMsi();
        Take(guest);
        Assert.True(guest.Domain.Events.IsPending(port));

        // dom0 cannot change what is in use.
        WriteConfiguration(guest, MsiAt + 4, 4, 0x1234_5670);
        WriteConfiguration(guest, MsiAt + 8, 2, 0xaaaa);
        WriteConfiguration(guest, MsiAt + 2, 2, 1 | 2 << 4);
        Assert.Equal((address, data, 1), (device.Get32(MsiAt + 4), device.Get16(MsiAt + (is64Bit ? 12 : 8)), device.Get16(MsiAt + 2) & 0x71));

        Assert.Equal(-17, MapMsi(guest, out _));
        Assert.Equal(0, Unmap(guest, pirq));
        Assert.Equal(0, device.Get16(MsiAt + 2) & 1);
        Assert.True(guest.Pcpu.Vectors.IsFree((byte)data));
        Assert.Equal(0, MapMsi(guest, out int again));
        Assert.Equal(pirq, again);
        Assert.DoesNotContain("No irq handler", guest.Printed, StringComparison.Ordinal);
    }

    [Fact]
    public void Entries_of_MSIX_are_written_masked_and_given_back()
    {
        using var guest = new GuestScene();
        PciDevice device = AddDevice(guest);
        Assert.Equal(0, MapMsix(guest, 0, out int first));
        Assert.Equal(0, MapMsix(guest, 2, out int second));
        Assert.NotEqual(first, second);
        Assert.Equal(-17, MapMsix(guest, 2, out _));
        Assert.Equal(-16, MapMsi(guest, out _));
        Assert.Equal(-22, MapMsix(guest, 4, out _));
        uint port = Bind(guest, second);
        WriteConfiguration(guest, MsixAt + 2, 2, 0x8000);
        Assert.Equal(0x8003, device.Get16(MsixAt + 2));

        device.RaiseMsix(0);
        Take(guest);
        Assert.Equal(0, device.Sent);
        device.RaiseMsix(2);
        Take(guest);
        Assert.True(guest.Domain.Events.IsPending(port));
        Assert.Equal(1, device.Sent);

        // The first was held back until somebody wanted it.
        uint late = Bind(guest, first);
        Take(guest);
        Assert.True(guest.Domain.Events.IsPending(late));

        // Only the control word is dom0's to write.
        WriteConfiguration(guest, MsixAt + 4, 4, 0);
        WriteConfiguration(guest, MsixAt, 4, 0);
        Assert.Equal(0x8003, device.Get16(MsixAt + 2));

        Assert.Equal(0, Unmap(guest, first));
        Assert.Equal(0x8003, device.Get16(MsixAt + 2));
        Assert.Equal(0, Unmap(guest, second));
        Assert.Equal(0x0003, device.Get16(MsixAt + 2));
    }

    [Fact]
    public void The_table_is_read_only_for_dom0_while_it_is_in_use()
    {
        using var guest = new GuestScene();
        AddDevice(guest);
        var frame = Mfn.FromAddress(Region + 0x1000);
        Assert.True(IsWritable(guest, frame));
        Assert.Equal(0, MapMsix(guest, 0, out int pirq));
        Assert.False(IsWritable(guest, frame));
        Assert.False(IsWritable(guest, frame.Plus(1)));
        Assert.True(IsWritable(guest, frame.Plus(2)));
        Assert.Equal(0, Unmap(guest, pirq));
        Assert.True(IsWritable(guest, frame));

        var function = new PhysdevPciDevice { Devfn = 0x18 };
        Assert.Equal(-16, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.ReleaseMsix, ref function));
        Assert.Equal(0, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.PrepareMsix, ref function));
        Assert.Equal(-16, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.PrepareMsix, ref function));
        Assert.False(IsWritable(guest, frame));
        Assert.Equal(0, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.ReleaseMsix, ref function));
        Assert.True(IsWritable(guest, frame));
        function.Devfn = 0x20;
        Assert.Equal(-19, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.PrepareMsix, ref function));
    }

    [Fact]
    public void A_function_that_lost_its_registers_gets_them_back()
    {
        using var guest = new GuestScene();
        PciDevice device = AddDevice(guest);
        Assert.Equal(0, MapMsix(guest, 1, out int pirq));
        uint port = Bind(guest, pirq);
        WriteConfiguration(guest, MsixAt + 2, 2, 0x8000);
        device.Put16(MsixAt + 2, 3);
        for (uint at = 0; at < 64; at += 4)
            DeviceAt(guest, 0x1000 + at, 0);
        var function = new PhysdevPciDevice { Devfn = 0x18 };
        Assert.Equal(0, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.RestoreMsiExt, ref function));
        device.RaiseMsix(1);
        Take(guest);
        Assert.True(guest.Domain.Events.IsPending(port));

        function.Devfn = 0x20;
        Assert.Equal(-19, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.RestoreMsiExt, ref function));
        var old = new PhysdevRestoreMsi { Devfn = 0x18 };
        Assert.Equal(0, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.RestoreMsi, ref old));
    }

    [Fact]
    public void What_cannot_be_is_refused()
    {
        using var guest = new GuestScene();
        AddDevice(guest);
        PhysdevMapPirq map = Request(MapPirqType.MultiMsi);
        map.EntryNr = 0;
        Assert.Equal(-33, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.MapPirq, ref map));
        map.EntryNr = 33;
        Assert.Equal(-33, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.MapPirq, ref map));
        map.EntryNr = 2;
        Assert.Equal(-95, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.MapPirq, ref map));
        map = Request(MapPirqType.MsiSeg);
        map.Bus = 0x0007_0000;
        Assert.Equal(-19, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.MapPirq, ref map));
        map.Type = (int)MapPirqType.Msi;
        Assert.Equal(0, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.MapPirq, ref map));
        map = Request(MapPirqType.MsiSeg);
        map.Pirq = 511;
        Assert.Equal(-17, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.MapPirq, ref map));
        map.Pirq = 100_000;
        Assert.Equal(-22, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.MapPirq, ref map));
        map = Request(MapPirqType.MsiSeg);
        map.Index = 7;
        Assert.Equal(-22, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.MapPirq, ref map));
        map = Request(MapPirqType.MsiSeg);
        map.Devfn = 0x20;
        Assert.Equal(-19, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.MapPirq, ref map));
    }

    [Fact]
    public void A_number_that_was_kept_can_be_mapped()
    {
        using var guest = new GuestScene();
        AddDevice(guest);
        var free = new PhysdevGetFreePirq { Type = (int)MapPirqType.Msi };
        Assert.Equal(0, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.GetFreePirq, ref free));
        PhysdevMapPirq map = Request(MapPirqType.MsiSeg);
        map.Pirq = (int)free.Pirq;
        Assert.Equal(0, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.MapPirq, ref map));
        Assert.Equal((int)free.Pirq, map.Pirq);
    }

    [Fact]
    public void A_function_that_goes_takes_its_messages_along_but_not_their_numbers()
    {
        using var guest = new GuestScene();
        PciDevice device = AddDevice(guest);
        Assert.Equal(0, MapMsix(guest, 0, out int pirq));
        Bind(guest, pirq);
        var function = new PhysdevPciDevice { Devfn = 0x18 };
        Assert.Equal(0, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.PciDeviceRemove, ref function));
        Assert.Equal(3, device.Get16(MsixAt + 2));
        var add = new PhysdevPciDeviceAdd { Devfn = 0x18 };
        Assert.Equal(0, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.PciDeviceAdd, ref add));
        Assert.Equal(0, MapMsix(guest, 0, out int other));
        Assert.NotEqual(pirq, other);
        Assert.Equal(0, Unmap(guest, pirq));
        Assert.Equal(0, MapMsix(guest, 1, out int third));
        Assert.Equal(pirq, third);
    }

    [Fact]
    public void A_capability_list_that_runs_in_a_circle_ends()
    {
        using var guest = new GuestScene();
        var device = new PciDevice(guest.Machine);
        device.Put16(6, 1 << 4);
        device.Configuration[0x34] = 0x40;
        device.Put16(0x40, 0x4809);
        device.Put16(0x48, 0x4009);
        Announce(guest, device);
        Assert.Equal(-19, MapMsi(guest, out _));
        Assert.Equal(-19, MapMsix(guest, 0, out _));
    }

    [Theory]
    [InlineData(0x4000u, 0x1800u)]     // begins beyond the region
    [InlineData(0x3fe0u, 0x1800u)]     // ends beyond it
    [InlineData(0x1000u, 0x4000u)]     // the pending bits do
    public void A_table_outside_its_region_is_refused(uint table, uint pending)
    {
        using var guest = new GuestScene();
        PciDevice device = AddDevice(guest, announce: false);
        device.Put32(MsixAt + 4, table);
        device.Put32(MsixAt + 8, pending);
        Announce(guest, device);
        Assert.Equal(-22, MapMsix(guest, 0, out _));
    }

    [Theory]
    [InlineData(0x0010_0000u, -22)]    // RAM
    [InlineData(0xfee0_0000u, -22)]    // the local APIC
    [InlineData(0u, -6)]               // nowhere
    public void A_table_over_something_else_is_refused(uint address, int answer)
    {
        using var guest = new GuestScene();
        guest.Host.Memory.Devices.Deny(Mfn.FromAddress(0xfee0_0000), 256);
        PciDevice device = AddDevice(guest, announce: false);
        device.Put32(0x10, address);
        Announce(guest, device);
        Assert.Equal(answer, MapMsix(guest, 0, out _));
    }

    [Fact]
    public void A_function_that_does_not_decode_memory_has_no_table()
    {
        using var guest = new GuestScene();
        PciDevice device = AddDevice(guest);
        device.Put16(4, 0);
        Assert.Equal(-6, MapMsix(guest, 0, out _));
    }

    [Fact]
    public void Measuring_a_region_leaves_it_as_it_was()
    {
        using var guest = new GuestScene();
        PciDevice device = AddDevice(guest, announce: false);
        byte[] before = [.. device.Configuration];
        Announce(guest, device);
        Assert.Equal(before, device.Configuration);
    }

    [Fact]
    public void Configuration_space_may_say_anything()
    {
        for (int seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            using var guest = new GuestScene();
            guest.Machine.Devices.Background = new OpenBus();
            PciDevice device = AddDevice(guest, announce: false);
            if (random.Next(3) == 0)
                random.NextBytes(device.Configuration);
            for (int i = random.Next(20); i > 0; i--)
                device.Configuration[random.Next(4, 256)] = (byte)random.Next(256);
            if (random.Next(2) == 0)
                random.NextBytes(device.Writable);
            Announce(guest, device);
            var mapped = new List<int>();
            for (int step = 0; step < 30; step++)
            {
                if (random.Next(4) == 0)
                    device.Configuration[random.Next(256)] = (byte)random.Next(256);
                long result = random.Next(2) == 0 ? MapMsi(guest, out int pirq) : MapMsix(guest, random.Next(6), out pirq);
                if (result == 0)
                    mapped.Add(pirq);
                else
                    Assert.InRange(result, -95, -1);
                if (mapped.Count > 0 && random.Next(2) == 0)
                    Bind(guest, mapped[random.Next(mapped.Count)], mayFail: true);
                WriteConfiguration(guest, random.Next(64) * 4, 4, (uint)random.Next());
                WriteConfiguration(guest, random.Next(128) * 2, 2, (uint)random.Next(0x10000));
                device.RaiseMsi();
                Take(guest);
                if (mapped.Count > 0 && random.Next(3) == 0)
                {
                    Assert.Equal(0, Unmap(guest, mapped[0]));
                    mapped.RemoveAt(0);
                }
            }
            foreach (int pirq in mapped)
                Assert.Equal(0, Unmap(guest, pirq));
            for (int vector = 0x20; vector < 0xf0; vector++)
                Assert.True(guest.Pcpu.Vectors.IsFree((byte)vector), $"seed {seed}: vector {vector:x2} leaked");
            Assert.Null(guest.Machine.Cpus[0].ContainedTrap);
        }
    }

    [Fact]
    public void Vectors_run_out_with_an_error()
    {
        using var guest = new GuestScene();
        PciDevice device = AddDevice(guest, announce: false, entries: 250);
        Announce(guest, device);
        int count = 0;
        long result;
        while ((result = MapMsix(guest, count, out _)) == 0)
            count++;
        Assert.Equal((206, -28L), (count, result));
    }

    internal static PciDevice AddDevice(GuestScene guest, bool is64Bit = true, bool hasMask = false, bool announce = true, int entries = 4)
    {
        var device = new PciDevice(guest.Machine);
        device.AddRegion(0, Region, 0x4000);
        device.AddMsi(MsiAt, is64Bit, hasMask);
        device.AddMsix(MsixAt, entries, 0, 0x1000, 0x2000);
        if (announce)
            Announce(guest, device);
        return device;
    }

    internal static void Announce(GuestScene guest, PciDevice device)
    {
        guest.Machine.Pci.Attach(device, 0, 0x18);
        guest.Domain.Pv.Ports.Allow(0, 0xffff);
        var add = new PhysdevPciDeviceAdd { Devfn = 0x18 };
        Assert.Equal(0, guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.PciDeviceAdd, ref add));
    }

    internal static long MapMsi(GuestScene guest, out int pirq)
    {
        PhysdevMapPirq map = Request(MapPirqType.MsiSeg);
        long result = guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.MapPirq, ref map);
        pirq = map.Pirq;
        return result;
    }

    internal static long MapMsix(GuestScene guest, int entry, out int pirq)
    {
        PhysdevMapPirq map = Request(MapPirqType.MsiSeg);
        map.EntryNr = entry;
        map.TableBase = Region;
        long result = guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.MapPirq, ref map);
        pirq = map.Pirq;
        return result;
    }

    internal static long Unmap(GuestScene guest, int pirq)
    {
        var unmap = new PhysdevUnmapPirq { Domid = DomainIds.Self, Pirq = pirq };
        return guest.Call(HypercallNumber.PhysdevOp, (ulong)Op.UnmapPirq, ref unmap);
    }

    internal static uint Bind(GuestScene guest, int pirq, bool mayFail = false, bool shares = false)
    {
        var bind = new EventChannelBindPirq { Pirq = (uint)pirq, Flags = shares ? (uint)BindPirqFlags.WillShare : 0 };
        long result = guest.Call(HypercallNumber.EventChannelOp, (ulong)EventChannelOp.BindPirq, ref bind);
        Assert.True(mayFail || result == 0, $"bind_pirq: {result}");
        return bind.Port;
    }

    /// <summary>A write of dom0 through ports 0xcf8 and 0xcfc.</summary>
    internal static void WriteConfiguration(GuestScene guest, int offset, int size, uint value)
    {
        Xenith.Hypervisor.Paravirtual.PortEmulation.Write(guest.Domain, 0xcf8, 4, 0x8000_1800u | (uint)offset & 0xfc);
        Xenith.Hypervisor.Paravirtual.PortEmulation.Write(guest.Domain, (ushort)(0xcfc + (offset & 3)), size, value);
    }

    /// <summary>CPU 0 takes what waits.</summary>
    internal static void Take(GuestScene guest)
    {
        guest.Machine.Cpus[0].SetInterrupts(true);
        guest.Machine.Cpus[0].SetInterrupts(false);
    }

    private static void DeviceAt(GuestScene guest, uint offset, uint value)
    {
        Assert.True(guest.Machine.Devices.TryFind(Region + offset, out IMmioDevice device, out uint at));
        device.Write(at, 4, value);
    }

    private static bool IsWritable(GuestScene guest, Mfn frame)
    {
        Assert.True(guest.Host.Memory.Devices.IsPermitted(guest.Domain, frame, out bool readOnly));
        return !readOnly;
    }

    private static PhysdevMapPirq Request(MapPirqType type) =>
        new() { Domid = DomainIds.Self, Type = (int)type, Index = -1, Pirq = -1, Devfn = 0x18 };
}
