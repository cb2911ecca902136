using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>
/// A segment through which an emulated instruction reaches memory. In 64-bit code only FS and GS have a base and there are no limits; in 16-bit and 32-bit code base, limit and type come
/// from the descriptor (SDM vol. 3, 3.4.5 and 5.3).
/// </summary>
internal struct DataSegment
{
    private const ulong PresentBit = 1UL << 47, CodeOrData = 1UL << 44, Executable = 1UL << 43, ExpandDown = 1UL << 42, WritableOrReadable = 1UL << 41, Big = 1UL << 54, InPages = 1UL << 55;

    private ulong _base;
    private uint _first, _last;
    private bool _isFlat64;

    /// <summary>Finds the segment of a register for code of so many bits. False if it cannot be used so: the CPU raised, or would have raised, #GP.</summary>
    internal static bool TryFind(Vcpu vcpu, ref GuestFrame frame, SegmentRegister register, int bits, bool isWrite, out DataSegment segment)
    {
        segment = new DataSegment { _isFlat64 = bits == 64, _last = uint.MaxValue };
        switch (register)
        {
            case SegmentRegister.Fs when bits == 64:
                segment._base = Segments.FsBase;
                return true;
            case SegmentRegister.Gs when bits == 64:
                segment._base = Segments.GsBase;
                return true;
        }
        return bits == 64 || segment.TryLoad(vcpu, Selector(ref frame, register), isWrite);
    }

    /// <summary>The linear address of an operand. False if it lies outside the segment.</summary>
    internal readonly bool TryAddress(ulong offset, int size, out ulong address)
    {
        address = unchecked(_base + offset);
        if (_isFlat64)
            return true;
        address &= 0xffff_ffff;
        ulong end = offset + (ulong)(size - 1);
        return offset >= _first && end <= _last;
    }

    private static ushort Selector(ref GuestFrame frame, SegmentRegister register)
    {
        Segments.Read(out ushort ds, out ushort es, out ushort fs, out ushort gs);
        return register switch
        {
            SegmentRegister.Es => es,
            SegmentRegister.Cs => unchecked((ushort)frame.Cs),
            SegmentRegister.Ss => unchecked((ushort)frame.Ss),
            SegmentRegister.Fs => fs,
            SegmentRegister.Gs => gs,
            _ => ds,
        };
    }

    private bool TryLoad(Vcpu vcpu, ushort selector, bool isWrite)
    {
        const ushort lastNull = 3;
        if (selector is Selectors.Ring3Data or Selectors.Ring3Code32)
            return selector == Selectors.Ring3Data || !isWrite;
        if (selector <= lastNull || !GuestDescriptors.TryRead(vcpu, selector, out ulong descriptor))
            return false;
        bool isCode = (descriptor & Executable) != 0;
        if ((descriptor & (PresentBit | CodeOrData)) != (PresentBit | CodeOrData) || ((isWrite || isCode) && (descriptor & WritableOrReadable) == 0) || (isWrite && isCode))
            return false;
        _base = (descriptor >> 16 & 0xff_ffff) | (descriptor >> 56) << 24;
        uint limit = (uint)(descriptor & 0xffff) | (uint)(descriptor >> 48 & 15) << 16;
        if ((descriptor & InPages) != 0)
            limit = limit << 12 | 0xfff;
        bool downwards = !isCode && (descriptor & ExpandDown) != 0;
        _last = !downwards ? limit : (descriptor & Big) != 0 ? uint.MaxValue : 0xffff;
        if (downwards)
        {
            if (limit == uint.MaxValue)
                return false;
            _first = limit + 1;
        }
        return true;
    }
}
