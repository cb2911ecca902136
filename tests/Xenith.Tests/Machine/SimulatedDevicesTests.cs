// The simulated chipset, driven through Machine's public types as the hypervisor would.

using Xenith.Machine;
using Xenith.Machine.Simulation;
using Xunit;

namespace Xenith.Tests.Machine;

public sealed class SimulatedDevicesTests
{
    private const ulong ApicAt = AddressSpace.DeviceMappings;

    [Fact]
    public void The_serial_port_keeps_what_was_sent_and_delivers_what_was_typed()
    {
        using var scene = new Scene();
        foreach (byte letter in "hello\r\n"u8)
            Port.Out8(0x3f8, letter);
        scene.Machine.Com1.Type("y");
        Assert.Equal("hello\n", scene.Machine.Com1.Text);
        Assert.Equal(0x61, Port.In8(0x3fd));
        Assert.Equal((byte)'y', Port.In8(0x3f8));
        Assert.Equal(0x60, Port.In8(0x3fd));
        Assert.Equal(0xff, Port.In8(0x1234));
    }

    [Fact]
    public void The_TSC_can_be_calibrated_with_channel_2_of_the_interval_timer()
    {
        using var scene = new Scene();
        scene.Machine.Clock.TscMegahertz = 2596;
        const ushort counts = 11932;
        Port.Out8(0x61, (byte)(Port.In8(0x61) & ~3));
        Port.Out8(0x43, 0xb0);
        Port.Out8(0x42, counts & 0xff);
        Port.Out8(0x42, counts >> 8);
        Port.Out8(0x61, 1);
        ulong start = Cpu.ReadTsc();
        while ((Port.In8(0x61) & 0x20) == 0)
            Cpu.Pause();
        double megahertz = (Cpu.ReadTsc() - start) / (counts * 1e6 / IntervalTimer.Frequency);
        Assert.InRange(megahertz, 2590, 2602);
    }

    [Fact]
    public void The_PM_timer_counts_at_its_frequency()
    {
        using var scene = new Scene();
        uint before = Port.In32(PmTimer.PortNumber);
        scene.Machine.Advance(1_000_000_000);
        Assert.InRange(Port.In32(PmTimer.PortNumber) - before, PmTimer.Frequency, PmTimer.Frequency + 2);
    }

    [Fact]
    public void The_clock_chip_tells_the_date_in_BCD()
    {
        using var scene = new Scene();
        scene.Machine.Rtc.Start = new DateTime(2026, 11, 22, 16, 59, 59, DateTimeKind.Utc);
        scene.Machine.Advance(1_000_000_000);
        Assert.Equal([0x20, 0x26, 0x11, 0x22, 0x17, 0x00], ((byte[])[0x32, 9, 8, 7, 4, 0]).Select(Cmos));
    }

    [Fact]
    public void A_timer_interrupt_wakes_a_sleeping_CPU_and_another_CPU_can_be_interrupted()
    {
        using var scene = new Scene(cpus: 2);
        MmioRegion apic = MapApic(scene);
        var taken = new List<(uint Cpu, ulong Vector, ulong At)>();
        scene.Machine.Entries.Interrupt = (ref GuestFrame frame) =>
        {
            taken.Add((PerCpu.Id, frame.Vector, scene.Machine.Clock.Now));
            apic.Write32(0xb0, 0);
        };
        apic.Write32(0xf0, 0x1ff);
        apic.Write32(0x3e0, 0xb);
        apic.Write32(0x320, 0x40);
        apic.Write32(0x380, 1000);
        ulong armed = scene.Machine.Clock.Now;
        Cpu.WaitForInterrupt();
        Assert.Equal([(0u, 0x40UL, armed + 10_000)], taken);
        Assert.False(Cpu.InterruptsEnabled);

        using (scene.Machine.Cpus[1].Enter())
        {
            Cpu.WriteCr3(scene.Root.Address);
            apic.Write32(0xf0, 0x1ff);
            Cpu.EnableInterrupts();
        }

        apic.Write32(0x310, 1u << 24);
        apic.Write32(0x300, 0x50);
        scene.Machine.Advance(0);
        Assert.Equal((1u, 0x50UL), (taken[^1].Cpu, taken[^1].Vector));
    }

    [Fact]
    public void A_level_interrupt_comes_again_until_the_device_is_quiet()
    {
        using var scene = new Scene();
        MmioRegion apic = MapApic(scene);
        int count = 0;
        scene.Machine.Entries.Interrupt = (ref GuestFrame frame) =>
        {
            if (++count == 3)
                scene.Machine.IoApic.SetPin(19, false);
            apic.Write32(0xb0, 0);
        };
        apic.Write32(0xf0, 0x1ff);
        scene.Machine.IoApic.Write(0x00, 4, 0x10 + 2 * 19);
        scene.Machine.IoApic.Write(0x10, 4, 0x60 | 1 << 15);
        scene.Machine.IoApic.SetPin(19, true);
        Cpu.EnableInterrupts();
        Assert.Equal(3, count);
    }

    [Fact]
    public void A_device_that_is_not_mapped_faults()
    {
        using var scene = new Scene();
        SimulatedFault fault = Assert.Throws<SimulatedFault>(() => MmioRegion.AtMapped(ApicAt, 0x1000).Read32(0x30));
        Assert.Equal(ExceptionVector.PageFault, fault.Vector);
    }

    [Fact]
    public void An_MSR_that_does_not_exist_or_refuses_a_value_raises_GP()
    {
        using var scene = new Scene();
        Assert.False(Cpu.TryReadMsr(0x1234_5678, out _));
        Assert.False(Cpu.TryWriteMsr(Msr.Pat, 2));
        Assert.False(Cpu.TryWriteMsr(Msr.FsBase, 0x8000_0000_0000_0000));
        Assert.Equal(ExceptionVector.GeneralProtection, Assert.Throws<SimulatedFault>(() => Cpu.WriteMsr(Msr.Efer, 1UL << 40)).Vector);
    }

    [Fact]
    public void A_selector_loads_only_if_the_GDT_that_is_mapped_has_its_descriptor()
    {
        using var scene = new Scene();
        Cpu.WriteCr3(Image.RootTable.Address);
        Descriptors.InitializeCpu(0);
        Assert.True(Segments.TryLoadDs(Selectors.Ring3Data));
        Assert.False(Segments.TryLoadDs(0x13));
        Assert.False(Segments.TryLoadFs(0xfffb));
        Assert.True(Segments.TryLoadFs(0));
        Segments.Read(out ushort ds, out _, out _, out _);
        Assert.Equal(Selectors.Ring3Data, ds);
        Assert.Equal(Descriptors.ReservedGdtFrame, Mfn.FromAddress(ImageModel.BootCpuBlock + 0x1000));
    }

    private static MmioRegion MapApic(Scene scene)
    {
        scene.Map(ApicAt, Mfn.FromAddress(LocalApic.Address), PageFlags.Present | PageFlags.Writable | PageFlags.CacheDisable);
        return MmioRegion.AtMapped(ApicAt, 0x1000);
    }

    private static byte Cmos(byte index)
    {
        Port.Out8(0x70, index);
        return Port.In8(0x71);
    }
}
