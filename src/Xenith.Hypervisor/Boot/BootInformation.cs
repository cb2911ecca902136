using System;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Xenith.Machine;

namespace Xenith.Hypervisor.Boot;

/// <summary>A boot module: a range of memory, and the string that the boot loader gave with it.</summary>
internal struct BootModule
{
    internal ulong Start, End;

    /// <summary>Where the string lies, and its length without the terminating zero.</summary>
    internal ulong TextAddress, TextLength;

    /// <summary>The string.</summary>
    internal readonly ReadOnlySpan<byte> Text => BootMemory.Bytes(TextAddress, TextLength);
}

/// <summary>Room for modules.</summary>
[InlineArray(Capacity)]
internal struct BootModules
{
    internal const int Capacity = 8;
    private BootModule _first;
}

/// <summary>Why boot information cannot be used.</summary>
internal enum BootError
{
    None,
    UnknownLoader,
    NotReadable,
    NoMemoryMap,
}

/// <summary>
/// What a multiboot loader tells (Multiboot Specification 0.6.96, section 3.3; Multiboot2 Specification 2.0, section 3.6). Copied out of the loader's memory once; only strings and modules stay where they are.
/// </summary>
internal struct BootInformation
{
    private const uint Multiboot1 = 0x2badb002, Multiboot2 = 0x36d76289;
    private const int LongestString = 4096;

    internal BootModules Modules;
    internal int ModuleCount;
    internal MemoryMap MemoryMap;

    /// <summary>The hypervisor's command line, with the file name that a multiboot 1 loader puts first.</summary>
    internal ulong CommandLineAddress, CommandLineLength;

    /// <summary>True if strings begin with a file name (multiboot 1).</summary>
    internal bool StringsHaveNames;

    /// <summary>Name of the boot loader.</summary>
    internal ulong LoaderNameAddress, LoaderNameLength;

    /// <summary>ACPI root pointer as the loader copied it, 0 if it gave none.</summary>
    internal ulong AcpiRootAddress;

    /// <summary>Machine addresses of the loader's own structure.</summary>
    internal ulong Start, End;

    /// <summary>Modules that there was no room for.</summary>
    internal int LostModules;

    internal readonly ReadOnlySpan<byte> CommandLine => SkipName(BootMemory.Bytes(CommandLineAddress, CommandLineLength), StringsHaveNames);

    internal readonly ReadOnlySpan<byte> LoaderName => BootMemory.Bytes(LoaderNameAddress, LoaderNameLength);

    /// <summary>A module's string without its file name.</summary>
    internal readonly ReadOnlySpan<byte> ModuleArguments(int index) => SkipName(Modules[index].Text, StringsHaveNames);

    /// <summary>Reads what a loader left at an address; the magic number says which protocol it is.</summary>
    internal static bool TryParse(uint magic, uint address, out BootInformation information, out BootError error)
    {
        information = default;
        error = magic switch
        {
            Multiboot1 => ParseFirst(address, ref information),
            Multiboot2 => ParseSecond(address, ref information),
            _ => BootError.UnknownLoader,
        };
        if (error == BootError.None && information.MemoryMap.Count == 0)
            error = BootError.NoMemoryMap;
        information.MemoryMap.Normalize();
        return error == BootError.None;
    }

    private static BootError ParseFirst(ulong address, ref BootInformation information)
    {
        ReadOnlySpan<byte> info = BootMemory.Bytes(address, 120);
        if (info.IsEmpty)
            return BootError.NotReadable;
        information.Start = address;
        information.End = address + 120;
        information.StringsHaveNames = true;
        uint flags = U32(info, 0);
        if ((flags & 1 << 2) != 0)
            FindString(U32(info, 16), out information.CommandLineAddress, out information.CommandLineLength);
        if ((flags & 1 << 9) != 0)
            FindString(U32(info, 64), out information.LoaderNameAddress, out information.LoaderNameLength);
        if ((flags & 1 << 3) != 0)
        {
            uint count = U32(info, 20);
            for (uint i = 0; i < count && i < 1024; i++)
            {
                ReadOnlySpan<byte> entry = BootMemory.Bytes(U32(info, 24) + i * 16UL, 16);
                if (entry.IsEmpty)
                    break;
                BootModule module = new() { Start = U32(entry, 0), End = U32(entry, 4) };
                FindString(U32(entry, 8), out module.TextAddress, out module.TextLength);
                information.Add(module);
            }
        }
        if ((flags & 1 << 6) != 0)
            ParseFirstMap(BootMemory.Bytes(U32(info, 48), U32(info, 44)), ref information.MemoryMap);
        else if ((flags & 1) != 0)
        {
            information.MemoryMap.Add(0, U32(info, 4) * 1024UL, MemoryKind.Usable);
            information.MemoryMap.Add(0x10_0000, U32(info, 8) * 1024UL, MemoryKind.Usable);
        }
        return BootError.None;
    }

