using System.Runtime.InteropServices;

namespace Xenith.Machine;

/// <summary>
/// What the hypervisor knows of one machine frame: 32 bytes, as small as Xen's page_info. The meaning of the two counters is
/// defined in Xenith.Hypervisor.Memory (PageTypes); Machine only lays them out.
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = 32)]
public struct FrameInfo
{
    /// <summary>General references and allocation state. Changed with atomic operations only.</summary>
    public ulong Count;

    /// <summary>Type, validation state and type references. Changed with atomic operations only.</summary>
    public ulong Type;

    /// <summary>Owner: domain id + 1; 0 means nobody (free, or the hypervisor itself).</summary>
    public uint Owner;

    /// <summary>Next frame of the list that this one is on (free list or a domain's page list); 0 ends the list.</summary>
    public uint Next;

    /// <summary>Previous frame of that list.</summary>
    public uint Previous;

    /// <summary>Low bits of the global flush counter when a mapping of the frame was last taken away.</summary>
    public uint TlbStamp;
}
