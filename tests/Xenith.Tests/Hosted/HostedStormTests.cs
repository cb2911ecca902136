using Xunit;

namespace Xenith.Tests.Hosted;

public sealed class HostedStormTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void No_order_of_page_table_operations_makes_a_page_table_writable(int seed)
    {
        using var hypervisor = new HostedHypervisor();
        var storm = new PageTableStorm(hypervisor, seed);
        storm.Run(4000);
        foreach (string action in (string[])["update_va_mapping", "mmu_update", "PinL1Table", "UnpinTable", "link", "protect", "release", "write", "read"])
            Assert.True(storm.Successes.GetValueOrDefault(action) > 3, $"{action} succeeded {storm.Successes.GetValueOrDefault(action)} times");
    }
}
