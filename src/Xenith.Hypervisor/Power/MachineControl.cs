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
        Host.Current.Log.SendAll();
        Port.Out16(platform.Pm1aControl, pm1a);
        if (platform.Pm1bControl != 0)
            Port.Out16(platform.Pm1bControl, pm1b);
        for (int i = 0; i < 10_000_000; i++)
            Cpu.Pause();
        return XenError.Io;
    }

    /// <summary>
    /// Resets the machine. The way that `reboot=` names is tried first, then the ACPI reset register (ACPI 6.5, 4.8.3.6), the reset control register of
    /// PC chip sets, the keyboard controller, and a triple fault, which no machine survives.
    /// </summary>
    internal static void Reboot(RestartPolicy policy)
    {
        Cpu.DisableInterrupts();
        OtherCpus.Stop();
        TellFirmware(policy.IsWarm);
        switch (policy.Method)
        {
            case RebootOption.Keyboard:
                ByKeyboardController();
                break;
            case RebootOption.Pci:
                ByChipSet(false);
                break;
            case RebootOption.Power:
                ByChipSet(true);
                break;
            case RebootOption.Triple:
                Cpu.TripleFault();
                break;
        }
        if (policy.ResetPort != 0)
        {
            Port.Out8(policy.ResetPort, policy.ResetValue);
            Wait();
        }
        ByChipSet(false);
        ByKeyboardController();
        Cpu.TripleFault();
    }

    /// <summary>The word at 0x472 of the BIOS data area: 0x1234 asks the firmware to skip its memory test.</summary>
    private static void TellFirmware(bool warm)
    {
        System.Span<byte> word = BootMemory.Writable(0x472, 2);
        word[0] = warm ? (byte)0x34 : (byte)0;
        word[1] = warm ? (byte)0x12 : (byte)0;
    }

    /// <summary>Bit 1 of the register chooses a hard reset, bit 2 makes it happen, bit 3 turns the power off in between.</summary>
    private static void ByChipSet(bool powerCycle)
    {
        byte hard = powerCycle ? (byte)0x0a : (byte)0x02;
        Port.Out8(ResetControl, hard);
        Port.Out8(ResetControl, (byte)(hard | 0x04));
        Wait();
    }

    private static void ByKeyboardController()
    {
        Port.Out8(KeyboardController, 0xfe);
        Wait();
    }

    private static void Wait()
    {
        for (int i = 0; i < 1_000_000; i++)
            Cpu.Pause();
    }

    /// <summary>Stops for good.</summary>
    internal static void Halt()
    {
        OtherCpus.Stop();
        Cpu.Stop();
    }
}
