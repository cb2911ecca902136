using Xenith.Machine;

namespace Xenith.Hypervisor.Memory;

/// <summary>
/// The machine-to-physical table: for each machine frame the number under which its owner knows it. PV guests read it at 0xffff800000000000 (public/arch-x86/xen-x86_64.h);
/// they set entries with MMU_MACHPHYS_UPDATE. The hypervisor itself believes nothing that stands there.
/// </summary>
public sealed class MachineToPhysical
{
    /// <summary>Nobody's frame: INVALID_M2P_ENTRY.</summary>
    public const ulong InvalidEntry = ulong.MaxValue;

    /// <summary>A frame that several domains share: SHARED_M2P_ENTRY.</summary>
    public const ulong SharedEntry = ulong.MaxValue - 1;

    /// <summary>Address space that the table may take for guests (MACH2PHYS_VIRT_START to _END): 256 GiB.</summary>
    internal const ulong GuestSize = 0x40_0000_0000;

    private readonly Table<ulong> _table;

    /// <summary>The table over its memory, all of whose entries are invalid.</summary>
    public MachineToPhysical(Table<ulong> table) => _table = table;

    /// <summary>First machine frame of the table itself, which is contiguous and aligned to 2 MiB; invalid until it is known.</summary>
    public Mfn FirstFrame { get; set; } = Mfn.Invalid;

    /// <summary>Number of entries.</summary>
    public ulong Count => _table.Count;

    /// <summary>The number under which the owner of a frame knows it.</summary>
    public ulong Get(Mfn frame) => frame.Value < _table.Count ? _table[frame.Value] : InvalidEntry;

    /// <summary>Sets an entry; frames beyond the table have none.</summary>
    public void Set(Mfn frame, ulong pfn)
    {
        if (frame.Value < _table.Count)
            _table[frame.Value] = pfn;
    }
}
