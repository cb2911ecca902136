// The end of the domain, and with it of the machine, as this kernel is its hardware domain.

using Xenith.Guest.Pv.Interface;

namespace Xenith.Guest.Pv.Kernel;

static unsafe class Power
{
    /// <summary>
    /// Ends the domain: 0 power off, 3 crash. A poweroff of the hardware domain only halts the machine, in Xen as here, so
    /// the first one asks for the ACPI state S5 as Linux does, and if that is refused for a reboot: an emulator ends on both.
    /// </summary>
    public static void Off(uint reason)
    {
        if (reason == 0 && (Vcpu.Start->Flags & StartInfo.InitDomain) != 0)
        {
            Hypercall.EnterSleepState5();
            reason = 1;
        }

        Hypercall.Shutdown(reason);
        while (true)
        {
            Hypercall.SchedYield();
        }
    }
}
