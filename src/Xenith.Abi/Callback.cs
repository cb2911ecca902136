// xen/callback.h: where the kernel of a PV guest is entered: events, failed returns, system calls.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Operations of callback_op (<c>CALLBACKOP_*</c>).</summary>
public enum CallbackOp : uint
{
    Register = 0,
    Unregister = 1,
}

/// <summary>Ways into a PV kernel (<c>CALLBACKTYPE_*</c>).</summary>
public enum CallbackType : ushort
{
    Event = 0,
    /// <summary>A return to the guest failed on its segments.</summary>
    Failsafe = 1,
    Syscall = 2,
    SysenterDeprecated = 3,
    Nmi = 4,
    Sysenter = 5,
    Syscall32 = 7,
}

/// <summary>How it is entered.</summary>
public enum CallbackFlags : ushort
{
    /// <summary>Events are masked on entry.</summary>
    MaskEvents = 1,
}

/// <summary>Sets a way in. C: <c>struct callback_register</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct CallbackRegister
{
    /// <summary><see cref="CallbackType"/>.</summary>
    public ushort Type;
    public ushort Flags;
    public ulong Address;
}

/// <summary>Removes a way in. C: <c>struct callback_unregister</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct CallbackUnregister
{
    public ushort Type;
    public ushort Unused;
}
