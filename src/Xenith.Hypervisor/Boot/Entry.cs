// The first C# of the hypervisor proper.

using System.Runtime;
using Xenith.Machine;

namespace Xenith.Hypervisor.Boot;

internal static class Entry
{
    [RuntimeExport("boot_main")]
    private static void Main(uint loaderMagic, uint bootInformation)
    {
        EarlySerial.Write("Xenith\r\n"u8);
    }
}
