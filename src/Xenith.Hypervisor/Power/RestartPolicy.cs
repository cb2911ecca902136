using Xenith.Hypervisor.Boot;
using Xenith.Machine;

namespace Xenith.Hypervisor.Power;

/// <summary>Whether and how the machine is restarted. It hangs from the log, because both must exist before anything that can fail.</summary>
public sealed class RestartPolicy
{
    private const ulong Seconds = 5;

    /// <summary>`noreboot`: the machine stays as it is after a panic.</summary>
    public bool NoReboot { get; set; }

    /// <summary>Frequency of the TSC, 0 while it is not known: then nobody waits before the restart.</summary>
    public ulong TscHertz { get; set; }

    /// <summary>Port of the ACPI reset register, 0 if there is none, and what to write there.</summary>
    public ushort ResetPort { get; set; }
    public byte ResetValue { get; set; }

    /// <summary>`reboot=`: what is tried first.</summary>
    internal RebootOption Method { get; private set; }

    /// <summary>`reboot=warm`.</summary>
    internal bool IsWarm { get; private set; }

    /// <summary>Takes over what the command line says.</summary>
    internal void Apply(in HypervisorOptions options)
    {
        NoReboot = options.NoReboot;
        Method = options.Reboot;
        IsWarm = options.WarmReboot;
    }

    /// <summary>Leaves time to read what the screen shows. Interrupts may be off.</summary>
    internal void WaitFiveSeconds() => Cpu.WaitTicks(TscHertz * Seconds);
}
