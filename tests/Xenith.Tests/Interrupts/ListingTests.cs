// What the debug keys print of interrupts, on the shape of Xen's lines.

using System.Text.RegularExpressions;
using Xenith.Hypervisor.Console;
using Xenith.Machine.Simulation;
using Xenith.Tests.Hypercalls;
using Xunit;

namespace Xenith.Tests.Interrupts;

public sealed class ListingTests
{
    [Fact]
    public void Interrupts_and_messages_are_listed_as_Xen_lists_them()
    {
        using var guest = new GuestScene(cpus: 2);
        PciDevice device = MessageTests.AddDevice(guest);
        Assert.Equal(0, MessageTests.MapMsix(guest, 0, out int first));
        Assert.Equal(0, MessageTests.MapMsix(guest, 1, out _));
        MessageTests.Bind(guest, first);
        MessageTests.WriteConfiguration(guest, 0x72, 2, 0x8000);
        device.RaiseMsix(0);
        MessageTests.Take(guest);
        InterruptDump.Print(guest.Host);
        InterruptDump.PrintMessages(guest.Host);
        Assert.Matches(new Regex(@"^\(XEN\)    IRQ: 256 vec:[0-9a-f]{2} PCI-MSI/-X      status=010 aff:\{0\}/\{0\} in-flight=0 d0:511\(P--\)$", RegexOptions.Multiline), guest.Printed);
        Assert.Matches(new Regex(@"^\(XEN\)    IRQ: 257 vec:[0-9a-f]{2} PCI-MSI/-X      status=002 aff:\{0\}/\{0\} mapped, unbound$", RegexOptions.Multiline), guest.Printed);
        Assert.Matches(new Regex(@"^\(XEN\)  MSI-X  256 vec=[0-9a-f]{2}  fixed  edge   assert phys    cpu dest=00000000 mask=1/  /0$", RegexOptions.Multiline), guest.Printed);
        Assert.Matches(new Regex(@"^\(XEN\)  MSI-X  257 vec=[0-9a-f]{2}  fixed  edge   assert phys    cpu dest=00000000 mask=1/H /1$", RegexOptions.Multiline), guest.Printed);
    }
}
