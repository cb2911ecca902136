// Nothing that can be executed or is constant can be written, whatever address it is reached by: a walk over all that the hypervisor maps.

using Xenith.Machine;
using Xenith.Machine.Simulation;
using Xunit;

namespace Xenith.Tests.Hosted;

public sealed class ImageProtectionTests
{
    [Fact]
    public void No_frame_is_writable_under_one_address_and_executable_under_another()
    {
        using var hypervisor = new HostedHypervisor();
        var mappings = Mappings(new PageTableEntry(hypervisor.Cpu.Cr3).Frame).ToList();
        Assert.Contains(mappings, mapping => mapping.Executable);
        var writable = mappings.Where(mapping => mapping.Writable).ToList();
        foreach (Mapping executable in mappings.Where(mapping => mapping.Executable))
            Assert.DoesNotContain(writable, mapping => mapping.Overlaps(executable));
    }

    [Fact]
    public void Code_and_constants_are_writable_nowhere_and_data_is()
    {
        using var hypervisor = new HostedHypervisor();
        foreach (ulong offset in (ulong[])[AddressSpace.Image, AddressSpace.DirectMap])
        {
            for (ulong physical = ImageModel.TextStart; physical < ImageModel.BssStart; physical += AddressSpace.PageSize)
                Assert.False(Image.TryRewrite(offset + physical), $"0x{offset + physical:x}");
            Assert.True(Image.TryRewrite(offset + ImageModel.BssStart));
        }
    }

    private readonly record struct Mapping(ulong Machine, ulong Size, bool Writable, bool Executable)
    {
        public bool Overlaps(Mapping other) => Machine < other.Machine + other.Size && other.Machine < Machine + Size;
    }

    /// <summary>All pages in the hypervisor's part of an address space.</summary>
    private static IEnumerable<Mapping> Mappings(Mfn root)
    {
        for (int slot = AddressSpace.FirstHypervisorSlot; slot < AddressSpace.EndHypervisorSlot; slot++)
        {
            foreach (Mapping mapping in Below(Entry(root, slot), 4, true, true))
                yield return mapping;
        }
    }

    private static IEnumerable<Mapping> Below(PageTableEntry entry, int level, bool writable, bool executable)
    {
        if (!entry.IsPresent)
            return [];
        writable &= (entry.Bits & PageFlags.Writable) != 0;
        executable &= (entry.Bits & PageFlags.NoExecute) == 0;
        if (level == 1 || (entry.Bits & PageFlags.PageSize) != 0)
            return [new Mapping(entry.Frame.Address, 0x1000UL << 9 * (level - 1), writable, executable)];
        return Enumerable.Range(0, 512).SelectMany(i => Below(Entry(entry.Frame, i), level - 1, writable, executable));
    }

    private static PageTableEntry Entry(Mfn table, int index) => PageTableView.At(table)[index];
}
