// NMIs that nobody in the hypervisor sent: what port 0x61 says of them, and who hears of it.

using Xenith.Abi;
using Xenith.Hypervisor.Boot;
using Xenith.Hypervisor.Interrupts;
using Xenith.Machine;
using Xenith.Machine.Simulation;
using Xenith.Tests.Hypercalls;
using Xunit;

namespace Xenith.Tests.Interrupts;

public sealed class ForeignNmiTests
{
    /// <summary>arch.nmi_reason in shared_info.</summary>
    private const uint ReasonOffset = 3104;

    [Theory]
    [InlineData(0xb1, NmiReason.PciSerr, "NMI - PCI system error (SERR)", new uint[] { 0x05 })]
    [InlineData(0x71, NmiReason.IoError, "NMI - I/O ERROR", new uint[] { 0x09, 0x01 })]
    [InlineData(0x31, NmiReason.Unknown, "Uhhuh. NMI received for unknown reason 31.", new uint[0])]
    public void Dom0_gets_it_with_its_reason(byte port, NmiReason reason, string said, uint[] written)
    {
        using GuestScene guest = new();
        SystemControl control = Raise(guest, port, NmiOption.Dom0);
        NonMaskable.Report(guest.Pcpu);
        Assert.Equal(written, control.Written);
        Assert.Contains(said, guest.Printed, StringComparison.Ordinal);
        Assert.Equal((ulong)reason, guest.Dom0.SharedInfo.Load64(ReasonOffset));
        Assert.True(guest.Dom0.FindVcpu(0)!.Pv.NmiPending);
        // It has been reported.
        control.Written.Clear();
        NonMaskable.Report(guest.Pcpu);
        Assert.Empty(control.Written);
    }

    [Fact]
    public void It_can_be_ignored()
    {
        using GuestScene guest = new();
        SystemControl control = Raise(guest, 0x80, NmiOption.Ignore);
        NonMaskable.Report(guest.Pcpu);
        Assert.Equal([4u], control.Written);
        Assert.DoesNotContain("NMI", guest.Printed, StringComparison.Ordinal);
        Assert.False(guest.Dom0.FindVcpu(0)!.Pv.NmiPending);
    }

    [Fact]
    public void It_can_be_the_end_of_the_host()
    {
        using GuestScene guest = new();
        guest.Host.Log.Restart.NoReboot = true;
        Raise(guest, 0x80, NmiOption.Fatal);
        Assert.Throws<CpuStopped>(() => NonMaskable.Report(guest.Pcpu));
        Assert.Contains("FATAL TRAP: NMI: NMI - PCI system error (SERR)", guest.Printed, StringComparison.Ordinal);
    }

    private static SystemControl Raise(GuestScene guest, byte port, NmiOption choice)
    {
        guest.Host.Platform.Options.Nmi = choice;
        SystemControl control = new(port);
        guest.Machine.Ports.Attach(control, 0x61, 1);
        GuestFrame frame = default;
        NonMaskable.Handle(ref frame);
        Assert.True(guest.Pcpu.HasUnknownNmi);
        return control;
    }

    private sealed class SystemControl(byte value) : IPortDevice
    {
        public List<uint> Written { get; } = [];

        public uint Read(ushort port, int size) => value;

        public void Write(ushort port, int size, uint written) => Written.Add(written);
    }
}
