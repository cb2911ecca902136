using Xunit;

namespace Xenith.Tests.Hosted;

public sealed class HostedStormTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(4, 3)]
    public void No_order_of_page_table_operations_makes_a_page_table_writable(int seed, int cpus)
    {
        using var hypervisor = new HostedHypervisor(cpus: cpus);
        var storm = new PageTableStorm(hypervisor, seed);
        storm.Run(4000);
        foreach (string action in (string[])["update_va_mapping", "mmu_update", "PinL1Table", "UnpinTable", "link", "protect", "release", "write", "read"])
            Assert.True(storm.Successes.GetValueOrDefault(action) > 3, $"{action} succeeded {storm.Successes.GetValueOrDefault(action)} times");
    }
}
