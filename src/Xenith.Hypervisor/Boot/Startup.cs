using System;
using System.Runtime;
using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Interrupts;
using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Power;
using Xenith.Hypervisor.Time;
using Xenith.Machine;

namespace Xenith.Hypervisor.Boot;

/// <summary>
/// The boot sequence, from the first line of C# to the first instruction of dom0. Each step logs what it found in the words that people know from Xen; a step that cannot be done ends in
/// one line that says why.
/// </summary>
internal static class Startup
{
    private const ulong BootDirectMap = 4UL << 30;

    [RuntimeExport("boot_main")]
    private static void Main(uint loaderMagic, uint bootInformation)
    {
        BootMemory.SetDirectMapEnd(BootDirectMap);
        Descriptors.InitializeCpu(0);
        // The legacy interrupt controllers would deliver their interrupts as exceptions.
        Port.Out8(0x21, 0xff);
        Port.Out8(0xa1, 0xff);

        ConsoleLog log = new(new SerialPort(0x3f8, 115200));
        Banner.Print(log);
        if (!BootInformation.TryParse(loaderMagic, bootInformation, out BootInformation information, out BootError error))
        {
            Panic.Now(log, $"{error.Message()}");
            return;
        }
        Continue(log, in information);
    }
}
