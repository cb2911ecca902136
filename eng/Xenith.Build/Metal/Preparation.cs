// What is done to each assembly between the C# compiler and the native compiler. Both changes are single bits in place.
//
// 1. InitLocals. The C# compiler asks for zeroed local variables in every method of a safe assembly, though it has proved that each is
//    written before it is read. The native compiler obeys where such a local's address is taken (PerCpu.Current inlined, out
//    arguments). The request is dropped, except in methods with stackalloc, whose memory is meant to be zero.
// 2. [Commit] methods are not inlined, so that each has code of its own that can be checked (Checks/CommitMethods.cs).

using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Xenith.Build;

internal static class Preparation
{
    public static void Prepare(string input, string output)
    {
        byte[] file = File.ReadAllBytes(input);
        using PEReader image = new(new MemoryStream(file));
        MetadataReader metadata = image.GetMetadataReader();
        foreach (MethodDefinitionHandle handle in metadata.MethodDefinitions)
        {
            MethodDefinition method = metadata.GetMethodDefinition(handle);
            if (method.RelativeVirtualAddress != 0)
            {
                DropInitLocals(file, image, method.RelativeVirtualAddress);
            }

            if (CommitMethods.IsMarked(metadata, method))
            {
                ForbidInlining(file, image, metadata, handle);
            }
        }

        File.WriteAllBytes(output, file);
    }

    // Fat method header (ECMA-335, II.25.4.3): the low two bits are 3, bit 4 is InitLocals.
    private static void DropInitLocals(byte[] file, PEReader image, int address)
    {
        SectionHeader section = image.PEHeaders.SectionHeaders[image.PEHeaders.GetContainingSectionIndex(address)];
        int at = address - section.VirtualAddress + section.PointerToRawData;
        bool fat = (file[at] & 3) == 3;
        if (fat && !HasLocalloc(image.GetMethodBody(address).GetILBytes()!))
        {
            file[at] &= 0xef;
        }
    }

    // localloc is FE 0F. The bytes may also be part of an operand: then the method keeps its zeroing, which is only slower.
    private static bool HasLocalloc(ReadOnlySpan<byte> il) => il.IndexOf((ReadOnlySpan<byte>)[0xfe, 0x0f]) >= 0;

    // A row of the MethodDef table (II.22.26): RVA in four bytes, then ImplFlags in two.
    private static void ForbidInlining(byte[] file, PEReader image, MetadataReader metadata, MethodDefinitionHandle handle)
    {
        int table = image.PEHeaders.MetadataStartOffset + metadata.GetTableMetadataOffset(TableIndex.MethodDef);
        int row = table + ((MetadataTokens.GetRowNumber(handle) - 1) * metadata.GetTableRowSize(TableIndex.MethodDef));
        file[row + 4] |= (byte)MethodImplAttributes.NoInlining;
    }
}
