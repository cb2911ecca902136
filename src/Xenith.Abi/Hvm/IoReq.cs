// xen/hvm/ioreq.h: the pages through which a device model is told of a guest's accesses to its devices.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Kinds of requests (<c>IOREQ_TYPE_*</c>).</summary>
public enum IoReqType : byte
{
    Pio = 0,
    Copy = 1,
    PciConfig = 2,
    Timeoffset = 7,
    Invalidate = 8,
}

/// <summary>Who has to act next on a request (<c>STATE_*</c>).</summary>
public enum IoReqState : byte
{
    IoReqNone = 0,
    IoReqReady = 1,
    IoReqInprocess = 2,
    IorespReady = 3,
}

/// <summary>Directions and the size of the buffered ring.</summary>
public static class IoReqConstants
{
    public const uint Read = 1;
    public const uint Write = 0;
    public const uint BufferSlotNum = 511;
}

/// <summary>Ports of the emulated ACPI registers, old and new place.</summary>
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

/// <summary>A request to a device model, one slot per vCPU. C: <c>struct ioreq</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IoReq
{
    public ulong Addr;
    /// <summary>The value, or its guest-physical address.</summary>
    public ulong Data;
    /// <summary>Repetitions (REP).</summary>
    public uint Count;
    public uint Size;
    /// <summary>Port to signal.</summary>
    public uint VpEport;
    public ushort Pad0;
    /// <summary>Bits 0-3 <see cref="IoReqState"/>; 4 data is an address; 5 read; 6 downwards.</summary>
    public byte StateAndFlags;
    public byte Type;
}

/// <summary>The page of requests. C: <c>struct shared_iopage</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SharedIoPage
{
    public Inline1<IoReq> VcpuIoReq;
}

/// <summary>A request that needs no answer. C: <c>struct buf_ioreq</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct BufIoReq
{
    /// <summary>Bits 0-7 type, 9 read, 10-11 log2 of the size, 12-31 address.</summary>
    public uint Header;
    public uint Data;
}

/// <summary>Ring of such requests. C: <c>struct buffered_iopage</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct BufferedIoPage
{
    public uint ReadPointer;
    public uint WritePointer;
    public Inline511<BufIoReq> BufIoReq;
}
