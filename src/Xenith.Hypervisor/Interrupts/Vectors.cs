namespace Xenith.Hypervisor.Interrupts;

/// <summary>How the interrupt vectors of a CPU are used. 0x20 to 0xef are for devices.</summary>
public static class Vectors
{
    /// <summary>First vector that a device can get.</summary>
    public const byte FirstDevice = 0x20;

    /// <summary>Last vector that a device can get.</summary>
    public const byte LastDevice = 0xef;

    /// <summary>The hypervisor's own serial line.</summary>
    public const byte Console = 0xf1;

    /// <summary>Local APIC timer.</summary>
    public const byte LocalTimer = 0xf9;

    /// <summary>From another CPU: run a call (<see cref="CpuCalls"/>).</summary>
    public const byte CallFunction = 0xfb;

    /// <summary>From another CPU: look at what was noted for this one (<see cref="Pcpu.Raise"/>).</summary>
    public const byte EventCheck = 0xfc;

    /// <summary>From another CPU: forget translations (<see cref="Memory.TlbFlush"/>).</summary>
    public const byte InvalidateTlb = 0xfd;

    /// <summary>Local APIC error.</summary>
    public const byte ApicError = 0xfe;

    /// <summary>Spurious interrupts; must end in binary 1111 on old CPUs.</summary>
    public const byte Spurious = 0xff;
}
