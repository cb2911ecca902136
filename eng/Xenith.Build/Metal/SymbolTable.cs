// Names of code addresses for the image itself, so that a panic can name its callers. The table lies in the image's read-only part, behind the
// code, so linking it in moves no code: the image is linked once without it and once with it.
//
//     u32 count
//     u32 offset of the function from __text_start     count times, ascending
//     u32 offset of its name from the table's start    count times
//     names: one byte of length, then UTF-8

using System.Buffers.Binary;
using System.Text;

namespace Xenith.Build;

internal static class SymbolTable
{
    public static void Write(ElfFile image, ImageCode code, string path)
    {
        ulong text = image.Symbol("__text_start").Value;
        List<ImageFunction> functions = [.. code.Functions.Where(f => !f.Symbol.StartsWith("__text", StringComparison.Ordinal))];
        byte[] fixedPart = new byte[4 + (8 * functions.Count)];
        using MemoryStream names = new();
        Put(fixedPart, 0, functions.Count);
        for (int i = 0; i < functions.Count; i++)
        {
            Put(fixedPart, 4 + (4 * i), checked((int)(functions[i].Address - text)));
            Put(fixedPart, 4 + (4 * (functions.Count + i)), fixedPart.Length + (int)names.Length);
            ReadOnlySpan<byte> name = Encoding.UTF8.GetBytes(functions[i].Name);
            name = name[..Math.Min(name.Length, 255)];
            names.WriteByte((byte)name.Length);
            names.Write(name);
        }

        File.WriteAllBytes(path, [.. fixedPart, .. names.ToArray()]);
    }

    /// <summary>The second link must have left every function where the first one put it.</summary>
    public static IEnumerable<string> Check(ElfFile image, ImageCode code)
    {
        int table = image.FileOffset(image.Symbol("__symbols_start").Value);
        ulong text = image.Symbol("__text_start").Value;
        List<ImageFunction> functions = [.. code.Functions.Where(f => !f.Symbol.StartsWith("__text", StringComparison.Ordinal))];
        bool same = Get(image.Data, table) == functions.Count
            && functions.Index().All(f => Get(image.Data, table + 4 + (4 * f.Index)) == (int)(f.Item.Address - text));
        return same ? [] : ["the symbol table in the image does not match its code: the second link moved functions"];
    }

    private static void Put(byte[] data, int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(data.AsSpan(at), value);

    private static int Get(byte[] data, int at) => BinaryPrimitives.ReadInt32LittleEndian(data.AsSpan(at));
}
