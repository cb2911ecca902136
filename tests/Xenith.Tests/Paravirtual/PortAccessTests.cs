// What a guest's port accesses become: of their own size on the bus, split where a pair of ports has a latch for each domain, ones where the domain has no right.

using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;
using Xenith.Machine.Simulation;
using Xunit;

namespace Xenith.Tests.Paravirtual;

public sealed class PortAccessTests
{
    [Theory]
    [InlineData(1, 0x11u)]
    [InlineData(2, 0x2211u)]
    [InlineData(4, 0x4433_2211u)]
    public void An_access_keeps_its_size(int size, uint value)
    {
        using PvScene scene = Scene(out Recorder recorder);
        PortEmulation.Write(scene.Domain, 0x300, size, value);
        Assert.Equal([("out", 0x300, size, value)], recorder.Seen);
        recorder.Seen.Clear();
        recorder.Value = value;
        Assert.Equal(value, PortEmulation.Read(scene.Domain, 0x300, size));
        Assert.Equal([("in", 0x300, size, value)], recorder.Seen);
    }

    [Fact]
    public void Ports_that_a_domain_has_not_are_not_touched()
    {
        using PvScene scene = Scene(out Recorder recorder);
        scene.Domain.Pv.Ports.Deny(0x302, 0x302);
        foreach ((ushort port, int size) in ((ushort, int)[])[(0x302, 1), (0x301, 2), (0x300, 4)])
        {
            Assert.Equal(uint.MaxValue >> (32 - 8 * size), PortEmulation.Read(scene.Domain, port, size));
            PortEmulation.Write(scene.Domain, port, size, 5);
        }
        PortEmulation.Read(scene.Domain, 0xffff, 4);
        Domain other = scene.NewDomain();
        Assert.Equal(0xffffu, PortEmulation.Read(other, 0x300, 2));
        PortEmulation.Write(other, 0x300, 1, 5);
        Assert.Empty(recorder.Seen);
    }

    [Fact]
    public void A_word_across_the_clocks_ports_is_two_bytes()
    {
        using PvScene scene = Scene(out Recorder recorder);
        scene.Machine.Ports.Attach(recorder, 0x6f, 1);
        PortEmulation.Write(scene.Domain, 0x6f, 2, 0x0d5a);
        Assert.Equal([("out", 0x6f, 1, 0x5au)], recorder.Seen);
        Assert.Equal(0x0d, scene.Domain.Pv.CmosIndex);
        recorder.Value = 0x77;
        Assert.Equal(0x0d77u, PortEmulation.Read(scene.Domain, 0x6f, 2));
        // Index and data in one: the data is that of the index.
        Assert.Equal(0x80u << 8 | 0x0d, PortEmulation.Read(scene.Domain, 0x70, 2));
        PortEmulation.Write(scene.Domain, 0x70, 2, 0x5a32);
        Assert.Equal(0x32, scene.Domain.Pv.CmosIndex);
    }

    [Fact]
    public void The_clocks_memory_is_each_domains_by_its_own_index()
    {
        using PvScene scene = Scene(out _);
        Domain other = scene.NewDomain();
        Assert.True(other.Pv.Ports.Allow(0x70, 0x71));
        PortEmulation.Write(scene.Domain, 0x70, 1, 0x40);
        PortEmulation.Write(other, 0x70, 1, 0xc1);
        PortEmulation.Write(scene.Domain, 0x71, 1, 0x12);
        PortEmulation.Write(other, 0x71, 1, 0x34);
        Assert.Equal((0x12u, 0x34u), (PortEmulation.Read(scene.Domain, 0x71, 1), PortEmulation.Read(other, 0x71, 1)));
        Assert.Equal(0x41u, PortEmulation.Read(other, 0x70, 1));
        other.Pv.Ports.Deny(0x70, 0x71);
        PortEmulation.Write(other, 0x71, 1, 0x56);
        PortEmulation.Write(other, 0x70, 1, 0x40);
        Assert.Equal((0xffu, 0xffu), (PortEmulation.Read(other, 0x70, 1), PortEmulation.Read(other, 0x71, 1)));
        Assert.Equal(0x12u, PortEmulation.Read(scene.Domain, 0x71, 1));
    }

