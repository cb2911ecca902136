// xen/io/console.h and xen/io/xs_wire.h: the two rings that exist before any grant does: console and xenstore.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Types of xenstore messages (<c>XS_*</c>).</summary>
public enum XenstoreMessage : uint
{
    Control = 0,
    Directory = 1,
    Read = 2,
    GetPerms = 3,
    Watch = 4,
    Unwatch = 5,
    TransactionStart = 6,
    TransactionEnd = 7,
    Introduce = 8,
    Release = 9,
    GetDomainPath = 10,
    Write = 11,
    Mkdir = 12,
    Rm = 13,
    SetPerms = 14,
    WatchEvent = 15,
    Error = 16,
    IsDomainIntroduced = 17,
    Resume = 18,
    SetTarget = 19,
    ResetWatches = 21,
    DirectoryPart = 22,
}

/// <summary>Sizes and states of the ring.</summary>
public static class XenstoreConstants
{
    public const uint RingSize = 0x400;
    public const uint PayloadMax = 0x1000;
    public const uint AbsPathMax = 0xc00;
    public const uint RelPathMax = 0x800;
    public const uint ServerFeatureReconnection = 1;
    public const uint ServerFeatureError = 2;
    public const uint Connected = 0;
    public const uint Reconnect = 1;
    public const uint ErrorNone = 0;
    public const uint ErrorComm = 1;
    public const uint ErrorRingidx = 2;
    public const uint ErrorProto = 3;
}

/// <summary>
/// Console ring: input and output with their positions, which count bytes and wrap. C: <c>struct
/// xencons_interface</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct XenconsInterface
{
    public Inline1024<byte> In;
    public Inline2048<byte> Out;
    public uint InCons;
    public uint InProd;
    public uint OutCons;
    public uint OutProd;
}

/// <summary>Stands before each xenstore message. C: <c>struct xsd_sockmsg</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct XsdSockmsg
{
    public uint Type;
    public uint ReqId;
    public uint TxId;
    public uint Len;
}

/// <summary>Xenstore ring. C: <c>struct xenstore_domain_interface</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct XenstoreDomainInterface
{
    public Inline1024<byte> Req;
    public Inline1024<byte> Rsp;
    public uint ReqCons;
    public uint ReqProd;
    public uint RspCons;
    public uint RspProd;
    public uint ServerFeatures;
    public uint Connection;
    public uint Error;
}
