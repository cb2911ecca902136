using System;
using Xenith.Machine.Simulation;

namespace Xenith.Machine;

/// <summary>COM1 before anything else works: here, the simulated one.</summary>
public static class EarlySerial
{
    public static void Write(ReadOnlySpan<byte> text)
    {
        foreach (byte value in text)
            SimulatedCpu.Current.Machine.Com1.Write(0x3f8, 1, value);
    }
}
