using Xenith.Hypervisor.Domains;

namespace Xenith.Hypervisor.Interrupts;

/// <summary>
/// One global system interrupt and the domain that it is bound to. A level-triggered line stays masked at the IO-APIC from the moment that the event is
/// sent until the guest says that it has dealt with the device (PHYSDEVOP_eoi), so a shared line cannot storm.
/// </summary>
public struct PhysicalIrq
{
    /// <summary>Vector that the pin is routed to; 0 if it has not been set up.</summary>
    public byte Vector;

    /// <summary>Level-triggered rather than edge-triggered.</summary>
    public bool IsLevel;

    /// <summary>Active low rather than active high.</summary>
    public bool IsActiveLow;

    /// <summary>Trigger and polarity are known: from the firmware's overrides or from dom0.</summary>
    public bool IsConfigured;

    /// <summary>Bound to an event channel: interrupts are let through.</summary>
    public bool IsBound;

    /// <summary>Masked until the guest's end of interrupt.</summary>
    public bool AwaitsGuest;

    /// <summary>Owner: domain id + 1, 0 for none.</summary>
    public uint Owner;

    /// <summary>Interrupts taken.</summary>
    public ulong Count;
}
