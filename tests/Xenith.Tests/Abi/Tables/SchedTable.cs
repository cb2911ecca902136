// Our names beside C's for xen/sched.h. AbiTable explains the format.

namespace Xenith.Tests.Abi;

internal static class SchedTable
{
    public const string Rows = """
        header xen/sched.h
        value SchedOp.Yield = SCHEDOP_yield
        value SchedOp.Block = SCHEDOP_block
        value SchedOp.Shutdown = SCHEDOP_shutdown
        value SchedOp.Poll = SCHEDOP_poll
        value SchedOp.RemoteShutdown = SCHEDOP_remote_shutdown
        value SchedOp.ShutdownCode = SCHEDOP_shutdown_code
        value SchedOp.Watchdog = SCHEDOP_watchdog
        value SchedOp.PinOverride = SCHEDOP_pin_override
        value ShutdownReason.Poweroff = SHUTDOWN_poweroff
        value ShutdownReason.Reboot = SHUTDOWN_reboot
        value ShutdownReason.Suspend = SHUTDOWN_suspend
        value ShutdownReason.Crash = SHUTDOWN_crash
        value ShutdownReason.Watchdog = SHUTDOWN_watchdog
        value ShutdownReason.SoftReset = SHUTDOWN_soft_reset
        struct SchedShutdown = both struct sched_shutdown
            Reason = reason
        struct SchedPoll = struct sched_poll
            Ports = ports
            NrPorts = nr_ports
            Timeout = timeout
        struct SchedRemoteShutdown = both struct sched_remote_shutdown
            DomainId = domain_id
            Reason = reason
        struct SchedWatchdog = both struct sched_watchdog
            Id = id
            Timeout = timeout
        struct SchedPinOverride = both struct sched_pin_override
            Pcpu = pcpu
        """;
}
