// The hypervisor's image does not exist in a process, but its page tables do: code of the hypervisor extends the tables it booted with,
// splits them by permission and maps devices into them. So the simulated machine has an image of plausible size in its memory, with
// page tables as native/boot.S builds them.

namespace Xenith.Machine.Simulation;

/// <summary>Machine addresses of the parts of the image, and its page tables.</summary>
public sealed class ImageModel
{
    public const ulong TextStart = 0x20_0000;
    public const ulong ReadOnlyStart = 0x24_0000;
    public const ulong DataStart = 0x26_0000;
    public const ulong BssStart = 0x28_0000;

    /// <summary>Block of the CPU that boots: 64 KiB, the image's last part.</summary>
    public const ulong BootCpuBlock = 0x2f_0000;
    public const ulong End = 0x30_0000;

    /// <summary>CPUs that a simulated machine can have.</summary>
    public const int MaxCpus = 32;

    private const int ImageTables = 9;
    private const ulong L4 = BssStart;
    private const ulong L3Image = BssStart + 0x1000;
    private const ulong L2Image = BssStart + 0x2000;
    private const ulong L1Image = BssStart + 0x3000;
    private const ulong L3Direct = BssStart + 0xc000;
    private const ulong L2Direct = BssStart + 0xd000;
    private const ulong GdtPages = BssStart + 0x2_0000;

    private const ulong Used = PageFlags.Accessed | PageFlags.Dirty | PageFlags.Present;
    private const ulong TableFlags = Used | PageFlags.Writable;

    private readonly PhysicalMemory _memory;

    internal ImageModel(PhysicalMemory memory)
    {
        _memory = memory;
        Link(L4, AddressSpace.TableIndex(AddressSpace.Image, 4), L3Image);
        Link(L4, AddressSpace.TableIndex(AddressSpace.DirectMap, 4), L3Direct);
        Link(L3Image, AddressSpace.TableIndex(AddressSpace.Image, 3), L2Image);
        for (int i = 0; i < ImageTables; i++)
            Link(L2Image, i, L1Image + (ulong)i * 0x1000);
        MapImage(TextStart, ReadOnlyStart, Used);
        MapImage(ReadOnlyStart, DataStart, Used | PageFlags.NoExecute);
        MapImage(DataStart, End, Used | PageFlags.Writable | PageFlags.NoExecute);
        for (int i = 0; i < 4; i++)
            Link(L3Direct, i, L2Direct + (ulong)i * 0x1000);
        for (ulong i = 0; i < 2048; i++)
            memory.Write(L2Direct + i * 8, i << 21 | TableFlags | PageFlags.PageSize | PageFlags.NoExecute);
    }

    /// <summary>The L4 table.</summary>
    public Mfn RootTable => Mfn.FromAddress(L4);

    /// <summary>First of the L1 tables of the image.</summary>
    public Mfn FirstL1Table => Mfn.FromAddress(L1Image);

    /// <summary>The page that holds the descriptors of a CPU.</summary>
    public Mfn GdtPageOf(uint cpu) => Mfn.FromAddress(cpu == 0 ? BootCpuBlock + 0x1000 : GdtPages + cpu * 0x1000);

    private void Link(ulong table, int index, ulong target) => _memory.Write(table + (ulong)index * 8, target | TableFlags);

    private void MapImage(ulong from, ulong to, ulong flags)
    {
        for (ulong address = from; address < to; address += AddressSpace.PageSize)
            _memory.Write(L1Image + (address >> AddressSpace.PageShift) * 8, address | flags);
    }
}
