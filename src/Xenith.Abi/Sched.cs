// Constants and structures of xen/sched.h.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Values of <c>SCHEDOP_…</c>.</summary>
public enum SchedOp : uint
{
    Yield = 0,
    Block = 1,
    Shutdown = 2,
    Poll = 3,
    RemoteShutdown = 4,
    ShutdownCode = 5,
    Watchdog = 6,
    PinOverride = 7,
}

/// <summary>Values of <c>SHUTDOWN_…</c>.</summary>
public enum ShutdownReason : uint
{
    Poweroff = 0,
    Reboot = 1,
    Suspend = 2,
    Crash = 3,
    Watchdog = 4,
    SoftReset = 5,
}

/// <summary><c>struct sched_shutdown</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SchedShutdown
{
    public uint Reason;
}

/// <summary><c>struct sched_poll</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SchedPoll
{
    public GuestHandle<uint> Ports;
    public uint NrPorts;
    public ulong Timeout;
}

/// <summary><c>struct sched_remote_shutdown</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SchedRemoteShutdown
{
    public ushort DomainId;
    public uint Reason;
}

/// <summary><c>struct sched_watchdog</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SchedWatchdog
{
    public uint Id;
    public uint Timeout;
}

/// <summary><c>struct sched_pin_override</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SchedPinOverride
{
    public int Pcpu;
}
