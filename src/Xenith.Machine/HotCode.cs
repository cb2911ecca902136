using System.Runtime;

namespace Xenith.Machine;

/// <summary>
/// The smallest use of each primitive that everything hot is made of. Nothing calls these: the build looks at what the native compiler makes of them (eng/Xenith.Build/Checks/HotCode.cs),
/// with the flags of the image, and fails when it is more than it has to be.
/// </summary>
internal static class HotCode
{
    /// <summary>One entry of a page table: one load.</summary>
    [RuntimeExport("hot_page_table_entry")]
    private static ulong PageTableEntry(PageTableView table, int index) => table[index].Bits;

    /// <summary>What is known of a frame: a comparison, a shift, an addition.</summary>
    [RuntimeExport("hot_frame_info")]
    private static ref FrameInfo FrameInfo(FrameTable frames, Mfn frame) => ref frames[frame];

    /// <summary>The object that everything hangs from: a mask and a load.</summary>
    [RuntimeExport("hot_context")]
    private static object Context() => PerCpu.Context<object>();
}
