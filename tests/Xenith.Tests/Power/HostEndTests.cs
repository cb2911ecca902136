// The ends of the host: dom0 shuts down for each reason there is, and the machine is stopped, switched off or reset by the way that works.

using Xenith.Abi;
using Xenith.Hypervisor.Boot;
using Xenith.Hypervisor.Power;
using Xenith.Machine;
using Xenith.Machine.Simulation;
using Xenith.Tests.Hypercalls;
using Xunit;

namespace Xenith.Tests.Power;

public sealed class HostEndTests
{
    private const int ResetControl = 0xcf9, Keyboard = 0x64, FirmwaresOwn = 0xb2, Pm1a = 0xb004, Pm1b = 0xb008;

    [Theory]
    [InlineData(0u, "Hardware Dom0 halted: halting machine", false)]
    [InlineData(1u, "Hardware Dom0 shutdown: rebooting machine", true)]
    [InlineData(4u, "Hardware Dom0 shutdown: watchdog rebooting machine", true)]
    [InlineData(9u, "Hardware Dom0 shutdown: unknown reason 9: rebooting machine", true)]
    [InlineData(3u, "Hardware Dom0 crashed: 'noreboot' set - not rebooting.", false)]
    public void The_host_ends_with_dom0(uint reason, string said, bool resets)
    {
        using GuestScene guest = new();
        Ports ports = new(guest.Machine, ResetControl);
        guest.Host.Log.Restart.NoReboot = true;
        guest.Write(GuestScene.Memory, reason);
        Assert.Throws<CpuStopped>(() => guest.Call(HypercallNumber.SchedOp, (ulong)SchedOp.Shutdown, GuestScene.Memory));
        Assert.Contains(said, guest.Printed, StringComparison.Ordinal);
        Assert.Equal(resets, ports.Written.Count > 0);
    }

    [Theory]
    [InlineData("Keyboard", Keyboard, new[] { 0xfe })]
    [InlineData("Pci", ResetControl, new[] { 0x02, 0x06 })]
    [InlineData("Power", ResetControl, new[] { 0x0a, 0x0e })]
    [InlineData("Triple", 0, new int[0])]
    [InlineData("Acpi", FirmwaresOwn, new[] { 0x5 })]
    public void The_way_that_was_asked_for_comes_first(string way, int port, int[] values)
    {
        using GuestScene guest = new();
        Ports ports = new(guest.Machine, ResetControl, Keyboard, FirmwaresOwn);
        RestartPolicy policy = guest.Host.Log.Restart;
        HypervisorOptions options = HypervisorOptions.Default;
        (options.Reboot, options.WarmReboot) = (Enum.Parse<RebootOption>(way), way == "Pci");
        policy.Apply(options);
        (policy.ResetPort, policy.ResetValue) = (FirmwaresOwn, 5);
        Assert.Throws<CpuStopped>(() => MachineControl.Reboot(policy));
        Assert.Equal(values.Select(value => (port, value)), ports.Written);
        Assert.Equal(way == "Pci" ? 0x1234 : 0, Frame.At(new Mfn(0)).Read<ushort>(0x472));
    }

    [Fact]
    public void A_machine_that_obeys_nothing_is_asked_in_every_way()
    {
        using GuestScene guest = new();
        Ports ports = new(guest.Machine, ResetControl, Keyboard, FirmwaresOwn) { Obeys = false };
        RestartPolicy policy = guest.Host.Log.Restart;
        (policy.ResetPort, policy.ResetValue) = (FirmwaresOwn, 5);
        Assert.Throws<CpuStopped>(() => MachineControl.Reboot(policy));
        Assert.Equal([(FirmwaresOwn, 5), (ResetControl, 2), (ResetControl, 6), (Keyboard, 0xfe)], ports.Written);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Soft_off_writes_what_dom0_computed(bool hasSecond)
    {
        using GuestScene guest = new();
        Ports ports = new(guest.Machine, hasSecond ? Pm1b : Pm1a);
        (guest.Host.Platform.Pm1aControl, guest.Host.Platform.Pm1bControl) = (Pm1a, (ushort)(hasSecond ? Pm1b : 0));
        PlatformOpArgs op = new() { Cmd = (uint)PlatformOp.EnterAcpiSleep, InterfaceVersion = PlatformConstants.InterfaceVersion };
        op.EnterAcpiSleep = new() { SleepState = 3, ValA = 0x3401, ValB = 0x3402 };
        Assert.Equal(-(long)Errno.EOPNOTSUPP, Call(guest, op));
        op.EnterAcpiSleep.Flags = 2;
        Assert.Equal(-(long)Errno.EINVAL, Call(guest, op));
        op.EnterAcpiSleep.Flags = PlatformConstants.AcpiSleepExtended;
        Assert.Equal(-(long)Errno.EPERM, Call(guest, op));
        (op.EnterAcpiSleep.Flags, op.EnterAcpiSleep.SleepState) = (0, 5);
        Assert.Throws<CpuStopped>(() => Call(guest, op));
        Assert.Equal([hasSecond ? (Pm1b, 0x3402) : (Pm1a, 0x3401)], ports.Written);
    }

    private static long Call(GuestScene guest, PlatformOpArgs op)
    {
        guest.Write(GuestScene.Memory, op);
        return guest.Call(HypercallNumber.PlatformOp, GuestScene.Memory);
    }

    /// <summary>Ports that note what is written; those that reset a machine do it when the last bit is set.</summary>
    private sealed class Ports : IPortDevice
    {
        public Ports(SimulatedMachine machine, params ReadOnlySpan<int> numbers)
        {
            foreach (int number in numbers)
                machine.Ports.Attach(this, (ushort)number, 1);
        }

        public bool Obeys { get; init; } = true;

        public List<(int Port, int Value)> Written { get; } = [];

        public uint Read(ushort port, int size) => 0;

        public void Write(ushort port, int size, uint value)
        {
            Written.Add((port, (int)value));
            if (Obeys && (port != ResetControl || (value & 4) != 0))
                throw new CpuStopped();
        }
    }
}
