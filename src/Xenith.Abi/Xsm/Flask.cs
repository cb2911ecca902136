// xen/xsm/flask_op.h: the security server's calls.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Operations (<c>FLASK_*</c>).</summary>
public enum FlaskOp : uint
{
    Load = 1,
    Getenforce = 2,
    Setenforce = 3,
    ContextToSid = 4,
    SidToContext = 5,
    Access = 6,
    Create = 7,
    Relabel = 8,
    User = 9,
    Policyvers = 10,
    Getbool = 11,
    Setbool = 12,
    Commitbools = 13,
    Mls = 14,
    Disable = 15,
    GetavcThreshold = 16,
    SetavcThreshold = 17,
    AvcHashstats = 18,
    AvcCachestats = 19,
    Member = 20,
    AddOcontext = 21,
    DelOcontext = 22,
    GetPeerSid = 23,
    RelabelDomain = 24,
    DevicetreeLabel = 25,
}

/// <summary>Interface version.</summary>
public static class FlaskConstants
{
    public const uint InterfaceVersion = 1;
}

/// <summary>A policy to load. C: <c>struct xen_flask_load</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FlaskLoad
{
    public GuestHandle<byte> Buffer;
    public uint Size;
}

/// <summary>Whether denials are enforced. C: <c>struct xen_flask_setenforce</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FlaskSetenforce
{
    public uint Enforcing;
}

/// <summary>A security id and its text. C: <c>struct xen_flask_sid_context</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FlaskSidContext
{
    public uint Sid;
    public uint Size;
    public GuestHandle<byte> Context;
}

/// <summary>Asks whether an access is allowed. C: <c>struct xen_flask_access</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FlaskAccess
{
    public uint Ssid;
    public uint Tsid;
    public uint Tclass;
    public uint Req;
    public uint Allowed;
    public uint AuditAllow;
    public uint AuditDeny;
    public uint Seqno;
}

/// <summary>Asks for the label of something new. C: <c>struct xen_flask_transition</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FlaskTransition
{
    public uint Ssid;
    public uint Tsid;
    public uint Tclass;
    public uint Newsid;
}

/// <summary>A switch of the policy. C: <c>struct xen_flask_boolean</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FlaskBoolean
{
    public uint BoolId;
    public byte Enforcing;
    public byte Pending;
    public byte NewValue;
    public byte Commit;
    public uint Size;
    public GuestHandle<byte> Name;
}

/// <summary>Size of the decision cache. C: <c>struct xen_flask_setavc_threshold</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FlaskSetavcThreshold
{
    public uint Threshold;
}

/// <summary>Statistics of its hash table. C: <c>struct xen_flask_hash_stats</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FlaskHashStats
{
    public uint Entries;
    public uint BucketsUsed;
    public uint BucketsTotal;
    public uint MaxChainLen;
}

/// <summary>Statistics of one CPU's cache. C: <c>struct xen_flask_cache_stats</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FlaskCacheStats
{
    public uint Cpu;
    public uint Lookups;
    public uint Hits;
    public uint Misses;
    public uint Allocations;
    public uint Reclaims;
    public uint Frees;
}

/// <summary>Label of a range of a resource. C: <c>struct xen_flask_ocontext</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FlaskOcontext
{
    public uint Ocon;
    public uint Sid;
    public ulong Low;
    public ulong High;
}

/// <summary>Label at the other end of an event channel. C: <c>struct xen_flask_peersid</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FlaskPeersid
{
    public uint Evtchn;
    public uint Sid;
}

/// <summary>New label of a domain. C: <c>struct xen_flask_relabel</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FlaskRelabel
{
    public uint Domid;
    public uint Sid;
}

/// <summary>The argument of the call. C: <c>struct xen_flask_op</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 40)]
public struct FlaskOpArgs
{
    [FieldOffset(0)] public uint Cmd;
    [FieldOffset(4)] public uint InterfaceVersion;
    [FieldOffset(8)] public FlaskLoad Load;
    [FieldOffset(8)] public FlaskSetenforce Enforce;
    [FieldOffset(8)] public FlaskSidContext SidContext;
    [FieldOffset(8)] public FlaskAccess Access;
    [FieldOffset(8)] public FlaskTransition Transition;
    [FieldOffset(8)] public FlaskBoolean Boolean;
    [FieldOffset(8)] public FlaskSetavcThreshold SetavcThreshold;
    [FieldOffset(8)] public FlaskHashStats HashStats;
    [FieldOffset(8)] public FlaskCacheStats CacheStats;
    [FieldOffset(8)] public FlaskOcontext Ocontext;
    [FieldOffset(8)] public FlaskPeersid Peersid;
    [FieldOffset(8)] public FlaskRelabel Relabel;
}
