// The C# compiler asks for zeroed local variables in every method of a safe assembly, though it has proved that each is written before it
// is read. The native compiler obeys where such a local's address is taken (PerCpu.Current inlined, out arguments). This step clears the
// request, except in methods with stackalloc, whose memory is meant to be zero.

using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Xenith.Build;

internal static class LocalsInit
{
    public static void Strip(string input, string output)
    {
        byte[] file = File.ReadAllBytes(input);
        using PEReader image = new(new MemoryStream(file));
        MetadataReader metadata = image.GetMetadataReader();
        foreach (MethodDefinitionHandle handle in metadata.MethodDefinitions)
        {
            int address = metadata.GetMethodDefinition(handle).RelativeVirtualAddress;
            if (address == 0)
            {
                continue;
            }

            // Fat method header (ECMA-335, II.25.4.3): the low two bits are 3, bit 4 is InitLocals.
            SectionHeader section = image.PEHeaders.SectionHeaders[image.PEHeaders.GetContainingSectionIndex(address)];
            int at = address - section.VirtualAddress + section.PointerToRawData;
            bool fat = (file[at] & 3) == 3;
            if (fat && !HasLocalloc(image.GetMethodBody(address).GetILBytes()!))
            {
                file[at] &= 0xef;
            }
        }

        File.WriteAllBytes(output, file);
    }

    // localloc is FE 0F. The bytes may also be part of an operand: then the method keeps its zeroing, which is only slower.
    private static bool HasLocalloc(ReadOnlySpan<byte> il) => il.IndexOf((ReadOnlySpan<byte>)[0xfe, 0x0f]) >= 0;
}
