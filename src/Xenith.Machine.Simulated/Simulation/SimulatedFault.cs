// How a simulated CPU leaves the ordinary flow of the program. On the metal these are traps and jumps that never return; in a
// process they are exceptions that the driver of the simulation catches. The hypervisor's own code has no catch.

using System;

namespace Xenith.Machine.Simulation;

/// <summary>An instruction of the hypervisor raised an exception of the CPU and has no fixup.</summary>
public sealed class SimulatedFault(int vector, uint error, string what) : Exception($"exception {vector} (error code 0x{error:x}): {what}")
{
    /// <summary>Vector, as in <see cref="ExceptionVector"/>.</summary>
    public int Vector { get; } = vector;

    /// <summary>Error code, 0 where the vector has none.</summary>
    public uint Error { get; } = error;

    internal static SimulatedFault Protection(string what) => new(ExceptionVector.GeneralProtection, 0, what);
}

/// <summary>The CPU executed CLI; HLT: the hypervisor gave up.</summary>
public sealed class CpuStopped() : Exception("the CPU stopped for ever");

/// <summary>The boot code is over: the CPU emptied its stack and went the way out to a guest.</summary>
public sealed class SchedulingStarted() : Exception("the boot code has ended");

/// <summary>HLT on a CPU that the test steps: it goes on when the test lets it.</summary>
public sealed class FallsAsleep() : Exception("the CPU sleeps");

/// <summary>HLT, and nothing in the machine can wake the CPU.</summary>
public sealed class SleepsForEver() : Exception("the CPU waits for an interrupt and none can come");
