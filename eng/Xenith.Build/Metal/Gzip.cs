// The image as GRUB and xl like it: gzip without a time stamp, so that equal images stay equal.

using System.IO.Compression;

namespace Xenith.Build;

internal static class Gzip
{
    public static void Write(string input, string output)
    {
        using FileStream file = File.Create(output);
        using GZipStream gzip = new(file, CompressionLevel.SmallestSize);
        gzip.Write(File.ReadAllBytes(input));
    }
}
