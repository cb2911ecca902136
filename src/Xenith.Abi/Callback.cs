// Constants and structures of xen/callback.h.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Values of <c>CALLBACKOP_…</c>.</summary>
public enum CallbackOp : uint
{
    Register = 0,
    Unregister = 1,
}

/// <summary>Values of <c>CALLBACKTYPE_…</c>.</summary>
public enum CallbackType : ushort
{
    Event = 0,
    Failsafe = 1,
    Syscall = 2,
    SysenterDeprecated = 3,
    Nmi = 4,
    Sysenter = 5,
    Syscall32 = 7,
}

/// <summary>Values of <c>CALLBACKF_mask_events…</c>.</summary>
public enum CallbackFlags : ushort
{
    MaskEvents = 1,
}

/// <summary><c>struct callback_register</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct CallbackRegister
{
    public ushort Type;
    public ushort Flags;
    public ulong Address;
}

/// <summary><c>struct callback_unregister</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct CallbackUnregister
{
    public ushort Type;
    public ushort Unused;
}