    [Fact]
    public void Only_a_long_at_0xcf8_is_the_address_of_a_configuration_register()
    {
        using PvScene scene = Scene(out Recorder recorder);
        scene.Machine.Ports.Attach(recorder, 0xcf8, 8);
        PortEmulation.Write(scene.Domain, 0xcf8, 4, 0x8000_0800);
        Assert.Empty(recorder.Seen);
        PortEmulation.Write(scene.Domain, 0xcf9, 1, 6);
        PortEmulation.Write(scene.Domain, 0xcf8, 2, 7);
        Assert.Equal([("out", 0xcf9, 1, 6u), ("out", 0xcf8, 2, 7u)], recorder.Seen);
        Assert.Equal(0x8000_0800u, PortEmulation.Read(scene.Domain, 0xcf8, 4));
        recorder.Seen.Clear();

        // Reads go to the register that the latch names, in their size.
        recorder.Value = 0xabcd;
        Assert.Equal(0xabcdu, PortEmulation.Read(scene.Domain, 0xcfe, 2));
        Assert.Equal([("out", 0xcf8, 4, 0x8000_0800u), ("in", 0xcfe, 2, 0xabcdu)], recorder.Seen);
        recorder.Seen.Clear();
        // Without the enable bit a write is to no register.
        PortEmulation.Write(scene.Domain, 0xcf8, 4, 0x0000_0800);
        PortEmulation.Write(scene.Domain, 0xcfc, 4, 5);
        Assert.Empty(recorder.Seen);
        // Register bits above the bus go through as they are.
        PortEmulation.Write(scene.Domain, 0xcf8, 4, 0x8100_0800);
        PortEmulation.Write(scene.Domain, 0xcfd, 1, 5);
        Assert.Equal([("out", 0xcf8, 4, 0x8100_0800u), ("out", 0xcfd, 1, 5u)], recorder.Seen);
        recorder.Seen.Clear();
        Domain other = scene.NewDomain();
        PortEmulation.Write(other, 0xcf8, 4, 0x8000_0800);
        PortEmulation.Write(other, 0xcfc, 4, 5);
        Assert.Equal((0x8000_0800u, 0xffu), (PortEmulation.Read(other, 0xcf8, 4), PortEmulation.Read(other, 0xcfc, 1)));
        Assert.Empty(recorder.Seen);
    }

    [Theory]
    [InlineData(0x10, 0xfe, 0xff, 0x80, 1, true)]
    [InlineData(0x10, 0xfe, 0xff, 0x81, 1, false)]
    [InlineData(0x10, 0x7f, 0xfe, 0x87, 2, true)]                           // across a byte of the bitmap
    [InlineData(0x10, 0x7f, 0xff, 0x87, 2, false)]
    [InlineData(0x10, 0x00, 0x00, 0x87, 4, false)]                          // across the end of the bitmap: see below
    [InlineData(0x00, 0x00, 0x00, 0x80, 1, false)]                          // no bitmap that reaches so far
    public void A_process_may_use_what_its_bitmap_leaves_open(int end, byte low, byte high, int port, int size, bool allowed)
    {
        using PvScene scene = Scene(out _);
        PvVcpu pv = scene.Vcpu.Pv;
        pv.IoBitmap = PvScene.Data;
        pv.IoBitmapPorts = end == 0 ? 0x80u : size == 4 ? 0x8au : 0x100u;
        scene.Put(PvScene.Data + 0x10, low);
        scene.Put(PvScene.Data + 0x11, high);
        scene.EnterUserMode();
        Assert.Equal(allowed, PortPermission.IsGranted(scene.Vcpu, (ushort)port, size));
        Assert.True(pv.InUserMode);
        Assert.Equal(scene.UserRoot.Address, scene.Cpu.Cr3);
        PvMode.ToKernel(scene.Vcpu);
        Assert.Equal(allowed, PortPermission.IsGranted(scene.Vcpu, (ushort)port, size));
    }

    [Fact]
    public void A_bitmap_may_end_with_its_page_and_what_cannot_be_read_is_closed()
    {
        using PvScene scene = Scene(out _);
        PvVcpu pv = scene.Vcpu.Pv;
        // The last byte of the last page that is mapped: the second byte that the CPU would read is missing.
        pv.IoBitmap = PvScene.L1View + 0xfff;
        pv.IoBitmapPorts = 0x10000;
        Assert.True(PortPermission.IsGranted(scene.Vcpu, 3, 1));
        Assert.False(PortPermission.IsGranted(scene.Vcpu, 7, 2));
        Assert.False(PortPermission.IsGranted(scene.Vcpu, 8, 1));
    }

    private static PvScene Scene(out Recorder recorder)
    {
        PvScene scene = new(isPrivileged: true);
        Assert.True(scene.Domain.Pv.Ports.AllowAllButOwn(scene.Host));
        recorder = new Recorder();
        scene.Machine.Ports.Attach(recorder, 0x300, 8);
        return scene;
    }

    /// <summary>A device that notes each access.</summary>
    private sealed class Recorder : IPortDevice
    {
        public List<(string Kind, int Port, int Size, uint Value)> Seen { get; } = [];

        public uint Value { get; set; }

        public uint Read(ushort port, int size)
        {
            Seen.Add(("in", port, size, Value));
            return Value;
        }

        public void Write(ushort port, int size, uint value) => Seen.Add(("out", port, size, value));
    }
}
