using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace Xenith.Machine;

/// <summary>
/// What the hypervisor knows of one machine frame: 32 bytes, as small as Xen's page_info. The meaning of the two counters is
/// defined in Xenith.Hypervisor.Memory (FrameBits); Machine only lays them out.
/// </summary>
/// <remarks>
/// The owner lives in the same word as the references, so "take a reference if the frame is this domain's" is one compare-and-exchange and
/// cannot take one on a frame that changed hands a moment ago.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Size = 32)]
public struct FrameInfo
{
    /// <summary>General references, owner and allocation state. Changed with atomic operations once the frame is anybody's.</summary>
    public ulong Count;

    /// <summary>Type, validation state and type references; in a free block, its order. Changed with atomic operations once the frame is anybody's.</summary>
    public ulong Type;

    /// <summary>The TLB flush counter when the frame last lost the last mapping of its type, or its last reference.</summary>
    public ulong TlbStamp;

    /// <summary>Next frame of the list that this one is on (free list or a domain's page list); 0 ends the list.</summary>
    public uint Next;

    /// <summary>Previous frame of that list.</summary>
    public uint Previous;

    /// <summary>Owner: domain id + 1; 0 means nobody (free, or the hypervisor's own).</summary>
    public uint Owner
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (uint)(Volatile.Read(ref Count) >> 32) & 0xffff;
    }
}
