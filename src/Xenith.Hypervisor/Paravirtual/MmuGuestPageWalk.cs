using System.Runtime.CompilerServices;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>
/// Walks through a guest's page tables as its CPU would. Another vCPU may change them meanwhile, so what comes out is a guess that is right unless the guest races with itself:
/// who acts on it takes a reference to the table first and looks at its type and owner.
/// </summary>
internal static class GuestPageWalk
{
    /// <summary>Finds the L1 table that maps an address in the address space the vCPU is in; false if there is none.</summary>
    internal static bool TryGetL1Table(Vcpu vcpu, ulong address, out Mfn table) => TryGetL1Table(vcpu, Host.Current.Memory.Frames, address, out table);

    /// <inheritdoc cref="TryGetL1Table(Vcpu, ulong, out Mfn)"/>
    internal static bool TryGetL1Table(Vcpu vcpu, FrameTable frames, ulong address, out Mfn table)
    {
        PvVcpu pv = vcpu.Pv;
        Mfn l4 = pv.InUserMode ? pv.UserRoot : pv.KernelRoot;
        table = default;
        return AddressSpace.IsGuestAddress(address)
            && TryDescend(frames, l4, AddressSpace.TableIndex(address, 4), out Mfn l3)
            && TryDescend(frames, l3, AddressSpace.TableIndex(address, 3), out Mfn l2)
            && TryDescend(frames, l2, AddressSpace.TableIndex(address, 2), out table);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryDescend(FrameTable frames, Mfn table, int index, out Mfn next)
    {
        PageTableEntry entry = frames.EntryIn(table, index);
        next = entry.Frame;
        return (entry.Bits & (PageFlags.Present | PageFlags.PageSize)) == PageFlags.Present;
    }
}
