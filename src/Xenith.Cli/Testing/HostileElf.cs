using System.Buffers.Binary;
using System.Text;

namespace Xenith.Cli.Testing;

/// <summary>
/// A small ELF64 that says of itself, in Xen's notes, that it is a PV kernel (Xen public header elfnote.h). As made it is well
/// formed and does nothing but fault; each hostile kernel is this one with a lie in one place.
/// </summary>
internal sealed class HostileElf
{
    public const ulong VirtualBase = 0xffffffff80000000, Entry = 0xffffffff81000000, HypervisorHole = 0xffff800000000000;
    private const uint EntryNote = 1, VirtualBaseNote = 3, XenVersionNote = 5, GuestOsNote = 6, LoaderNote = 8, FeaturesNote = 10;
    private const int HeaderSize = 64, SegmentSize = 56, NotesAt = 0x200, CodeAt = 0x1000, CodeSize = 0x1000;

    // Offsets in the ELF64 header and in a program header (System V ABI).
    public const int Class = 4, Endianness = 5, Machine = 18, HeaderEntry = 24, SegmentTable = 32, SegmentEntrySize = 54, SegmentCount = 56;
    public const int SegmentOffset = 8, SegmentVirtual = 16, SegmentPhysical = 24, SegmentFileSize = 32, SegmentMemorySize = 40;

    private readonly List<byte> notes = [];

    public byte[] Image { get; private set; } = [];

    public static HostileElf Create(Action<HostileElf>? extraNotes = null, bool withNotes = true, ulong entry = Entry, ulong virtualBase = VirtualBase)
    {
        var elf = new HostileElf();
        if (withNotes)
        {
            elf.Note(GuestOsNote, "none\0"u8);
            elf.Note(XenVersionNote, "xen-3.0\0"u8);
            elf.Note(LoaderNote, "generic\0"u8);
            elf.Note(FeaturesNote, Encoding.ASCII.GetBytes("!writable_page_tables|pae_pgdir_above_4gb\0"));
            elf.Note(EntryNote, entry);
            elf.Note(VirtualBaseNote, virtualBase);
        }
        extraNotes?.Invoke(elf);
        elf.Assemble(entry);
        return elf;
    }

    /// <summary>The place in the file of a field of a program header: 0 is the code, 1 the notes.</summary>
    public static int Segment(int index, int field) => HeaderSize + index * SegmentSize + field;

    public HostileElf Set64(int at, ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(Image.AsSpan(at), value);
        return this;
    }

    public HostileElf Set32(int at, uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(Image.AsSpan(at), value);
        return this;
    }

    public HostileElf Set16(int at, ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(Image.AsSpan(at), value);
        return this;
    }

    public HostileElf Set8(int at, byte value)
    {
        Image[at] = value;
        return this;
    }

    /// <summary>The first note's header: name size, description size, type.</summary>
    public static int FirstNote(int field) => NotesAt + 4 * field;

    public void Note(uint type, ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        Note(type, bytes);
    }

    private void Note(uint type, ReadOnlySpan<byte> description)
    {
        Span<byte> header = stackalloc byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(header, 4);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], (uint)description.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], type);
        "Xen\0"u8.CopyTo(header[12..]);
        notes.AddRange(header);
        notes.AddRange(description);
        while (notes.Count % 4 != 0)
            notes.Add(0);
    }

    private void Assemble(ulong entry)
    {
        Image = new byte[CodeAt + CodeSize];
        ReadOnlySpan<byte> identification = [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1];
        identification.CopyTo(Image);
        Set16(16, 2).Set16(Machine, 62).Set32(20, 1).Set64(HeaderEntry, entry).Set64(SegmentTable, HeaderSize);
        Set16(52, HeaderSize).Set16(SegmentEntrySize, SegmentSize).Set16(SegmentCount, 2).Set16(58, 64);
        Describe(0, type: 1, CodeAt, Entry, 0x1000000, CodeSize, align: 0x1000);
        Describe(1, type: 4, NotesAt, 0, 0, (ulong)notes.Count, align: 4);
        notes.CopyTo(Image, NotesAt);
        Image.AsSpan(CodeAt).Fill(0xcc);
        ReadOnlySpan<byte> undefined = [0x0f, 0x0b];
        undefined.CopyTo(Image.AsSpan(CodeAt));
    }

    private void Describe(int index, uint type, ulong offset, ulong address, ulong physical, ulong size, ulong align)
    {
        var at = Segment(index, 0);
        Set32(at, type).Set32(at + 4, 7).Set64(at + SegmentOffset, offset).Set64(at + SegmentVirtual, address).Set64(at + SegmentPhysical, physical);
        Set64(at + SegmentFileSize, size).Set64(at + SegmentMemorySize, size).Set64(at + 48, align);
    }
}
