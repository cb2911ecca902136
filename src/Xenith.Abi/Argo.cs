// xen/argo.h: messages between domains through the hypervisor.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Operations of argo_op.</summary>
public enum ArgoOp : uint
{
    RegisterRing = 1,
    UnregisterRing = 2,
    Sendv = 3,
    Notify = 4,
}

/// <summary>What is known of a ring.</summary>
public enum ArgoRingFlags : uint
{
    Exists = 1,
    Shared = 2,
    Empty = 4,
    Sufficient = 8,
    Emsgsize = 16,
    Ebusy = 32,
}

/// <summary>Limits and flags.</summary>
public static class ArgoConstants
{
    public const uint DomidAny = 0x7ff4;
    public const uint MaxRingSize = 0x1000000;
    public const uint Maxiov = 8;
    public const uint MsgSlotSize = 16;
    public const uint RegisterFlagFailExist = 1;
}

/// <summary>A part of a message. C: <c>struct xen_argo_iov</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ArgoIov
{
    public GuestHandle<byte> IovHnd;
    public uint IovLen;
    public uint Pad;
}

/// <summary>An end point: domain and port. C: <c>struct xen_argo_addr</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ArgoAddr
{
    public uint Aport;
    public ushort DomainId;
    public ushort Pad;
}

/// <summary>From and to. C: <c>struct xen_argo_send_addr</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ArgoSendAddr
{
    public ArgoAddr Src;
    public ArgoAddr Dst;
}

/// <summary>Head of a ring; data follows. C: <c>struct xen_argo_ring</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ArgoRing
{
    public uint RxPtr;
    public uint TxPtr;
    public Inline56<byte> Reserved;
}

/// <summary>A ring to register. C: <c>struct xen_argo_register_ring</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ArgoRegisterRing
{
    public uint Aport;
    public ushort PartnerId;
    public ushort Pad;
    public uint Len;
}

/// <summary>A ring to drop. C: <c>struct xen_argo_unregister_ring</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ArgoUnregisterRing
{
    public uint Aport;
    public ushort PartnerId;
    public ushort Pad;
}

/// <summary>Asks about one ring. C: <c>struct xen_argo_ring_data_ent</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ArgoRingDataEnt
{
    public ArgoAddr Ring;
    public ushort Flags;
    public ushort Pad;
    public uint SpaceRequired;
    public uint MaxMessageSize;
}

/// <summary>Asks about rings. C: <c>struct xen_argo_ring_data</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ArgoRingData
{
    public uint Nent;
    public uint Pad;
}

/// <summary>Stands before a message in a ring. C: <c>struct xen_argo_ring_message_header</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ArgoRingMessageHeader
{
    public uint Len;
    public ArgoAddr Source;
    public uint MessageType;
}
