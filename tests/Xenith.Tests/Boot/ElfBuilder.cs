using System.Buffers.Binary;
using System.Text;
using Xenith.Hypervisor.Boot;

namespace Xenith.Tests.Boot;

/// <summary>Makes small 64-bit ELF files with Xen notes.</summary>
internal sealed class ElfBuilder
{
    private const int HeaderLength = 64;
    private const int ProgramHeaderLength = 56;
    private const int SectionHeaderLength = 64;

    private readonly List<(uint Type, uint Flags, ulong Virtual, ulong Physical, byte[] Content, ulong MemoryLength)> _segments = [];
    private readonly List<byte> _notes = [];

    public ushort Type { get; set; } = 2;

    public ushort Machine { get; set; } = 62;

    public ulong Entry { get; set; } = 0x100_0000;

    public bool NotesInSection { get; set; }

    /// <summary>A kernel as Debian's, in small.</summary>
    public static ElfBuilder Linux() => new ElfBuilder()
        .Segment(0xffff_ffff_8100_0000, 0x100_0000, [1, 2, 3, 4], 0x1000)
        .Segment(0, 0x100_3000, [5, 6], 0x10)
        .Segment(0xffff_ffff_8100_4000, 0x100_4000, [7], 0x2000)
        .Note(XenNote.GuestOs, "linux\0")
        .Note(XenNote.GuestVersion, "2.6\0")
        .Note(XenNote.XenVersion, "xen-3.0\0")
        .Note(XenNote.VirtualBase, 0xffff_ffff_8000_0000)
        .Note(XenNote.InitialP2m, 0x80_0000_0000)
        .Note(XenNote.Entry, 0xffff_ffff_8100_41c0)
        .Note(XenNote.Features, "!writable_page_tables|pae_pgdir_above_4gb")
        .Note(XenNote.SupportedFeatures, BitConverter.GetBytes(0x8801))
        .Note(XenNote.PaeMode, "yes\0")
        .Note(XenNote.Loader, "generic\0")
        .Note(XenNote.L1MfnValid, [1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
        .Note(XenNote.SuspendCancel, BitConverter.GetBytes(1))
        .Note(XenNote.InitrdByFrame, BitConverter.GetBytes(1))
        .Note(XenNote.HypervisorStartLow, 0xffff_8000_0000_0000)
        .Note(XenNote.PhysicalOffset, 0);

    public ElfBuilder Segment(ulong virtualAddress, ulong physicalAddress, byte[] content, ulong memoryLength, uint flags = 7)
    {
        _segments.Add((1, flags, virtualAddress, physicalAddress, content, memoryLength));
        return this;
    }

    public ElfBuilder Note(XenNote note, ulong value) => Note(note, BitConverter.GetBytes(value));

    public ElfBuilder Note(XenNote note, string text) => Note(note, Encoding.ASCII.GetBytes(text));

    public ElfBuilder Note(XenNote note, byte[] description, string owner = "Xen\0")
    {
        _notes.AddRange(BitConverter.GetBytes(owner.Length));
        _notes.AddRange(BitConverter.GetBytes(description.Length));
        _notes.AddRange(BitConverter.GetBytes((int)note));
        Pad(Encoding.ASCII.GetBytes(owner));
        Pad(description);
        return this;
    }

    public ElfBuilder WithoutNotes()
    {
        _notes.Clear();
        return this;
    }

    public byte[] Build()
    {
        List<byte[]> headers = [];
        List<byte> body = [];
        int headersLength = HeaderLength + ((_segments.Count + 1) * ProgramHeaderLength) + (2 * SectionHeaderLength);
        foreach (var (type, flags, virtualAddress, physicalAddress, content, memoryLength) in _segments)
        {
            headers.Add(Header(type, flags, (ulong)(headersLength + body.Count), virtualAddress, physicalAddress, (ulong)content.Length, memoryLength));
            body.AddRange(content);
        }

        int notesOffset = headersLength + body.Count;
        body.AddRange(_notes);
        headers.Add(Header(NotesInSection ? 0u : 4u, 4, (ulong)notesOffset, 0, 0, (ulong)_notes.Count, (ulong)_notes.Count));

        byte[] file = new byte[headersLength + body.Count];
        Span<byte> header = file;
        ((ReadOnlySpan<byte>)[0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1]).CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header[16..], Type);
        BinaryPrimitives.WriteUInt16LittleEndian(header[18..], Machine);
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], 1);
        BinaryPrimitives.WriteUInt64LittleEndian(header[24..], Entry);
        BinaryPrimitives.WriteUInt64LittleEndian(header[32..], HeaderLength);
        int sections = HeaderLength + (headers.Count * ProgramHeaderLength);
        BinaryPrimitives.WriteUInt64LittleEndian(header[40..], (ulong)sections);
        BinaryPrimitives.WriteUInt16LittleEndian(header[52..], HeaderLength);
        BinaryPrimitives.WriteUInt16LittleEndian(header[54..], ProgramHeaderLength);
        BinaryPrimitives.WriteUInt16LittleEndian(header[56..], (ushort)headers.Count);
        BinaryPrimitives.WriteUInt16LittleEndian(header[58..], SectionHeaderLength);
        BinaryPrimitives.WriteUInt16LittleEndian(header[60..], 2);
        for (int i = 0; i < headers.Count; i++)
        {
            headers[i].CopyTo(header[(HeaderLength + (i * ProgramHeaderLength))..]);
        }

        Span<byte> section = header[(sections + SectionHeaderLength)..];
        BinaryPrimitives.WriteUInt32LittleEndian(section[4..], NotesInSection ? 7u : 1u);
        BinaryPrimitives.WriteUInt64LittleEndian(section[24..], (ulong)notesOffset);
        BinaryPrimitives.WriteUInt64LittleEndian(section[32..], (ulong)_notes.Count);
        body.ToArray().CopyTo(file, headersLength);
        return file;
    }

    private static byte[] Header(uint type, uint flags, ulong offset, ulong virtualAddress, ulong physicalAddress, ulong fileLength, ulong memoryLength)
    {
        byte[] header = new byte[ProgramHeaderLength];
        BinaryPrimitives.WriteUInt32LittleEndian(header, type);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), flags);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(8), offset);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(16), virtualAddress);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(24), physicalAddress);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(32), fileLength);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(40), memoryLength);
        return header;
    }

    private void Pad(byte[] field)
    {
        _notes.AddRange(field);
        while (_notes.Count % 4 != 0)
        {
            _notes.Add(0);
        }
    }
}
