// Constants and structures of xen/nmi.h.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Values of <c>XENNMI_…</c>.</summary>
public enum NmiOp : uint
{
    RegisterCallback = 0,
    UnregisterCallback = 1,
}

/// <summary>Values of <c>XEN_NMIREASON_…</c>.</summary>
public enum NmiReason : ulong
{
    IoError = 1,
    PciSerr = 2,
    Unknown = 4,
}

/// <summary><c>struct xennmi_callback</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct NmiCallback
{
    public ulong HandlerAddress;
    public ulong Pad;
}
