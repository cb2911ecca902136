// A bug of the hypervisor while it serves a domain ends that domain and nothing else.

using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;
using Xenith.Machine.Simulation;
using Xenith.Tests.Hosted;
using Xenith.Tests.Hypercalls;
using Xunit;

namespace Xenith.Tests.Domains;

public sealed class ContainmentTests
{
    [Theory]
    [InlineData(FaultInjection.Bounds)]
    [InlineData(FaultInjection.WithLock)]
    [InlineData(FaultInjection.Division)]
    public void A_trap_ends_the_domain_that_is_served_and_the_others_go_on(uint bug)
    {
        using var guest = new GuestScene(privileged: false);
        guest.Machine.Entries.OwnTrap = HostedHypervisor.Entry<OwnTrapEntry>("hv_own_trap");
        Domain victim = guest.Domain;
        guest.Call((HypercallNumber)bug);
        Assert.True(victim.IsShutDown);
        Assert.Equal(3u, victim.ShutdownReason);
        Assert.Contains($"while serving d{victim.Id}v0: that domain ends here", guest.Printed, StringComparison.Ordinal);
        Assert.Contains($"domain_crash called for domain {victim.Id}", guest.Printed, StringComparison.Ordinal);
        Assert.Equal(0, PerCpu.Ledger.Depth);

        guest.Serve(guest.Dom0.FindVcpu(0)!);
        Assert.False(guest.Dom0.IsShutDown);
        var alloc = new EventChannelAllocUnbound { Dom = DomainIds.Self, RemoteDom = DomainIds.Self };
        Assert.Equal(0, guest.Call(HypercallNumber.EventChannelOp, (ulong)EventChannelOp.AllocUnbound, ref alloc));
    }

    [Fact]
    public void A_trap_in_a_handler_is_nobodys_and_ends_the_host()
    {
        using var guest = new GuestScene(privileged: false);
        guest.Machine.Entries.OwnTrap = HostedHypervisor.Entry<OwnTrapEntry>("hv_own_trap");
        guest.Host.Log.Restart.NoReboot = true;
        Assert.Throws<CpuStopped>(() => guest.Call((HypercallNumber)FaultInjection.InHandler));
        Assert.Contains("Panic on CPU 0:", guest.Printed, StringComparison.Ordinal);
        Assert.False(guest.Domain.IsShutDown);
    }
}
