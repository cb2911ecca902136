// What the invariants need to know and nobody else: private fields of the hypervisor's objects.

using System.Runtime.CompilerServices;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Events;
using Xenith.Hypervisor.Grants;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;

namespace Xenith.Fuzzing.Invariants;

internal static class Peek
{
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_active")]
    internal static extern ref Table<ActiveGrant>[] ActiveGrants(GrantTable table);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_count")]
    internal static extern ref uint FrameCount(GrantTable table);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_framesToFree")]
    internal static extern ref uint FramesToFree(GrantTable table);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_inUse")]
    internal static extern ref uint GrantsInUse(GrantTable table);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_frameCount")]
    internal static extern ref uint FrameCount(GrantMappings mappings);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_directory")]
    internal static extern ref Table<Mfn>[] Directory(GrantMappings mappings);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_frames")]
    internal static extern ref Table<ulong>[] Frames(EventChannels events);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_frames")]
    internal static extern ref Mfn Frames(IoPermissions ports);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_first")]
    internal static extern ref Mfn Frames(DomainMemoryMap map);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_eoiFrame")]
    internal static extern ref Mfn EoiFrame(PirqTable pirqs);
}
