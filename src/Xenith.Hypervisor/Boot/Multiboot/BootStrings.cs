// The strings of boot loaders: zero-terminated, and with or without a file name before the arguments. GRUB 2 never gives one; other
// multiboot 1 loaders do, and real Xen tells the two apart by the loader's name.

using System;

namespace Xenith.Hypervisor.Boot;

internal static class BootStrings
{
    private const int Longest = 4096;

    /// <summary>Length of a zero-terminated string in memory; what comes after 4096 bytes, or cannot be read, is cut.</summary>
    internal static ulong Length<TMemory>(TMemory memory, ulong address)
        where TMemory : struct, IFirmwareMemory
    {
        const int Step = 64;
        ulong length = 0;
        while (length < Longest)
        {
            ReadOnlySpan<byte> part = memory.Bytes(address + length, Step);
            if (part.IsEmpty)
            {
                // Near the end of memory, byte by byte.
                part = memory.Bytes(address + length, 1);
                if (part.IsEmpty)
                {
                    return length;
                }
            }

            int end = part.IndexOf((byte)0);
            length += unchecked((ulong)(end < 0 ? part.Length : end));
            if (end >= 0)
            {
                return length;
            }
        }

        return Longest;
    }

    /// <summary>Length of a string that ends at a zero byte, or with its field, or after 4096 bytes.</summary>
    internal static ulong Length(ReadOnlySpan<byte> field)
    {
        int end = field.IndexOf((byte)0);
        return unchecked((ulong)Math.Min(end < 0 ? field.Length : end, Longest));
    }

    /// <summary>Whether this is the name of GRUB 2 or later: "GRUB 2.06", but not "GNU GRUB 0.97".</summary>
    internal static bool IsGrub2(ReadOnlySpan<byte> loaderName)
    {
        ReadOnlySpan<byte> grub = "GRUB "u8;
        int at = loaderName.IndexOf(grub);
        return at >= 0 && (at + grub.Length >= loaderName.Length || loaderName[at + grub.Length] != (byte)'0');
    }

    /// <summary>The arguments of a string: without blanks in front, and without the file name if it has one.</summary>
    internal static ReadOnlySpan<byte> Arguments(ReadOnlySpan<byte> text, bool hasName)
    {
        text = SkipBlanks(text);
        if (!hasName)
        {
            return text;
        }

        int end = text.IndexOf((byte)' ');
        return end < 0 ? default : SkipBlanks(text.Slice(end));
    }

    private static ReadOnlySpan<byte> SkipBlanks(ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty && text[0] == (byte)' ')
        {
            text = text.Slice(1);
        }

        return text;
    }
}
