// A kernel that does nothing: an ELF file with Xen's notes and one page of code that nobody executes. The hypervisor loads it as dom0; from
// then on the test is the kernel.

using System.Buffers.Binary;
using System.Text;

namespace Xenith.Tests.Hosted;

internal static class TestKernel
{
    /// <summary>Virtual address of the domain's first byte.</summary>
    public const ulong VirtualBase = 0xffff_ffff_8000_0000;

    /// <summary>Where the image begins.</summary>
    public const ulong VirtualStart = VirtualBase + PhysicalStart;

    /// <summary>Where vCPU 0 starts.</summary>
    public const ulong Entry = VirtualStart + 0x40;

    private const ulong PhysicalStart = 0x10_0000;
    private const int ImageLength = 0x4000;
    private const int ImageOffset = 0x1000;
    private const int NotesOffset = 0x200;

    /// <summary>The file.</summary>
    public static byte[] Create()
    {
        byte[] notes = Notes();
        byte[] file = new byte[ImageOffset + ImageLength];
        "\x7f\x45\x4c\x46"u8.CopyTo(file);                              // ELF, 64 bits, little endian, version 1
        new byte[] { 2, 1, 1 }.CopyTo(file, 4);
        Put16(file, 16, 2);                                             // ET_EXEC
        Put16(file, 18, 62);                                            // x86-64
        Put32(file, 20, 1);
        Put64(file, 24, Entry);
        Put64(file, 32, 64);                                            // program headers
        Put16(file, 52, 64);
        Put16(file, 54, 56);
        Put16(file, 56, 2);
        Header(file, 64, type: 1, flags: 7, ImageOffset, VirtualStart, PhysicalStart, ImageLength);
        Header(file, 64 + 56, type: 4, flags: 4, NotesOffset, 0, 0, (ulong)notes.Length);
        notes.CopyTo(file, NotesOffset);
        for (int i = 0; i < ImageLength; i++)
            file[ImageOffset + i] = (byte)(i * 7);
        return file;
    }

    private static byte[] Notes()
    {
        var notes = new List<byte>();
        Note(notes, 6, "test");
        Note(notes, 5, "xen-3.0");
        Note(notes, 8, "generic");
        Note(notes, 9, "yes");
        Note(notes, 10, "!writable_page_tables|pae_pgdir_above_4gb");
        Note(notes, 3, VirtualBase);
        Note(notes, 4, 0);
        Note(notes, 1, Entry);
        Note(notes, 17, 1u << 11 | 1u << 0);
        return [.. notes];
    }

    private static void Note(List<byte> to, uint type, string text) => Note(to, type, Encoding.ASCII.GetBytes(text + "\0"));

    private static void Note(List<byte> to, uint type, ulong value) => Note(to, type, BitConverter.GetBytes(value));

    private static void Note(List<byte> to, uint type, byte[] content)
    {
        to.AddRange([4, 0, 0, 0]);
        to.AddRange(BitConverter.GetBytes((uint)content.Length));
        to.AddRange(BitConverter.GetBytes(type));
        to.AddRange("Xen\0"u8.ToArray());
        to.AddRange(content);
        while (to.Count % 4 != 0)
            to.Add(0);
    }

    private static void Header(byte[] file, int at, uint type, uint flags, ulong offset, ulong address, ulong physical, ulong length)
    {
        Put32(file, at, type);
        Put32(file, at + 4, flags);
        Put64(file, at + 8, offset);
        Put64(file, at + 16, address);
        Put64(file, at + 24, physical);
        Put64(file, at + 32, length);
        Put64(file, at + 40, length);
        Put64(file, at + 48, type == 1 ? 0x1000UL : 4);
    }

    private static void Put16(byte[] file, int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(at), value);

    private static void Put32(byte[] file, int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at), value);

    private static void Put64(byte[] file, int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(at), value);
}
