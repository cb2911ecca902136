// Names of code addresses. The build links a table of them into the image (eng/Xenith.Build/Metal/SymbolTable.cs):
//
//     u32 count
//     u32 offset of the function from the start of the code     count times, ascending
//     u32 offset of its name from the table's start             count times
//     names: one byte of length, then the text
//
// It is only read, by code that may run when little else works: no lock, no allocation, nothing outside the table.

using System;

namespace Xenith.Machine;

/// <summary>Names of the functions of the image, C# and assembly.</summary>
public static unsafe class Symbols
{
    /// <summary>
    /// The function that an address of the image's code lies in, as Namespace.Type.Method in UTF-8, and how far from its start.
    /// False for an address outside the code.
    /// </summary>
    public static bool TryFind(ulong rip, out ReadOnlySpan<byte> name, out ulong offset)
    {
        name = default;
        offset = 0;
        byte* table = ImageLayout.SymbolTable;
        if (rip < ImageLayout.TextStart || rip >= ImageLayout.TextEnd || table == ImageLayout.SymbolTableEnd)
        {
            return false;
        }

        uint count = *(uint*)table;
        uint* offsets = (uint*)(table + 4);
        uint* names = offsets + count;
        uint wanted = (uint)(rip - ImageLayout.TextStart);

        // The last function that starts at or below the address.
        uint low = 0;
        uint high = count;
        while (low < high)
        {
            uint middle = low + ((high - low) / 2);
            if (offsets[middle] <= wanted)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        if (low == 0)
        {
            return false;
        }

        byte* text = table + names[low - 1];
        name = new ReadOnlySpan<byte>(text + 1, *text);
        offset = wanted - offsets[low - 1];
        return true;
    }
}
