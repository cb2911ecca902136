using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Xenith.Hypervisor.Grants;

/// <summary>What the hypervisor knows of an entry that somebody uses. The guest's entry is looked at once, when the first user comes; what counts afterwards stands here.</summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
internal struct ActiveGrant
{
    /// <summary>The frame that is lent.</summary>
    internal uint Frame;

    /// <summary>The domain that it is lent to.</summary>
    internal ushort Grantee;

    /// <summary>Uses for reading only, and for writing too. Each holds a reference to the frame, the latter to its type.</summary>
    internal ushort Readers;
    internal ushort Writers;

    /// <summary>True while somebody uses the entry.</summary>
    internal readonly bool IsPinned
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (Readers | Writers) != 0;
    }
}
