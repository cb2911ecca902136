using System.Runtime.CompilerServices;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>Reads descriptors of a guest's GDT and LDT (SDM vol. 3, 3.4.5).</summary>
internal static class GuestDescriptors
{
    private const ulong PresentBit = 1UL << 47, CodeOrData = 1UL << 44, Executable = 1UL << 43, LongBit = 1UL << 53, DefaultBit = 1UL << 54;

    /// <summary>Size of code and base of a code segment. False if the selector names none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool TryGetCodeSegment(Vcpu vcpu, ushort selector, out int bits, out ulong segmentBase)
    {
        segmentBase = 0;
        bits = 64;
        return selector == Selectors.Ring3Code64 || TryGetOtherCodeSegment(vcpu, selector, out bits, out segmentBase);
    }

    private static bool TryGetOtherCodeSegment(Vcpu vcpu, ushort selector, out int bits, out ulong segmentBase)
    {
        segmentBase = 0;
        bits = 32;
        if (selector == Selectors.Ring3Code32)
            return true;
        if (!TryRead(vcpu, selector, out ulong descriptor))
            return false;
        const ulong wanted = PresentBit | CodeOrData | Executable;
        if ((descriptor & wanted) != wanted)
            return false;
        if ((descriptor & LongBit) != 0)
        {
            bits = 64;
            return true;
        }
        bits = (descriptor & DefaultBit) != 0 ? 32 : 16;
        segmentBase = (descriptor >> 16 & 0xff_ffff) | (descriptor >> 56) << 24;
        return true;
    }

    /// <summary>Reads the descriptor that a selector names. False if its table has no such entry.</summary>
    internal static bool TryRead(Vcpu vcpu, ushort selector, out ulong descriptor)
    {
        const int localTable = 4;
        descriptor = 0;
        PvVcpu pv = vcpu.Pv;
        uint index = (uint)selector >> 3;
        if ((selector & localTable) != 0)
            return index < pv.LdtEntries && GuestMemory.TryRead(pv.LdtBase, index, out descriptor);
        if (index >= pv.GdtEntries)
            return false;
        // The frame is held as a descriptor page for as long as it is part of the GDT.
        Mfn frame = new(pv.GdtFrames[(int)(index / DescriptorTables.EntriesPerPage)]);
        descriptor = Frame.At(frame).Read<ulong>((int)(index % DescriptorTables.EntriesPerPage) * 8);
        return true;
    }
}
