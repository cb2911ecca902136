// The two-level event channel ABI from the guest's side (public event_channel.h, xen.h): hypercalls, masks, pending bits,
// and an upcall that clears what it finds and counts it by port.

using System.Runtime.InteropServices;
using Xenith.Guest.Pv.Interface;

namespace Xenith.Guest.Pv.Kernel;

static class EvtchnOp
{
    public const ulong BindInterdomain = 0, BindVirq = 1, BindPirq = 2, Close = 3, Send = 4, Status = 5, AllocUnbound = 6;
    public const ulong BindIpi = 7, BindVcpu = 8, Unmask = 9, Reset = 10, InitControl = 11, ExpandArray = 12, SetPriority = 13;
}

static class Virq
{
    public const uint Timer = 0, Debug = 1, Console = 2, DomExc = 3, Tbuf = 4, Debugger = 6, Xenoprof = 7, ConRing = 8;
    public const uint PcpuState = 9, MemEvent = 10, Argo = 11, Enomem = 12, Xenpmu = 13, Arch0 = 16;
}

/// <summary>What EVTCHNOP_status tells.</summary>
static class ChannelStatus
{
    public const uint Closed = 0, Unbound = 1, Interdomain = 2, Pirq = 3, Virq = 4, Ipi = 5;
}

[StructLayout(LayoutKind.Explicit, Size = 24)]
struct EvtchnStatus
{
    [FieldOffset(0)] public ushort Domain;
    [FieldOffset(4)] public uint Port;
    [FieldOffset(8)] public uint Status;
    [FieldOffset(12)] public uint Vcpu;
    [FieldOffset(16)] public uint Detail;
    [FieldOffset(20)] public uint Detail2;
}

static unsafe class Events
{
    struct Counters
    {
        public fixed uint ByPort[512];
    }

    static Counters counters;

    /// <summary>Upcalls taken so far.</summary>
    public static ulong Upcalls;

    /// <summary>The frame of the last upcall, and the mask inside it.</summary>
    public static TrapFrame LastFrame;

    public static byte LastMaskInside;

    /// <summary>Where that frame ended.</summary>
    public static ulong LastFrameEnd;

    public static void Upcall(ref TrapFrame frame)
    {
        Upcalls++;
        LastFrame = frame;
        LastMaskInside = Vcpu.Info->UpcallMask;
        fixed (TrapFrame* at = &frame)
        {
            LastFrameEnd = (ulong)(at + 1);
        }

        Collect();
    }

    /// <summary>Takes every pending, unmasked event: clears its bit and counts it.</summary>
    public static void Collect()
    {
        Vcpu.Info->UpcallPending = 0;
        ulong words = Vcpu.Info->PendingSel;
        Vcpu.Info->PendingSel = 0;
        for (int word = 0; words != 0; word++, words >>= 1)
        {
            if ((words & 1) == 0)
            {
                continue;
            }

            ulong ready = Vcpu.Shared->EvtchnPending[word] & ~Vcpu.Shared->EvtchnMask[word];
            for (int bit = 0; bit < 64; bit++)
            {
                if ((ready >> bit & 1) != 0)
                {
                    Vcpu.Shared->EvtchnPending[word] &= ~(1ul << bit);
                    int port = word * 64 + bit;
                    if (port < 512)
                    {
                        counters.ByPort[port]++;
                    }
                }
            }
        }
    }

    public static uint Count(uint port) => counters.ByPort[port & 511];

    public static bool Pending(uint port) => (Vcpu.Shared->EvtchnPending[port / 64] >> (int)(port % 64) & 1) != 0;

    public static void ClearPending(uint port) => Vcpu.Shared->EvtchnPending[port / 64] &= ~(1ul << (int)(port % 64));

    public static void Mask(uint port) => Vcpu.Shared->EvtchnMask[port / 64] |= 1ul << (int)(port % 64);

    public static void Unmask(uint port) => Vcpu.Shared->EvtchnMask[port / 64] &= ~(1ul << (int)(port % 64));

    /// <summary>Lets upcalls in: clears the mask and, as the ABI asks, takes what was pending already by a hypercall.</summary>
    public static void Enable()
    {
        Vcpu.Info->UpcallMask = 0;
        if (Vcpu.Info->UpcallPending != 0)
        {
            Hypercall.XenVersion(0, null);
        }
    }

    public static void Disable() => Vcpu.Info->UpcallMask = 1;

    /// <summary>Registers the event callback.</summary>
    public static long Install() =>
        Hypercall.RegisterCallback(CallbackType.Event, 0, Native.TrapStubAddress(Entries.Event));

    public static long AllocUnbound(ulong domain, ulong remote, out uint port)
    {
        uint* op = stackalloc uint[2];
        op[0] = (uint)domain | (uint)remote << 16;
        op[1] = 0xffffffff;
        long result = Hypercall.EventChannelOp(EvtchnOp.AllocUnbound, op);
        port = op[1];
        return result;
    }

    public static long BindInterdomain(ulong remote, uint remotePort, out uint port)
    {
        uint* op = stackalloc uint[3];
        op[0] = (uint)remote;
        op[1] = remotePort;
        op[2] = 0xffffffff;
        long result = Hypercall.EventChannelOp(EvtchnOp.BindInterdomain, op);
        port = op[2];
        return result;
    }

    public static long BindVirq(uint virq, uint vcpu, out uint port)
    {
        uint* op = stackalloc uint[3];
        op[0] = virq;
        op[1] = vcpu;
        op[2] = 0xffffffff;
        long result = Hypercall.EventChannelOp(EvtchnOp.BindVirq, op);
        port = op[2];
        return result;
    }

    public static long BindIpi(uint vcpu, out uint port)
    {
        uint* op = stackalloc uint[2];
        op[0] = vcpu;
        op[1] = 0xffffffff;
        long result = Hypercall.EventChannelOp(EvtchnOp.BindIpi, op);
        port = op[1];
        return result;
    }

    public static long Close(uint port) => Hypercall.EventChannelOp(EvtchnOp.Close, &port);

    public static long Send(uint port) => Hypercall.EventChannelOp(EvtchnOp.Send, &port);

    public static long UnmaskCall(uint port) => Hypercall.EventChannelOp(EvtchnOp.Unmask, &port);

    public static long BindVcpu(uint port, uint vcpu)
    {
        uint* op = stackalloc uint[2];
        op[0] = port;
        op[1] = vcpu;
        return Hypercall.EventChannelOp(EvtchnOp.BindVcpu, op);
    }

    public static long Status(uint port, out EvtchnStatus status)
    {
        EvtchnStatus op = default;
        op.Domain = (ushort)Domid.Self;
        op.Port = port;
        long result = Hypercall.EventChannelOp(EvtchnOp.Status, &op);
        status = op;
        return result;
    }
}