    /// <summary>Entries: size of the rest, base, length, type.</summary>
    private static void ParseFirstMap(ReadOnlySpan<byte> map, ref MemoryMap to)
    {
        while (map.Length >= 24)
        {
            uint size = U32(map, 0);
            to.Add(U64(map, 4), U64(map, 12), MemoryMap.KindOf(U32(map, 20)));
            if (size < 20 || size > (uint)map.Length - 4)
                return;
            map = map[(int)(size + 4)..];
        }
    }

    private static BootError ParseSecond(ulong address, ref BootInformation information)
    {
        ReadOnlySpan<byte> header = BootMemory.Bytes(address, 8);
        if (header.IsEmpty)
            return BootError.NotReadable;
        uint total = U32(header, 0);
        ReadOnlySpan<byte> info = BootMemory.Bytes(address, total);
        if (total < 16 || info.IsEmpty)
            return BootError.NotReadable;
        information.Start = address;
        information.End = address + total;
        int at = 8;
        while (at <= info.Length - 8)
        {
            ReadOnlySpan<byte> tag = info[at..];
            uint type = U32(tag, 0), size = U32(tag, 4);
            if (type == 0 || size < 8 || size > (uint)tag.Length)
                break;
            ParseTag(type, tag[..(int)size], address + (ulong)at, ref information);
            at += (int)Math.Min((size + 7) & ~7u, (uint)tag.Length);
        }
        return BootError.None;
    }

    private static void ParseTag(uint type, ReadOnlySpan<byte> tag, ulong address, ref BootInformation information)
    {
        switch (type)
        {
            case 1:
                information.CommandLineAddress = address + 8;
                information.CommandLineLength = StringLength(tag[8..]);
                break;
            case 2:
                information.LoaderNameAddress = address + 8;
                information.LoaderNameLength = StringLength(tag[8..]);
                break;
            case 3 when tag.Length >= 16:
                information.Add(new BootModule { Start = U32(tag, 8), End = U32(tag, 12), TextAddress = address + 16, TextLength = StringLength(tag[16..]) });
                break;
            case 6 when tag.Length >= 16:
                uint entrySize = U32(tag, 8);
                ReadOnlySpan<byte> entries = tag[16..];
                while (entrySize >= 20 && (uint)entries.Length >= entrySize)
                {
                    information.MemoryMap.Add(U64(entries, 0), U64(entries, 8), MemoryMap.KindOf(U32(entries, 16)));
                    entries = entries[(int)entrySize..];
                }
                break;
            case 14 or 15:
                information.AcpiRootAddress = address + 8;
                break;
        }
    }

    private void Add(BootModule module)
    {
        if (module.End < module.Start)
            module.End = module.Start;
        if (ModuleCount < BootModules.Capacity)
            Modules[ModuleCount++] = module;
        else
            LostModules++;
    }

    private static void FindString(uint address, out ulong start, out ulong length)
    {
        start = address;
        length = StringLength(BootMemory.Bytes(address, LongestString));
    }

    private static ulong StringLength(ReadOnlySpan<byte> text)
    {
        int length = 0;
        while (length < text.Length && length < LongestString && text[length] != 0)
            length++;
        return (ulong)length;
    }

    private static ReadOnlySpan<byte> SkipName(ReadOnlySpan<byte> text, bool hasName)
    {
        int at = 0;
        while (hasName && at < text.Length && text[at] != (byte)' ')
            at++;
        while (at < text.Length && text[at] == (byte)' ')
            at++;
        return text[at..];
    }

    private static uint U32(ReadOnlySpan<byte> from, int at) => BinaryPrimitives.ReadUInt32LittleEndian(from[at..]);

    private static ulong U64(ReadOnlySpan<byte> from, int at) => BinaryPrimitives.ReadUInt64LittleEndian(from[at..]);
}

/// <summary>Errors in words.</summary>
internal static class BootErrorText
{
    /// <summary>One sentence.</summary>
    internal static string Message(this BootError error) => error switch
    {
        BootError.UnknownLoader => "Not started by a multiboot boot loader",
        BootError.NotReadable => "The boot loader's information is not readable",
        BootError.NoMemoryMap => "The boot loader gave no memory map",
        _ => "No error",
    };
}
