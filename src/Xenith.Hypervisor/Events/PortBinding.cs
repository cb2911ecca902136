using Xenith.Abi;

namespace Xenith.Hypervisor.Events;

/// <summary>
/// What one event channel port is bound to, in a single word: so whoever delivers an event reads it whole, without a lock, while another
/// CPU may be changing it. At worst an event goes to the port's old owner, which guests must expect anyway.
/// </summary>
internal readonly struct PortBinding
{
    // Bits 0-2 state, 3-15 vCPU, 16-31 domain, 32-63 port, VIRQ or physical IRQ.
    private readonly ulong _bits;

    internal PortBinding(ulong bits) => _bits = bits;

    private PortBinding(EventChannelState state, uint vcpu, ushort domain, uint value) =>
        _bits = (ulong)state | (ulong)(vcpu & 0x1fff) << 3 | (ulong)domain << 16 | (ulong)value << 32;

    /// <summary>The word that is stored.</summary>
    internal ulong Bits => _bits;

    /// <summary>What the port is used for; closed for a port that is free.</summary>
    internal EventChannelState State => (EventChannelState)(uint)(_bits & 7);

    /// <summary>The vCPU that is told of events.</summary>
    internal uint Vcpu => (uint)(_bits >> 3 & 0x1fff);

    /// <summary>The domain at the other end, or the one that may bind to an unbound port.</summary>
    internal ushort Domain => (ushort)(_bits >> 16 & 0xffff);

    /// <summary>The port at the other end, the VIRQ, or the physical IRQ.</summary>
    internal uint Value => (uint)(_bits >> 32);

    internal static PortBinding Unbound(ushort remote) => new(EventChannelState.Unbound, 0, remote, 0);

    internal static PortBinding ToVirq(uint vcpu, uint virq) => new(EventChannelState.Virq, vcpu, 0, virq);

    internal static PortBinding ToIpi(uint vcpu) => new(EventChannelState.Ipi, vcpu, 0, 0);

    internal static PortBinding ToPirq(uint pirq) => new(EventChannelState.Pirq, 0, 0, pirq);

    /// <summary>The same vCPU, now with another domain's port at the other end.</summary>
    internal PortBinding Connected(ushort remote, uint port) => new(EventChannelState.Interdomain, Vcpu, remote, port);

    /// <summary>The same vCPU, after the other end was closed: that domain may bind again.</summary>
    internal PortBinding Disconnected() => new(EventChannelState.Unbound, Vcpu, Domain, 0);

    internal PortBinding WithVcpu(uint vcpu) => new(State, vcpu, Domain, Value);
}
