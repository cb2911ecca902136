// A CPU's own root shows the first and last instructions of a visit and nothing else of the hypervisor; and the boot log says what is done.

using Xenith.Machine;
using Xenith.Machine.Simulation;
using Xenith.Tests.Hosted;
using Xunit;

namespace Xenith.Tests.Speculation;

public sealed class CpuRootTests
{
    [Fact]
    public void A_CPUs_own_root_shows_only_what_an_entry_needs()
    {
        using var hypervisor = new HostedHypervisor("loglvl=all xpti=yes");
        Assert.True(hypervisor.Machine.GuardsEnabled);
        Mfn root = hypervisor.Cpu.OwnRoot;
        Assert.False(root.IsInvalid);
        Assert.True(hypervisor.Cpu.IsGuestIsolated);

        HashSet<ulong> shown = [.. Pages(root, 4, 0).Select(page => page.Address)];
        HashSet<ulong> wanted = [Guards.IdtPage];
        for (ulong address = Guards.EntryStart; address < Guards.EntryEnd; address += AddressSpace.PageSize)
            wanted.Add(address);
        for (ulong address = Guards.BlockStart; address < Guards.BlockStart + 0x1_0000; address += AddressSpace.PageSize)
        {
            if (IsMapped(address))
                wanted.Add(address);
        }
        Assert.Equal(wanted.Order(), shown.Order());
        Assert.DoesNotContain(Guards.BlockStart + 0x2000, shown);
        Assert.All(Pages(root, 4, 0), page => Assert.True(!page.Entry.IsWritable || (page.Entry.Bits & PageFlags.NoExecute) != 0));
    }

    [Theory]
    [InlineData("loglvl=all", false)]
    [InlineData("loglvl=all xpti=dom0=no,domu=yes", true)]
    public void dom0_is_isolated_only_if_that_was_decided(string commandLine, bool enabled)
    {
        using var hypervisor = new HostedHypervisor(commandLine);
        Assert.Equal(enabled, hypervisor.Machine.GuardsEnabled);
        Assert.False(hypervisor.Cpu.IsGuestIsolated);
    }

    [Fact]
    public void The_boot_log_has_Xens_block()
    {
        using var hypervisor = new HostedHypervisor("loglvl=all");
        Assert.Contains("Speculative mitigation facilities:", hypervisor.Log, StringComparison.Ordinal);
        Assert.Contains("  XPTI (64-bit PV only): Dom0 disabled, DomU disabled (without PCID)", hypervisor.Log, StringComparison.Ordinal);
    }

    private readonly record struct Page(ulong Address, PageTableEntry Entry);

    private static IEnumerable<Page> Pages(Mfn table, int level, ulong from)
    {
        for (int index = 0; index < 512; index++)
        {
            PageTableEntry entry = PageTableView.At(table)[index];
            ulong address = from | (ulong)index << (3 + 9 * level);
            if (level == 4 && index >= 256)
                address |= 0xffff_0000_0000_0000;
            if (!entry.IsPresent)
                continue;
            if (level == 1)
            {
                yield return new Page(address, entry);
                continue;
            }
            foreach (Page page in Pages(entry.Frame, level - 1, address))
                yield return page;
        }
    }

    private static bool IsMapped(ulong address) => SimulatedCpu.Current.TryTranslate(address, AccessKind.Read, AccessMode.Supervisor, out _, out _);
}
