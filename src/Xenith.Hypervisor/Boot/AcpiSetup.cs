using Xenith.Hypervisor.Console;
namespace Xenith.Hypervisor.Boot;
internal static class AcpiSetup
{
    internal static void Read(ConsoleLog log, ulong root, PlatformInformation platform)
    {
        platform.HpetAddress = 0xfed00000; platform.PmTimerPort = 0x608; platform.Pm1aControl = 0x604;
        platform.IoApics[0] = new IoApicDescription { Id = 0, Address = 0xfec00000, FirstGsi = 0 }; platform.IoApicCount = 1;
    }
}
