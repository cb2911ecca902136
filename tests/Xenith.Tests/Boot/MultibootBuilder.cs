using System.Buffers.Binary;
using System.Text;
using Xenith.Hypervisor.Boot;

namespace Xenith.Tests.Boot;

/// <summary>Memory as a multiboot loader leaves it.</summary>
internal sealed class MultibootBuilder
{
    public const uint Information = 0x9000;
    private const int Strings = 0xa000;

    private readonly List<byte> _tags = [];
    private int _nextString = Strings;
    private int _modules;

    public byte[] Memory { get; } = new byte[0x1_0000];

    /// <summary>What QEMU's -kernel, -initrd and -append make.</summary>
    public static byte[] Qemu()
    {
        MultibootBuilder builder = new();
        builder.Word(0, 0x24d);
        builder.Word(4, 639);
        builder.Word(8, 523128);
        builder.Word(16, builder.Text("/x/xenith.elf32 loglvl=all dom0_mem=512M"));
        builder.Module1(0x42_0000, 0xc0_0000, "/x/vmlinuz  console=hvc0 quiet");
        builder.Module1(0xc0_0000, 0xd0_0000, "/x/initrd");
        builder.Map1([(0, 0x9_fc00, 1), (0x9_fc00, 0x400, 2), (0xf_0000, 0x1_0000, 2), (0x10_0000, 0x1fed_f000, 1), (0xfffc_0000, 0x4_0000, 2)]);
        builder.Word(64, builder.Text("qemu"));
        return builder.Memory;
    }

    /// <summary>What GRUB 2's multiboot2 makes.</summary>
    public static byte[] Grub2() => new MultibootBuilder()
        .Tag(1, [.. "loglvl=all\0"u8])
        .Tag(2, [.. "GRUB 2.06-13+deb12u1\0"u8])
        .Tag(3, [.. U32(0x42_0000), .. U32(0xc0_0000), .. "console=hvc0 quiet\0"u8])
        .Tag(3, [.. U32(0xc0_0000), .. U32(0xd0_0000), .. "\0"u8])
        .Tag(4, [.. U32(639), .. U32(523128)])
        .Tag(6, [.. U32(24), .. U32(0), .. Entry2(0, 0x9_fc00, 1), .. Entry2(0x10_0000, 0x1fed_f000, 1), .. Entry2(0xfffc_0000, 0x4_0000, 2)])
        .Tag(7, [.. BitConverter.GetBytes((ushort)0x118), .. new byte[6 + 512 + 256]])
        .Tag(8, [.. U64(0xfd00_0000), .. U32(4096), .. U32(1024), .. U32(768), 32, 1, 0, 0, 16, 8, 8, 8, 0, 8])
        .Tag(14, [.. "RSD PTR "u8, .. new byte[12]])
        .Tag(15, [.. "RSD PTR "u8, .. new byte[28]])
        .Tag(12, U64(0x7e00_0018))
        .Tag(17, [.. U32(48), .. U32(1), .. new byte[96]])
        .Tag(18, [])
        .Tag(20, U64(0x7d00_0000))
        .Tag(99, [1, 2, 3])
        .Build2();

    public static byte[] U32(uint value) => BitConverter.GetBytes(value);

    public static byte[] U64(ulong value) => BitConverter.GetBytes(value);

    public static byte[] Entry2(ulong start, ulong length, uint type) => [.. U64(start), .. U64(length), .. U32(type), 0, 0, 0, 0];

    public void Word(int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Memory.AsSpan((int)Information + offset), value);

    public uint Text(string text)
    {
        uint address = (uint)_nextString;
        _nextString += Encoding.ASCII.GetBytes(text, Memory.AsSpan(_nextString)) + 1;
        return address;
    }

    public void Module1(uint start, uint end, string text)
    {
        Span<byte> entry = Memory.AsSpan(0x9200 + (16 * _modules));
        BinaryPrimitives.WriteUInt32LittleEndian(entry, start);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], end);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[8..], Text(text));
        _modules++;
        Word(20, (uint)_modules);
        Word(24, 0x9200);
    }

    public void Map1((ulong Start, ulong Length, uint Type)[] entries)
    {
        byte[] map = [.. entries.SelectMany(entry => (byte[])[.. U32(20), .. U64(entry.Start), .. U64(entry.Length), .. U32(entry.Type)])];
        map.CopyTo(Memory, 0x9400);
        Word(44, (uint)map.Length);
        Word(48, 0x9400);
    }

    public MultibootBuilder Tag(uint type, byte[] content)
    {
        _tags.AddRange(U32(type));
        _tags.AddRange(U32((uint)(8 + content.Length)));
        _tags.AddRange(content);
        while (_tags.Count % 8 != 0)
        {
            _tags.Add(0xcc);
        }

        return this;
    }

    public byte[] Build2()
    {
        Tag(0, []);
        Word(0, (uint)(8 + _tags.Count));
        _tags.ToArray().CopyTo(Memory, (int)Information + 8);
        return Memory;
    }
}
