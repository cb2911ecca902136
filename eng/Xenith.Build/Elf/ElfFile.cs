// The parts of a 64-bit little-endian ELF file that the build looks at: segments, sections and symbols (System V ABI, chapters 4 and 5).

using System.Buffers.Binary;
using System.Text;

namespace Xenith.Build;

internal sealed record ElfSegment(uint Type, ulong Offset, ulong Address, ulong PhysicalAddress, ulong FileSize, ulong MemorySize);

internal sealed record ElfSection(string Name, uint Type, ulong Address, ulong Offset, ulong Size, uint Link, uint Info, ulong EntrySize);

/// <param name="Section">Index of the section it is defined in; 0 for an undefined one.</param>
/// <param name="Kind">STT_*: 1 data, 2 function.</param>
internal sealed record ElfSymbol(string Name, ulong Value, ulong Size, int Section, int Kind);

internal sealed class ElfFile
{
    public const uint SegmentLoad = 1;

    private ElfFile(byte[] data)
    {
        Data = data;
        if (data.Length < 64 || BinaryPrimitives.ReadUInt32BigEndian(data) != 0x7f454c46 || data[4] != 2)
        {
            throw new BuildException("not a 64-bit ELF file");
        }

        Entry = U64(24);
        Segments = [.. Enumerable.Range(0, U16(56)).Select(i => ReadSegment(U64(32) + (ulong)(i * U16(54))))];
        Sections = ReadSections();
        Symbols = ReadSymbols();
    }

    public byte[] Data { get; }

    public ulong Entry { get; }

    public IReadOnlyList<ElfSegment> Segments { get; }

    public IReadOnlyList<ElfSection> Sections { get; }

    public IReadOnlyList<ElfSymbol> Symbols { get; }

    public static ElfFile Read(string path) => new(File.ReadAllBytes(path));

    public ElfSection Section(string name) =>
        Sections.FirstOrDefault(s => s.Name == name) ?? throw new BuildException($"the file has no section {name}");

    public ElfSymbol Symbol(string name) =>
        Symbols.FirstOrDefault(s => s.Name == name && s.Section != 0) ?? throw new BuildException($"the file has no symbol {name}");

    /// <summary>Where the contents of an address lie in the file.</summary>
    public int FileOffset(ulong address)
    {
        ElfSegment segment = Segments.FirstOrDefault(s => s.Type == SegmentLoad && address - s.Address < s.FileSize)
            ?? throw new BuildException($"address 0x{address:x} is in no segment of the file");
        return (int)(segment.Offset + (address - segment.Address));
    }

    private ElfSegment ReadSegment(ulong at) =>
        new(U32(at), U64(at + 8), U64(at + 16), U64(at + 24), U64(at + 32), U64(at + 40));

    private List<ElfSection> ReadSections()
    {
        ulong table = U64(40);
        ulong entrySize = U16(58);
        int count = U16(60);
        ulong names = U64(table + (U16(62) * entrySize) + 24);
        List<ElfSection> sections = [];
        for (int i = 0; i < count; i++)
        {
            ulong at = table + ((ulong)i * entrySize);
            sections.Add(new ElfSection(
                Text(names + U32(at)), U32(at + 4), U64(at + 16), U64(at + 24), U64(at + 32), U32(at + 40), U32(at + 44), U64(at + 56)));
        }

        return sections;
    }

    private List<ElfSymbol> ReadSymbols()
    {
        const uint symbolTable = 2;
        List<ElfSymbol> symbols = [];
        foreach (ElfSection section in Sections.Where(s => s.Type == symbolTable))
        {
            ulong names = Sections[(int)section.Link].Offset;
            for (ulong at = section.Offset; at < section.Offset + section.Size; at += section.EntrySize)
            {
                symbols.Add(new ElfSymbol(Text(names + U32(at)), U64(at + 8), U64(at + 16), U16(at + 6), Data[at + 4] & 15));
            }
        }

        return symbols;
    }

    private string Text(ulong at)
    {
        int end = Array.IndexOf(Data, (byte)0, (int)at);
        return Encoding.UTF8.GetString(Data, (int)at, end - (int)at);
    }

    private ushort U16(ulong at) => BinaryPrimitives.ReadUInt16LittleEndian(Data.AsSpan((int)at));

    private uint U32(ulong at) => BinaryPrimitives.ReadUInt32LittleEndian(Data.AsSpan((int)at));

    private ulong U64(ulong at) => BinaryPrimitives.ReadUInt64LittleEndian(Data.AsSpan((int)at));
}
