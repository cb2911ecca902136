using System;
using System.Runtime.CompilerServices;
using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>
/// memory_op (public/memory.h). The upper bits of the command say how many extents of a list have been done before the call was continued.
/// </summary>
internal static class MemoryHypercalls
{
    internal const int CommandBits = 6;
    private const ulong CommandMask = (1 << CommandBits) - 1;

    // Guests index the machine-to-physical table in this window (public/arch-x86/xen-x86_64.h).
    private const ulong M2PWindowEnd = 0xffff_8040_0000_0000;

    /// <summary>The hypercall: command and address of its argument.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static long MemoryOp(ulong command, ulong argument, ulong a3, ulong a4, ulong a5, uint number)
    {
        _ = a3;
        _ = a4;
        _ = a5;
        Domain caller = Serving.Domain;
        ulong done = command >> CommandBits;
        if (done != 0 && RefusalOfStart((MemoryOp)(command & CommandMask)) is var refusal && refusal != XenError.None)
            return refusal.ToResult();
        switch ((MemoryOp)(command & CommandMask))
        {
            case Abi.MemoryOp.IncreaseReservation:
            case Abi.MemoryOp.DecreaseReservation:
            case Abi.MemoryOp.PopulatePhysmap:
                ulong result = MemoryReservations.Change(caller, (MemoryOp)(command & CommandMask), argument, done, out bool more, out ulong next);
                return Continue(result, more, next, command, argument, number);
            case Abi.MemoryOp.Exchange:
                return MemoryExchanges.Exchange(caller, done, argument, number);
            case Abi.MemoryOp.MaximumRamPage:
                return (long)Host.Current.Memory.Frames.Count;
            case Abi.MemoryOp.CurrentReservation:
            case Abi.MemoryOp.MaximumReservation:
            case Abi.MemoryOp.MaximumGpfn:
                return Query(caller, (MemoryOp)(command & CommandMask), argument);
            case Abi.MemoryOp.MachphysMapping:
                return GuestMemory.TryWrite(argument, new MachphysMapping
                {
                    VStart = AddressSpace.GuestM2P,
                    VEnd = M2PWindowEnd,
                    // dom0 is told where the machine's RAM ends: its kernel asks the table about device frames too, and each entry that is not there costs it a fault.
                    MaxMfn = (caller.IsPrivileged ? Host.Current.Memory.Frames.Count : (M2PWindowEnd - AddressSpace.GuestM2P) / 8) - 1,
                }) ? 0 : XenError.BadAddress.ToResult();
            case Abi.MemoryOp.MachineMemoryMap:
                return caller.IsPrivileged ? MachineMemoryMaps.Get(argument) : XenError.NotPermitted.ToResult();
            case Abi.MemoryOp.MemoryMap:
                return DomainMemoryMaps.Get(caller, argument).ToResult();
            case Abi.MemoryOp.SetMemoryMap:
                return DomainMemoryMaps.Set(caller, argument).ToResult();
            case Abi.MemoryOp.MachphysMfnList:
                return MachineToPhysicalFrames.List(argument).ToResult();
            case Abi.MemoryOp.MachphysCompatMfnList:
                // The table of 32-bit domains, which there are none of.
                return XenError.NotSupported.ToResult();
            case Abi.MemoryOp.ClaimPages:
                return done != 0 ? XenError.Invalid.ToResult() : MemoryClaims.Claim(caller, argument).ToResult();
            case Abi.MemoryOp.AddToPhysmap:
                return PhysicalMaps.Add(caller, argument).ToResult();
            case Abi.MemoryOp.AddToPhysmapBatch:
                return PhysicalMaps.AddBatch(caller, argument).ToResult();
            case Abi.MemoryOp.RemoveFromPhysmap:
                return PhysicalMaps.Remove(caller, argument).ToResult();
            case Abi.MemoryOp.GetPodTarget:
            case Abi.MemoryOp.SetPodTarget:
                return PhysicalMaps.PodTarget(caller, argument).ToResult();
            case Abi.MemoryOp.GetVnumaInfo:
                return PhysicalMaps.VirtualNodes(caller, argument).ToResult();
            case Abi.MemoryOp.AccessOp:
                return PhysicalMaps.Access(caller, argument).ToResult();
            case Abi.MemoryOp.ReservedDeviceMemoryMap:
                return PhysicalMaps.ReservedDevices(argument).ToResult();
            case Abi.MemoryOp.GetSharingFreedPages:
            case Abi.MemoryOp.GetSharingSharedPages:
                // Domains share no pages, so none are saved.
                return 0;
            default:
                return NotWritten.Operation(number, "memory_op", (uint)(command & CommandMask));
        }
    }

    /// <summary>What an operation says that is done at once, and is told that part of it has been done.</summary>
    private static XenError RefusalOfStart(MemoryOp op) => op switch
    {
        Abi.MemoryOp.MaximumRamPage or Abi.MemoryOp.CurrentReservation or Abi.MemoryOp.MaximumReservation or Abi.MemoryOp.MaximumGpfn
            or Abi.MemoryOp.RemoveFromPhysmap or Abi.MemoryOp.ClaimPages or Abi.MemoryOp.GetVnumaInfo or Abi.MemoryOp.ReservedDeviceMemoryMap => XenError.Invalid,
        Abi.MemoryOp.MemoryMap or Abi.MemoryOp.MachineMemoryMap or Abi.MemoryOp.SetMemoryMap or Abi.MemoryOp.MachphysMapping or Abi.MemoryOp.MachphysMfnList
            or Abi.MemoryOp.MachphysCompatMfnList or Abi.MemoryOp.GetPodTarget or Abi.MemoryOp.SetPodTarget
            or Abi.MemoryOp.GetSharingFreedPages or Abi.MemoryOp.GetSharingSharedPages => XenError.NotImplemented,
        _ => XenError.None,
    };

    /// <summary>The result of a call over a list: the number of extents that are done, or the call is made again for the rest.</summary>
    private static long Continue(ulong done, bool more, ulong next, ulong command, ulong argument, uint number) =>
        more ? Continuation.Again(number, (command & CommandMask) | next << CommandBits, argument) : (long)done;

    private static long Query(Domain caller, MemoryOp op, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out ushort id))
            return XenError.BadAddress.ToResult();
        if (DomainLookup.FindAny(caller, id) is not Domain target)
            return XenError.NoSuchDomain.ToResult();
        if (!DomainLookup.MayTarget(caller, target))
            return XenError.NotPermitted.ToResult();
        return op switch
        {
            Abi.MemoryOp.CurrentReservation => (long)target.Pages.TotalPages,
            Abi.MemoryOp.MaximumReservation => (long)target.Pages.MaxPages,
            // arch_shared_info.max_pfn is the guest's own word for it.
            _ => unchecked((long)Math.Max(target.SharedInfo.Load64(ArchSharedInfoOffset), 1) - 1),
        };
    }

    /// <summary>Offset of arch_shared_info.max_pfn in shared_info.</summary>
    private const uint ArchSharedInfoOffset = 32 * 64 + 2 * 64 * 8 + 16;
}
