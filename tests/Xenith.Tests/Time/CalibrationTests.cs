// The TSC is measured against the HPET, the PM timer and the PIT; a clock that lies or stands still is found out.

using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Time;
using Xenith.Machine;
using Xenith.Machine.Simulation;
using Xunit;
using HostLocalApic = Xenith.Hypervisor.Interrupts.LocalApic;

namespace Xenith.Tests.Time;

public sealed class CalibrationTests : IDisposable
{
    private const ulong HpetAddress = 0xfed0_0000, MemoryBytes = 64UL << 20;

    private readonly SimulatedMachine _machine = new(MemoryBytes);
    private readonly SimulatedCpu.Scope _scope;
    private readonly EarlyMemory _early = new();
    private readonly HostLocalApic _apic;

    public CalibrationTests()
    {
        _scope = _machine.Cpus[0].Enter();
        Descriptors.InitializeCpu(0);
        _early.Add(4UL << 20, MemoryBytes);
        Assert.True(HypervisorAddressSpace.TryMapDevice(_early, 0, 0xfee0_0000, out MmioRegion registers));
        _apic = new HostLocalApic(registers);
    }

    public void Dispose()
    {
        _scope.Dispose();
        _machine.Dispose();
    }

    [Theory]
    [InlineData(10_000_000u)]
    [InlineData(69_841_279u)]                                               // 14.318 MHz, as on most PCs
    [InlineData(100_000_000u)]                                              // the longest period that the specification allows
    public void A_HPET_measures(uint femtoseconds)
    {
        Calibration.Result result = Calibration.WithHpet(Hpet(femtoseconds), _apic, out ulong hertz);
        Assert.Equal(1_000_000_000_000_000UL / femtoseconds, hertz);
        IsRight(result);
    }

    [Theory]
    [InlineData(0u, 1u, false)]
    [InlineData(99_999u, 1u, false)]
    [InlineData(100_000_001u, 1u, false)]
    [InlineData(uint.MaxValue, 1u, false)]                                  // nothing there
    [InlineData(10_000_000u, 0u, false)]                                    // no revision
    [InlineData(10_000_000u, 1u, true)]                                     // it stands still
    public void A_HPET_that_cannot_be_one_gives_nothing(uint femtoseconds, uint revision, bool stands) =>
        Assert.Equal(0UL, Calibration.WithHpet(Hpet(femtoseconds, revision, stands), _apic, out _).TscHertz);

    [Fact]
    public void The_PM_timer_measures_if_it_runs()
    {
        IsRight(Calibration.WithPmTimer(PmTimer.PortNumber, _apic));
        Assert.Equal(0UL, Calibration.WithPmTimer(0x1234, _apic).TscHertz);
    }

    [Fact]
    public void The_PIT_measures() => IsRight(Calibration.WithPit(_apic));

    [Theory]
    [InlineData(1600UL, 1700UL, true)]
    [InlineData(1600UL, 1701UL, false)]
    [InlineData(1700UL, 1600UL, true)]
    [InlineData(0UL, 1600UL, false)]
    [InlineData(1600UL, 0UL, false)]
    public void Two_measurements_agree_within_a_sixteenth(ulong one, ulong other, bool agree) =>
        Assert.Equal(agree, Calibration.Agree(new Calibration.Result { TscHertz = one }, new Calibration.Result { TscHertz = other }));

    /// <summary>The machine's TSC runs at 2 GHz.</summary>
    private static void IsRight(Calibration.Result result)
    {
        Assert.InRange(result.TscHertz, 1_980_000_000UL, 2_020_000_000UL);
        Assert.NotEqual(0UL, result.LocalApicHertz);
    }

    private MmioRegion Hpet(uint femtoseconds, uint revision = 1, bool stands = false)
    {
        _machine.Devices.Attach(new Device(_machine.Clock, femtoseconds, revision, stands), HpetAddress, 0x400);
        Assert.True(HypervisorAddressSpace.TryMapDevice(_early, 1, HpetAddress, out MmioRegion registers));
        return registers;
    }

    /// <summary>A HPET with a main counter, which runs once it is enabled.</summary>
    private sealed class Device(VirtualClock clock, uint femtoseconds, uint revision, bool stands) : IMmioDevice
    {
        private bool _enabled;

        public uint Read(uint offset, int size) => offset switch
        {
            0 => 0x8086_0000 | revision,
            4 => femtoseconds,
            0x10 => _enabled ? 1u : 0,
            0xf0 => _enabled && !stands ? (uint)((UInt128)clock.Now * 1_000_000 / femtoseconds) : 7,
            _ => 0,
        };

        public void Write(uint offset, int size, uint value)
        {
            if (offset == 0x10)
                _enabled = (value & 1) != 0;
        }
    }
}
