// xen/hvm/hvm_info_table.h and xen/hvm/e820.h: facts that the firmware of an HVM guest finds in its memory.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Where HVM firmware finds its memory map, and where memory below 4 GiB ends.</summary>
public static class HvmE820
{
    public const ulong Page = 0x90000;
    public const ulong NrOffset = 488;
    public const ulong Offset = 720;
    public const ulong Below4gRamEnd = 0xf0000000;
    public const ulong Below4gMmioStart = 0xf0000000;
    public const ulong Below4gMmioLength = 0x10000000;
}

/// <summary>Where the table is.</summary>
public static class HvmInfo
{
    public const uint InfoPfn = 159;
    public const uint InfoOffset = 0x800;
    public const uint InfoPaddr = 0x9f800;
    public const uint MaxVcpus = 0x80;
}

/// <summary>Sizes and vCPUs for the firmware. C: <c>struct hvm_info_table</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmInfoTable
{
    public Inline8<byte> Signature;
    public uint Length;
    public byte Checksum;
    public byte ApicMode;
    public uint NrVcpus;
    public uint LowMemPgend;
    public uint ReservedMemPgstart;
    public uint HighMemPgend;
    public Inline16<byte> VcpuOnline;
}
