using Xenith.Machine;

namespace Xenith.Hypervisor.Memory;

/// <summary>All that the hypervisor knows of the machine's memory: who owns each frame and as what, which are free, and which lie outside RAM.</summary>
public sealed class MachineMemory
{
    /// <summary>Brings the parts together. The table for guests is filled with <see cref="MachineToPhysical.InvalidEntry"/> by the caller.</summary>
    public MachineMemory(FrameTable frames, Table<ulong> m2p, PageAllocator allocator)
    {
        Frames = frames;
        Allocator = allocator;
        M2P = new MachineToPhysical(m2p);
        Devices = new DeviceFrames();
        Types = new PageTypes(frames, allocator, M2P, Devices);
    }

    /// <summary>One entry for each frame.</summary>
    public FrameTable Frames { get; }

    /// <summary>Free frames.</summary>
    public PageAllocator Allocator { get; }

    /// <summary>The machine-to-physical table.</summary>
    public MachineToPhysical M2P { get; }

    /// <summary>References and types of frames.</summary>
    public PageTypes Types { get; }

    /// <summary>Who may map what outside RAM.</summary>
    public DeviceFrames Devices { get; }

    /// <summary>When each CPU's TLB was flushed.</summary>
    public TlbFlush Tlb => Allocator.Tlb;

    /// <summary>True if a frame is no RAM, or RAM that is the firmware's: what <see cref="MarkDevices"/> says, and everything beyond the table.</summary>
    internal bool IsDevice(Mfn frame) => !Frames.Contains(frame) || Frames[frame].Owner == FrameBits.IoOwner;

    /// <summary>
    /// Says that frames of the table are no RAM, or RAM that belongs to firmware: whoever may map devices may map them. Everything that is neither this nor the allocator's nor a
    /// domain's is taken for the hypervisor's own and cannot be mapped at all. Frames that are something already stay what they are.
    /// </summary>
    public void MarkDevices(ulong firstMfn, ulong count)
    {
        for (ulong mfn = firstMfn; count != 0 && mfn < Frames.Count; mfn++, count--)
        {
            ref FrameInfo frame = ref Frames[new Mfn(mfn)];
            if (frame.Count == 0)
                frame.Count = (ulong)FrameBits.IoOwner << FrameBits.OwnerShift;
        }
    }
}
