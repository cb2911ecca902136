using System.Diagnostics;
using Xenith.Hypervisor.Console;
using Xenith.Machine;

namespace Xenith.Hypervisor.Boot;

/// <summary>
/// What can be seen only where the hypervisor really runs: it tries the protections of its own image. Compiled in where XENITH_SELFTEST is defined, that is, with `-p:XenithChecks=true`;
/// the scenario checked-image reads what it prints.
/// </summary>
internal static class SelfTest
{
    /// <summary>Runs once, when booting is over and before the first guest.</summary>
    [Conditional("XENITH_SELFTEST")]
    internal static void Run(Host host) => TryImage(host.Log);

    private static void TryImage(ConsoleLog log)
    {
        uint pages = 0, failures = 0;
        for (ulong address = Image.TextStart; address < Image.DataEnd; address += AddressSpace.PageSize)
        {
            pages++;
            if (Image.TryRewrite(address) || Image.TryRewrite(AddressSpace.DirectMap + Image.PhysicalOf(address)))
            {
                failures++;
                log.Error($"Self test: the image's page at {address:x16} can be written");
            }
        }
        for (int i = 0; Image.TryGetGuardPage(i, out ulong guard); i++)
        {
            if (Image.TryRewrite(guard))
            {
                failures++;
                log.Error($"Self test: the guard page at {guard:x16} can be written");
            }
        }
        // The probe itself: what is data can be written under both addresses.
        if (!Image.TryRewrite(Image.BssStart) || !Image.TryRewrite(AddressSpace.DirectMap + Image.PhysicalOf(Image.BssStart)))
        {
            failures++;
            log.Error($"Self test: the image's data cannot be written");
        }
        log.Always($"Self test: image: {pages} pages of code and constants, {failures} failures");
    }
}
