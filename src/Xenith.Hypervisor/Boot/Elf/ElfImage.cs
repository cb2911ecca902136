// A 64-bit ELF executable for x86-64, read as a table of segments. Addresses are the *physical* ones of the program headers: for a Xen
// guest they are what counts (Linux's per-CPU segment has virtual address 0), and Xen's notes say what to add to them.
//
// Format: System V ABI, chapters 4 and 5 (ELF-64), and the x86-64 supplement.

using System;
using System.Buffers.Binary;

namespace Xenith.Hypervisor.Boot;

/// <summary>A view of an ELF file whose headers have been checked: every loadable segment lies inside the file, none overlaps another.</summary>
public readonly ref struct ElfImage
{
    /// <summary>More loadable segments than any kernel has.</summary>
    public const int MaximumSegments = 64;

    internal const int HeaderLength = 64;
    internal const int ProgramHeaderLength = 56;
    internal const int SectionHeaderLength = 64;

    private const byte Class64 = 2;
    private const byte LittleEndian = 1;
    private const byte CurrentVersion = 1;
    private const ushort TypeExecutable = 2;
    private const ushort TypeShared = 3;
    private const ushort MachineX86 = 62;

    private readonly int _programHeaderLength;
    private readonly int _sectionHeaderLength;

    private ElfImage(
        ReadOnlySpan<byte> file, ReadOnlySpan<byte> programHeaders, int programHeaderLength, ReadOnlySpan<byte> sectionHeaders,
        int sectionHeaderLength)
    {
        File = file;
        ProgramHeaders = programHeaders;
        _programHeaderLength = programHeaderLength;
        SectionHeaders = sectionHeaders;
        _sectionHeaderLength = sectionHeaderLength;
        Entry = BinaryPrimitives.ReadUInt64LittleEndian(file.Slice(24));
    }

    private static ReadOnlySpan<byte> Magic => [0x7f, (byte)'E', (byte)'L', (byte)'F'];

    /// <summary>The whole file.</summary>
    public ReadOnlySpan<byte> File { get; }

    /// <summary>The entry point of the ELF header; Xen's note comes before it.</summary>
    public ulong Entry { get; }

    /// <summary>Lowest physical address of a loadable segment.</summary>
    public ulong PhysicalStart { get; private init; }

    /// <summary>First physical address behind all loadable segments.</summary>
    public ulong PhysicalEnd { get; private init; }

    /// <summary>The loadable segments in the file's order.</summary>
    public SegmentEnumerator Segments => new(this, ElfSegment.Load);

    internal ReadOnlySpan<byte> ProgramHeaders { get; }

    internal ReadOnlySpan<byte> SectionHeaders { get; }

    internal int ProgramHeaderCount => ProgramHeaders.Length / _programHeaderLength;

    internal int SectionHeaderCount => SectionHeaders.Length / _sectionHeaderLength;

    /// <summary>Checks the headers. The file is neither copied nor changed.</summary>
    public static KernelError Parse(ReadOnlySpan<byte> file, out ElfImage image)
    {
        image = default;
        KernelError error = CheckHeader(file);
        if (error != KernelError.None)
        {
            return error;
        }

        if (!TryTable(file, 32, 54, 56, ProgramHeaderLength, out ReadOnlySpan<byte> programHeaders, out int programHeaderLength))
        {
            return KernelError.BadProgramHeaders;
        }

        // Sections are only a second place to find notes: without a sound table there are none.
        if (!TryTable(file, 40, 58, 60, SectionHeaderLength, out ReadOnlySpan<byte> sectionHeaders, out int sectionHeaderLength))
        {
            sectionHeaders = default;
            sectionHeaderLength = SectionHeaderLength;
        }

        ElfImage parsed = new(file, programHeaders, programHeaderLength, sectionHeaders, sectionHeaderLength);
        error = CheckSegments(parsed, out ulong start, out ulong end);
        if (error != KernelError.None)
        {
            return error;
        }

        image = new ElfImage(file, programHeaders, programHeaderLength, sectionHeaders, sectionHeaderLength)
        {
            PhysicalStart = start,
            PhysicalEnd = end,
        };
        return KernelError.None;
    }

    /// <summary>
    /// Writes the image: segments where they belong, zeros everywhere else. The first byte of <paramref name="destination"/> is
    /// <see cref="PhysicalStart"/>; false if it ends before <see cref="PhysicalEnd"/>.
    /// </summary>
    public bool TryCopyTo(Span<byte> destination)
    {
        ulong length = PhysicalEnd - PhysicalStart;
        if (length > unchecked((uint)destination.Length))
        {
            return false;
        }

        Span<byte> image = destination.Slice(0, unchecked((int)length));
        foreach (ElfSegment segment in Segments)
        {
            // Parse has checked all of this: inside the file, no larger than the image, no wrap.
            int offset = unchecked((int)(segment.PhysicalAddress - PhysicalStart));
            ReadOnlySpan<byte> content = File.Slice(unchecked((int)segment.FileOffset), unchecked((int)segment.FileLength));
            content.CopyTo(image.Slice(offset));
            int end = offset + content.Length;
            int next = unchecked((int)(NextStart(segment.PhysicalEnd) - PhysicalStart));
            image.Slice(end, next - end).Clear();
        }

        return true;
    }

    internal ElfSegment SegmentAt(int index) => ElfSegment.Read(ProgramHeaders.Slice(index * _programHeaderLength, ProgramHeaderLength));

    internal ReadOnlySpan<byte> SectionHeaderAt(int index) => SectionHeaders.Slice(index * _sectionHeaderLength, SectionHeaderLength);

    private static KernelError CheckHeader(ReadOnlySpan<byte> file)
    {
        if (!file.StartsWith(Magic))
        {
            return KernelError.NotAKernel;
        }

        if (file.Length < HeaderLength)
        {
            return KernelError.Truncated;
        }

        ushort type = BinaryPrimitives.ReadUInt16LittleEndian(file.Slice(16));
        return file[4] != Class64 ? KernelError.NotElf64
            : file[5] != LittleEndian ? KernelError.NotLittleEndian
            : file[6] != CurrentVersion ? KernelError.ElfVersion
            : BinaryPrimitives.ReadUInt16LittleEndian(file.Slice(18)) != MachineX86 ? KernelError.NotX86
            : type == TypeShared ? KernelError.PositionIndependent
            : type != TypeExecutable ? KernelError.NotExecutable
            : KernelError.None;
    }

    // A table's place is given by three fields of the ELF header: offset, length of an entry, number of entries.
    private static bool TryTable(
        ReadOnlySpan<byte> file, int offsetField, int lengthField, int countField, int minimumLength, out ReadOnlySpan<byte> table,
        out int entryLength)
    {
        ulong offset = BinaryPrimitives.ReadUInt64LittleEndian(file.Slice(offsetField));
        entryLength = BinaryPrimitives.ReadUInt16LittleEndian(file.Slice(lengthField));
        uint count = BinaryPrimitives.ReadUInt16LittleEndian(file.Slice(countField));
        table = default;
        return entryLength >= minimumLength && ByteCursor.TrySlice(file, offset, count * (ulong)(uint)entryLength, out table);
    }

    private static KernelError CheckSegments(ElfImage image, out ulong start, out ulong end)
    {
        start = ulong.MaxValue;
        end = 0;
        int count = 0;
        foreach (ElfSegment segment in image.Segments)
        {
            count++;
            if (count > MaximumSegments)
            {
                return KernelError.BadProgramHeaders;
            }

            if (!ByteCursor.TrySlice(image.File, segment.FileOffset, segment.FileLength, out _))
            {
                return KernelError.Truncated;
            }

            if (segment.FileLength > segment.MemoryLength || segment.PhysicalAddress > ulong.MaxValue - segment.MemoryLength)
            {
                return KernelError.BadSegment;
            }

            foreach (ElfSegment other in image.Segments)
            {
                // The table may hold the same segment only once, so another one with the same start overlaps unless it is empty.
                if (other.HeaderIndex != segment.HeaderIndex && other.PhysicalAddress >= segment.PhysicalAddress
                    && other.PhysicalAddress < segment.PhysicalEnd)
                {
                    return KernelError.BadSegment;
                }
            }

            start = Math.Min(start, segment.PhysicalAddress);
            end = Math.Max(end, segment.PhysicalEnd);
        }

        return count == 0 || start == end ? KernelError.NothingToLoad
            : end - start > KernelImage.MaximumLength ? KernelError.ImageTooLarge
            : KernelError.None;
    }

    // Where the next segment behind an address begins, or the end of the image.
    private ulong NextStart(ulong address)
    {
        ulong next = PhysicalEnd;
        foreach (ElfSegment segment in Segments)
        {
            if (segment.PhysicalAddress >= address)
            {
                next = Math.Min(next, segment.PhysicalAddress);
            }
        }

        return next;
    }

    /// <summary>Walks over the segments of one type.</summary>
    public ref struct SegmentEnumerator
    {
        private readonly ElfImage _image;
        private readonly uint _type;
        private int _next;

        internal SegmentEnumerator(ElfImage image, uint type)
        {
            _image = image;
            _type = type;
        }

        public ElfSegment Current { get; private set; }

        public readonly SegmentEnumerator GetEnumerator() => this;

        public bool MoveNext()
        {
            while (_next < _image.ProgramHeaderCount)
            {
                ElfSegment segment = _image.SegmentAt(_next);
                segment.HeaderIndex = _next;
                _next++;
                if (segment.Type == _type && (_type != ElfSegment.Load || segment.IsLoadable))
                {
                    Current = segment;
                    return true;
                }
            }

            return false;
        }
    }
}
