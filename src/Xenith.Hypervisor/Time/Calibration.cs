using System;
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

    // Periods of a HPET in femtoseconds: the specification's longest, and one that no real one has.
    private const ulong LongestPeriod = 100_000_000, ShortestPeriod = 100_000;

    // So often may a clock be read without having moved.
    private const uint Patience = 100_000;

    /// <summary>
    /// Measures against the main counter of a HPET (IA-PC HPET 1.0a, 2.3). No frequencies if there is none at the address: a period that cannot be, or a counter that stands still.
    /// </summary>
    internal static Result WithHpet(MmioRegion hpet, LocalApic apic, out ulong hertz)
    {
        ulong femtoseconds = hpet.Read32(4);
        hertz = 0;
        if (femtoseconds is < ShortestPeriod or > LongestPeriod || (hpet.Read32(0) & 0xff) == 0)
            return default;
        hertz = 1_000_000_000_000_000UL / femtoseconds;
        hpet.Write32(0x10, hpet.Read32(0x10) | 1);
        uint ticks = (uint)(hertz * Milliseconds / 1000);
        uint start = hpet.Read32(0xf0);
        apic.StartMeasuring();
        ulong tsc = Cpu.ReadTsc();
        uint passed = 0, before, stuck = 0;
        do
        {
            before = passed;
            passed = unchecked(hpet.Read32(0xf0) - start);
            stuck = passed == before ? stuck + 1 : 0;
        }
        while (passed < ticks && stuck < Patience);
        return stuck == Patience ? default : Scale(Cpu.ReadTsc() - tsc, apic.Measured, passed, hertz);
    }

    /// <summary>Measures against the ACPI PM timer, a 24-bit counter (ACPI 6.5, 4.8.3.3). No frequencies if it stands still.</summary>
    internal static Result WithPmTimer(ushort port, LocalApic apic)
    {
        const uint ticks = PmTimerHertz * Milliseconds / 1000;
        uint start = Port.In32(port) & 0xff_ffff;
        apic.StartMeasuring();
        ulong tsc = Cpu.ReadTsc();
        uint passed = 0, before, stuck = 0;
        do
        {
            before = passed;
            passed = unchecked((Port.In32(port) & 0xff_ffff) - start) & 0xff_ffff;
            stuck = passed == before ? stuck + 1 : 0;
        }
        while (passed < ticks && stuck < Patience);
        return stuck == Patience ? default : Scale(Cpu.ReadTsc() - tsc, apic.Measured, passed, PmTimerHertz);
    }

    /// <summary>Measures against channel 2 of the PIT (Intel 8254), whose gate and output are in port 0x61. No frequencies if it never ends.</summary>
    internal static Result WithPit(LocalApic apic)
    {
        const uint ticks = PitHertz * Milliseconds / 1000;
        Port.Out8(0x61, (byte)((Port.In8(0x61) & 0xfd) | 1));
        Port.Out8(0x43, 0xb0);
        Port.Out8(0x42, (byte)(ticks & 0xff));
        Port.Out8(0x42, (byte)(ticks >> 8));
        apic.StartMeasuring();
        ulong tsc = Cpu.ReadTsc();
        for (uint reads = 0; reads < Patience * 100; reads++)
        {
            if ((Port.In8(0x61) & 0x20) != 0)
                return Scale(Cpu.ReadTsc() - tsc, apic.Measured, ticks, PitHertz);
        }
        return default;
    }

    /// <summary>Whether two measurements of one TSC agree within a sixteenth; what was not measured agrees with nothing.</summary>
    internal static bool Agree(Result one, Result other) =>
        one.TscHertz != 0 && other.TscHertz != 0 && Math.Max(one.TscHertz, other.TscHertz) - Math.Min(one.TscHertz, other.TscHertz) <= one.TscHertz / 16;

    private static Result Scale(ulong tsc, ulong apic, ulong passed, ulong hertz) =>
        passed == 0 || Math.Max(tsc, apic) > ulong.MaxValue / hertz
            ? default
            : new Result { TscHertz = tsc * hertz / passed, LocalApicHertz = apic * hertz / passed };
}
