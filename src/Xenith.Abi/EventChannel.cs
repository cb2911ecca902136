// xen/event_channel.h: event channels. A port is bound to another domain's port, a physical or virtual
// interrupt, or another vCPU; two-level ports live in bitmaps of shared_info, FIFO ports in event arrays.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Operations of event_channel_op (<c>EVTCHNOP_*</c>).</summary>
public enum EventChannelOp : uint
{
    BindInterdomain = 0,
    BindVirq = 1,
    BindPirq = 2,
    Close = 3,
    Send = 4,
    Status = 5,
    AllocUnbound = 6,
    BindIpi = 7,
    BindVcpu = 8,
    Unmask = 9,
    Reset = 10,
    InitControl = 11,
    ExpandArray = 12,
    SetPriority = 13,
}

/// <summary>What a port is bound to (<c>EVTCHNSTAT_*</c>).</summary>
public enum EventChannelState : uint
{
    Closed = 0,
    Unbound = 1,
    Interdomain = 2,
    Pirq = 3,
    Virq = 4,
    Ipi = 5,
}

/// <summary>How a physical interrupt is bound.</summary>
public enum BindPirqFlags : uint
{
    WillShare = 1,
}

/// <summary>Numbers of ports and priorities.</summary>
public static class EventChannelLimits
{
    public const uint TwoLevelNrChannels = 0x1000;
    public const uint FifoPriorityMax = 0;
    public const uint FifoPriorityDefault = 7;
    public const uint FifoPriorityMin = 15;
    public const uint FifoMaxQueues = 16;
    public const uint FifoNrChannels = 0x20000;
}

/// <summary>Bit numbers in a word of the FIFO event array (<c>EVTCHN_FIFO_*</c>), and the mask of its link.</summary>
public static class EventWord
{
    public const int Pending = 31;
    public const int Masked = 30;
    public const int Linked = 29;
    public const int Busy = 28;
    public const int LinkBits = 17;
    public const int LinkMask = 0x1ffff;
}

/// <summary>A new port to which a remote domain may bind. C: <c>struct evtchn_alloc_unbound</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct EventChannelAllocUnbound
{
    public ushort Dom;
    public ushort RemoteDom;
    public uint Port;
}

/// <summary>A new local port, bound to a remote one. C: <c>struct evtchn_bind_interdomain</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct EventChannelBindInterdomain
{
    public ushort RemoteDom;
    public uint RemotePort;
    public uint LocalPort;
}

/// <summary>A new port for a virtual interrupt. C: <c>struct evtchn_bind_virq</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct EventChannelBindVirq
{
    public uint Virq;
    public uint Vcpu;
    public uint Port;
}

/// <summary>A new port for a physical interrupt. C: <c>struct evtchn_bind_pirq</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct EventChannelBindPirq
{
    public uint Pirq;
    public uint Flags;
    public uint Port;
}

/// <summary>A new port for events between the domain's own vCPUs. C: <c>struct evtchn_bind_ipi</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct EventChannelBindIpi
{
    public uint Vcpu;
    public uint Port;
}

/// <summary>A port to be closed. C: <c>struct evtchn_close</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct EventChannelClose
{
    public uint Port;
}

/// <summary>A port to be signalled at its other end. C: <c>struct evtchn_send</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct EventChannelSend
{
    public uint Port;
}

/// <summary>Asks about a port. C: <c>struct evtchn_status</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 24)]
public struct EventChannelStatus
{
    [FieldOffset(0)] public ushort Dom;
    [FieldOffset(4)] public uint Port;
    /// <summary><see cref="EventChannelState"/>.</summary>
    [FieldOffset(8)] public uint Status;
    [FieldOffset(12)] public uint Vcpu;
    [FieldOffset(16)] public ushort UnboundDom;
    [FieldOffset(16)] public ushort InterdomainDom;
    [FieldOffset(20)] public uint InterdomainPort;
    [FieldOffset(16)] public uint Pirq;
    [FieldOffset(16)] public uint Virq;
}

/// <summary>The vCPU that a port's events go to from now on. C: <c>struct evtchn_bind_vcpu</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct EventChannelBindVcpu
{
    public uint Port;
    public uint Vcpu;
}

/// <summary>A port to be unmasked, and delivered if it is pending. C: <c>struct evtchn_unmask</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct EventChannelUnmask
{
    public uint Port;
}

/// <summary>Closes all ports of a domain. C: <c>struct evtchn_reset</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct EventChannelReset
{
    public ushort Dom;
}

/// <summary>FIFO events: where a vCPU's control block lies. C: <c>struct evtchn_init_control</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct EventChannelInitControl
{
    public ulong ControlGfn;
    public uint Offset;
    public uint Vcpu;
    /// <summary>Out: bits of a link that count.</summary>
    public byte LinkBits;
    public Inline7<byte> Pad;
}

/// <summary>FIFO events: a further page of the event array. C: <c>struct evtchn_expand_array</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct EventChannelExpandArray
{
    public ulong ArrayGfn;
}

/// <summary>FIFO events: the queue of a port, 0 the most urgent. C: <c>struct evtchn_set_priority</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct EventChannelSetPriority
{
    public uint Port;
    public uint Priority;
}

/// <summary>All operations of the compatibility call. C: <c>struct evtchn_op</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 28)]
public struct EventChannelOpArgs
{
    [FieldOffset(0)] public uint Cmd;
    [FieldOffset(4)] public EventChannelAllocUnbound AllocUnbound;
    [FieldOffset(4)] public EventChannelBindInterdomain BindInterdomain;
    [FieldOffset(4)] public EventChannelBindVirq BindVirq;
    [FieldOffset(4)] public EventChannelBindPirq BindPirq;
    [FieldOffset(4)] public EventChannelBindIpi BindIpi;
    [FieldOffset(4)] public EventChannelClose Close;
    [FieldOffset(4)] public EventChannelSend Send;
    [FieldOffset(4)] public EventChannelStatus Status;
    [FieldOffset(4)] public EventChannelBindVcpu BindVcpu;
    [FieldOffset(4)] public EventChannelUnmask Unmask;
}

/// <summary>
/// FIFO events of a vCPU: which queues are not empty, and where each begins. C: <c>struct
/// evtchn_fifo_control_block</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct EventChannelFifoControlBlock
{
    /// <summary>A bit per queue.</summary>
    public uint Ready;
    public uint Rsvd;
    /// <summary>First port of each queue.</summary>
    public Inline16<uint> Head;
}
