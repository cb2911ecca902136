// Which way an access to configuration space goes: ports, a window in memory that somebody has confirmed, or nowhere.

using Xenith.Hypervisor;
using Xenith.Hypervisor.Interrupts;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;
using Xenith.Machine.Simulation;
using Xenith.Tests.Machine;
using Xunit;

namespace Xenith.Tests.Interrupts;

public sealed class PciWindowTests : IDisposable
{
    // Buses 5 and 6 of segment 1; the address is that of bus 0.
    private const ulong Window = 0xb000_0000, FirstBus = 5;
    private const ulong At = AddressSpace.DeviceMappings;

    private readonly Scene _scene = new();
    private readonly Registers _registers = new();
    private readonly PciWindows _windows = new();
    private readonly PciConfiguration _configuration;

    public PciWindowTests()
    {
        _scene.Machine.Devices.Attach(_registers, Window + (FirstBus << 20), 2UL << 20);
        // Mapped are functions 05:00.1 and 06:00.0.
        foreach (ulong page in (ulong[])[1, 256])
            _scene.Map(At + page * 4096, Mfn.FromAddress(Window + (FirstBus << 20) + page * 4096), PageFlags.Present | PageFlags.Writable);
        Assert.True(_windows.TryAdd(Window, 1, (byte)FirstBus, 6, MmioRegion.AtMapped(At, 2U << 20), false));
        _configuration = new PciConfiguration(new PairedPorts(), _windows);
    }

    public void Dispose() => _scene.Dispose();

    [Theory]
    [InlineData(5, 1, 0x10, 0x1010u)]
    [InlineData(6, 0, 0x100, 0x10_0100u)]
    [InlineData(6, 0, 0xffc, 0x10_0ffcu)]
    public void A_confirmed_window_is_used(byte bus, byte function, uint register, uint offset)
    {
        PciSbdf place = new(1, bus, function);
        Assert.Equal((0xffu, 0xffffu, uint.MaxValue), (_configuration.Read8(place, register), _configuration.Read16(place, register), _configuration.Read32(place, register)));
        _configuration.Write32(place, register, 1);
        Assert.Empty(_registers.Seen);
        Assert.Equal(XenError.None, _windows.Confirm(Window, 1, (byte)FirstBus, 6, true));
        Assert.Equal((0x88u, 0x8788u, 0x8586_8788u), (_configuration.Read8(place, register), _configuration.Read16(place, register), _configuration.Read32(place, register)));
        _configuration.Write(place, register, 1, 0x11);
        _configuration.Write16(place, register, 0x2222);
        _configuration.Write32(place, register, 0x3333_3333);
        Assert.Equal([(offset, 1, 0x11u), (offset, 2, 0x2222u), (offset, 4, 0x3333_3333u)], _registers.Seen);
        Assert.Equal(XenError.None, _windows.Confirm(Window, 1, (byte)FirstBus, 6, false));
        Assert.Equal(uint.MaxValue, _configuration.Read32(place, register));
    }

    [Theory]
    [InlineData(0xb010_0000UL, 1, 5, 6)]
    [InlineData(Window, 0, 5, 6)]
    [InlineData(Window, 1, 4, 6)]
    [InlineData(Window, 1, 5, 7)]
    public void Only_a_window_of_the_firmwares_table_is_confirmed(ulong address, ushort segment, byte first, byte last)
    {
        Assert.Equal(XenError.NoDevice, _windows.Confirm(address, segment, first, last, true));
        Assert.False(_windows.TryFind(new PciSbdf(1, 5, 1), out _, out _));
    }

    [Theory]
    [InlineData(1, 4)]
    [InlineData(1, 7)]
    [InlineData(2, 5)]
    public void Functions_of_other_buses_and_segments_are_not_there(ushort segment, byte bus)
    {
        _windows.Confirm(Window, 1, (byte)FirstBus, 6, true);
        Assert.Equal(uint.MaxValue, _configuration.Read32(new PciSbdf(segment, bus, 0), 0));
        _configuration.Write32(new PciSbdf(segment, bus, 0), 0, 5);
        Assert.Empty(_registers.Seen);
    }

    [Fact]
    public void The_first_registers_of_segment_0_are_reached_by_ports_and_the_rest_is_not()
    {
        PciDevice device = new(_scene.Machine);
        Array.Fill(device.Writable, (byte)0xff, 0x40, 16);
        _scene.Machine.Pci.Attach(device, 0, 0x18);
        PciSbdf place = new(0, 0, 0x18);
        _configuration.Write32(place, 0x40, 0x1234_5678);
        _configuration.Write16(place, 0x42, 0xabcd);
        _configuration.Write(place, 0x41, 1, 0xef);
        Assert.Equal(0xabcd_ef78u, device.Get32(0x40));
        Assert.Equal((0xefu, 0xabcdu, 0xabcd_ef78u), (_configuration.Read8(place, 0x41), _configuration.Read16(place, 0x42), _configuration.Read32(place, 0x40)));
        Assert.Equal(uint.MaxValue, _configuration.Read32(place, 0x100));
    }

    [Fact]
    public void Frames_are_known_as_the_functions_whose_registers_they_are()
    {
        Mfn first = Mfn.FromAddress(Window + (FirstBus << 20));
        Assert.True(_windows.TryDecode(first.Plus(0x118), out PciSbdf function));
        Assert.Equal((1, 6, 0x18), (function.Segment, function.Bus, function.DeviceAndFunction));
        Assert.True(_windows.TryDecode(first, out _));
        Assert.True(_windows.TryDecode(first.Plus(511), out _));
        Assert.False(_windows.TryDecode(first.Plus(512), out _));
        Assert.False(_windows.TryDecode(new Mfn(first.Value - 1), out _));
    }

    [Fact]
    public void There_is_room_for_eight_windows()
    {
        for (int i = 1; i < 8; i++)
            Assert.True(_windows.TryAdd(Window, (ushort)(i + 1), 0, 255, default, false));
        Assert.False(_windows.TryAdd(Window, 9, 0, 255, default, false));
        Assert.Equal(8, _windows.Count);
    }

    /// <summary>Registers that all read alike and note what is written.</summary>
    private sealed class Registers : IMmioDevice
    {
        public List<(uint Offset, int Size, uint Value)> Seen { get; } = [];

        public uint Read(uint offset, int size) => 0x8586_8788u & uint.MaxValue >> (32 - 8 * size);

        public void Write(uint offset, int size, uint value) => Seen.Add((offset, size, value));
    }
}
