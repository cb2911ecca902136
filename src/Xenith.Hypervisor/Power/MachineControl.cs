using Xenith.Hypervisor.Boot;
using Xenith.Hypervisor.Console;
using Xenith.Machine;

namespace Xenith.Hypervisor.Power;

/// <summary>Turning the machine off, starting it again, and stopping it.</summary>
internal static class MachineControl
{
    private const ushort KeyboardController = 0x64, ResetControl = 0xcf9;

    /// <summary>
    /// Enters an ACPI sleep state with the values for the PM1 control registers that dom0 computed from its firmware's AML (ACPI 6.5, 4.8.3.2.1).
    /// Only S5, soft off, is offered. Returns only if the hardware did not obey.
    /// </summary>
    internal static XenError EnterSleep(uint state, ushort pm1a, ushort pm1b)
    {
        PlatformInformation platform = Host.Current.Platform;
        if (state != 5)
            return XenError.NotSupported;
        if (platform.Pm1aControl == 0)
            return XenError.NoDevice;
        Host.Current.Log.Always($"Preparing system for ACPI S5 state.");
        Host.Current.Log.Always($"Entering ACPI S5 state.");
        Port.Out16(platform.Pm1aControl, pm1a);
        if (platform.Pm1bControl != 0)
            Port.Out16(platform.Pm1bControl, pm1b);
        for (int i = 0; i < 10_000_000; i++)
            Cpu.Pause();
        return XenError.Io;
    }

    /// <summary>Resets the machine: by the reset control register of PC chip sets, then by the keyboard controller.</summary>
    internal static void Reboot()
    {
        Cpu.DisableInterrupts();
        Port.Out8(ResetControl, 0x02);
        Port.Out8(ResetControl, 0x06);
        for (int i = 0; i < 1_000_000; i++)
            Cpu.Pause();
        Port.Out8(KeyboardController, 0xfe);
        for (int i = 0; i < 1_000_000; i++)
            Cpu.Pause();
        Cpu.Stop();
    }

    /// <summary>Stops for good.</summary>
    internal static void Halt() => Cpu.Stop();
}
