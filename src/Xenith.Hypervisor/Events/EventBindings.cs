using Xenith.Abi;
using Xenith.Hypervisor.Domains;

namespace Xenith.Hypervisor.Events;

/// <summary>
/// What the event channels of all domains share. Binding and closing are rare and concern two domains at once, so there is one lock for
/// all of them rather than one each with an order to keep. Sending takes no lock.
/// </summary>
public sealed class EventBindings
{
    private readonly ushort[] _owners = new ushort[XenLimits.NrVirqs];

    /// <summary>Held while any port of any domain changes what it is bound to.</summary>
    internal SpinLock Lock { get; } = new(LockRank.EventChannels);

    /// <summary>True for a VIRQ of which the host has one; false for one that each vCPU has.</summary>
    public static bool IsGlobal(uint virq) =>
        (Virq)virq is not (Virq.Timer or Virq.Debug or Virq.Xenoprof or Virq.Pmu);

    /// <summary>Gives a global VIRQ to a domain; dom0 has those that nobody was given.</summary>
    public void SetOwner(uint virq, Domain domain) => _owners[virq] = domain.Id;

    /// <summary>What a domain that is no more has been given is dom0's again.</summary>
    internal void Disown(Domain domain)
    {
        for (int virq = 0; virq < _owners.Length; virq++)
        {
            if (_owners[virq] == domain.Id)
                _owners[virq] = 0;
        }
    }

    /// <summary>Tells the owner of a global VIRQ. May be called by interrupt handlers.</summary>
    public void Raise(Host host, uint virq)
    {
        if (host.Domains.Find(_owners[virq]) is Domain owner)
            owner.Events.RaiseGlobalVirq(virq);
    }
}
