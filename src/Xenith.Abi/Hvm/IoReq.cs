// Constants and structures of xen/hvm/ioreq.h.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Values of <c>IOREQ_TYPE_…</c>.</summary>
public enum IoReqType : byte
{
    Pio = 0,
    Copy = 1,
    PciConfig = 2,
    Timeoffset = 7,
    Invalidate = 8,
}

/// <summary>Values of <c>STATE_IORE…</c>.</summary>
public enum IoReqState : byte
{
    IoReqNone = 0,
    IoReqReady = 1,
    IoReqInprocess = 2,
    IorespReady = 3,
}

/// <summary>Values of <c>IOREQ_…</c>.</summary>
public static class IoReqConstants
{
    public const uint Read = 1;
    public const uint Write = 0;
    public const uint BufferSlotNum = 511;
}

/// <summary>Values of <c>ACPI_…</c>.</summary>
public static class AcpiBlocks
{
    public const uint Pm1aEvtBlkAddressV0 = 0x1f40;
    public const uint Pm1aCntBlkAddressV0 = 0x1f44;
    public const uint PmTmrBlkAddressV0 = 0x1f48;
    public const uint Gpe0BlkAddressV0 = 0x1f68;
    public const uint Gpe0BlkLenV0 = 8;
    public const uint Pm1aEvtBlkAddressV1 = 0xb000;
    public const uint Pm1aCntBlkAddressV1 = 0xb004;
    public const uint PmTmrBlkAddressV1 = 0xb008;
    public const uint Gpe0BlkAddressV1 = 0xafe0;
    public const uint Gpe0BlkLenV1 = 4;
}

/// <summary><c>struct ioreq</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IoReq
{
    public ulong Addr;
    public ulong Data;
    public uint Count;
    public uint Size;
    public uint VpEport;
    public ushort Pad0;
    public byte StateAndFlags;
    public byte Type;
}

/// <summary><c>struct shared_iopage</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SharedIoPage
{
    public Inline1<IoReq> VcpuIoReq;
}

/// <summary><c>struct buf_ioreq</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct BufIoReq
{
    public uint Header;
    public uint Data;
}

/// <summary><c>struct buffered_iopage</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct BufferedIoPage
{
    public uint ReadPointer;
    public uint WritePointer;
    public Inline511<BufIoReq> BufIoReq;
}
