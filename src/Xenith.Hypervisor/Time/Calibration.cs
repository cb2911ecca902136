using Xenith.Hypervisor.Interrupts;
using Xenith.Machine;

namespace Xenith.Hypervisor.Time;

/// <summary>
/// Measures the TSC and the local APIC's timer against a clock whose frequency is known: the HPET, else the ACPI PM timer, else channel 2 of the PIT.
/// </summary>
internal static class Calibration
{
    private const uint PmTimerHertz = 3_579_545, PitHertz = 1_193_182;
    private const uint Milliseconds = 20;

    /// <summary>The measured frequencies, in Hz.</summary>
    internal struct Result
    {
        internal ulong TscHertz;
        internal ulong LocalApicHertz;
    }

    /// <summary>Measures against the main counter of a HPET (IA-PC HPET 1.0a, 2.3).</summary>
    internal static Result WithHpet(MmioRegion hpet, LocalApic apic, out ulong hertz)
    {
        ulong femtoseconds = hpet.Read32(4);
        hertz = femtoseconds == 0 ? 0 : 1_000_000_000_000_000UL / femtoseconds;
        hpet.Write32(0x10, hpet.Read32(0x10) | 1);
        uint ticks = (uint)(hertz * Milliseconds / 1000);
        uint start = hpet.Read32(0xf0);
        apic.StartMeasuring();
        ulong tsc = Cpu.ReadTsc();
        uint passed;
        do
            passed = unchecked(hpet.Read32(0xf0) - start);
        while (passed < ticks);
        return Scale(Cpu.ReadTsc() - tsc, apic.Measured, passed, hertz);
    }

    /// <summary>Measures against the ACPI PM timer, a 24-bit counter (ACPI 6.5, 4.8.3.3).</summary>
    internal static Result WithPmTimer(ushort port, LocalApic apic)
    {
        const uint ticks = PmTimerHertz * Milliseconds / 1000;
        uint start = Port.In32(port) & 0xff_ffff;
        apic.StartMeasuring();
        ulong tsc = Cpu.ReadTsc();
        uint passed;
        do
            passed = unchecked((Port.In32(port) & 0xff_ffff) - start) & 0xff_ffff;
        while (passed < ticks);
        return Scale(Cpu.ReadTsc() - tsc, apic.Measured, passed, PmTimerHertz);
    }

    /// <summary>Measures against channel 2 of the PIT (Intel 8254), whose gate and output are in port 0x61.</summary>
    internal static Result WithPit(LocalApic apic)
    {
        const uint ticks = PitHertz * Milliseconds / 1000;
        Port.Out8(0x61, (byte)((Port.In8(0x61) & 0xfd) | 1));
        Port.Out8(0x43, 0xb0);
        Port.Out8(0x42, (byte)(ticks & 0xff));
        Port.Out8(0x42, (byte)(ticks >> 8));
        apic.StartMeasuring();
        ulong tsc = Cpu.ReadTsc();
        for (uint patience = 0; (Port.In8(0x61) & 0x20) == 0 && patience < 100_000_000; patience++)
        {
        }
        return Scale(Cpu.ReadTsc() - tsc, apic.Measured, ticks, PitHertz);
    }

    private static Result Scale(ulong tsc, ulong apic, ulong passed, ulong hertz) => new()
    {
        TscHertz = tsc * hertz / passed,
        LocalApicHertz = apic * hertz / passed,
    };
}
