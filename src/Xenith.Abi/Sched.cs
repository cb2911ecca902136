// xen/sched.h: what a guest tells the scheduler: that it yields, sleeps, waits for events, or is finished.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Operations of sched_op (<c>SCHEDOP_*</c>).</summary>
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

/// <summary>Why a domain stops (<c>SHUTDOWN_*</c>).</summary>
public enum ShutdownReason : uint
{
    Poweroff = 0,
    Reboot = 1,
    Suspend = 2,
    Crash = 3,
    Watchdog = 4,
    SoftReset = 5,
}

/// <summary>The domain stops. C: <c>struct sched_shutdown</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SchedShutdown
{
    /// <summary><see cref="ShutdownReason"/>.</summary>
    public uint Reason;
}

/// <summary>Sleeps until one of some ports is pending. C: <c>struct sched_poll</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SchedPoll
{
    public GuestHandle<uint> Ports;
    public uint NrPorts;
    /// <summary>System time at which to wake anyhow; 0 for never.</summary>
    public ulong Timeout;
}

/// <summary>Another domain is to be taken as stopped. C: <c>struct sched_remote_shutdown</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SchedRemoteShutdown
{
    public ushort DomainId;
    public uint Reason;
}

/// <summary>Sets, renews or ends a watchdog. C: <c>struct sched_watchdog</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SchedWatchdog
{
    /// <summary>0 for a new one.</summary>
    public uint Id;
    /// <summary>Seconds; 0 ends it.</summary>
    public uint Timeout;
}

/// <summary>Runs on one physical CPU for a while; negative ends it. C: <c>struct sched_pin_override</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SchedPinOverride
{
    public int Pcpu;
}
