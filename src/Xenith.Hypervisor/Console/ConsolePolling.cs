using Xenith.Hypervisor.Time;

namespace Xenith.Hypervisor.Console;

/// <summary>Serves serial lines that have no interrupt (`com1=...,0`): fifty times a second, which is as fast as anybody types.</summary>
internal sealed class ConsolePolling(Host host) : Timer
{
    private const ulong Interval = 20_000_000;

    /// <inheritdoc/>
    public override string Name => "serial_poll";

    /// <inheritdoc/>
    public override void Expire(ulong now)
    {
        host.ConsoleInput.Serve(host);
        Pcpu.Current.Timers.Set(this, now + Interval);
    }
}
