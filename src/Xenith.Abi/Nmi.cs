// xen/nmi.h: non-maskable interrupts of PV guests.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Operations of nmi_op.</summary>
public enum NmiOp : uint
{
    RegisterCallback = 0,
    UnregisterCallback = 1,
}

/// <summary>Why there was an NMI (<c>XEN_NMIREASON_*</c>).</summary>
public enum NmiReason : ulong
{
    IoError = 1,
    PciSerr = 2,
    Unknown = 4,
}

/// <summary>Where a PV kernel takes NMIs. C: <c>struct xennmi_callback</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct NmiCallback
{
    public ulong HandlerAddress;
    public ulong Pad;
}
