using Xenith.Machine;

namespace Xenith.Hypervisor.Interrupts;

/// <summary>
/// A physical interrupt: a pin of an IO-APIC (<see cref="LineIrq"/>) or a message of a PCI function (<see cref="MessageIrq"/>). This part holds what both have in common and who may look
/// at it; <c>Irq.Guests.cs</c> delivers to domains, <c>Irq.Routing.cs</c> chooses CPU and vector.
/// </summary>
/// <remarks>All state is changed under <see cref="Lock"/>, which handlers take too.</remarks>
public abstract partial class Irq
{
    private protected readonly InterruptControllers Controllers;

    private protected Irq(InterruptControllers controllers, uint number)
    {
        Controllers = controllers;
        Number = number;
    }

    /// <summary>Its number: that of the global system interrupt, or one beyond all of these.</summary>
    public uint Number { get; }

    /// <summary>Interrupts taken.</summary>
    public ulong Count { get; private set; }

    /// <summary>True if nothing comes through: nobody is bound, a guest has yet to deal with the last one, or too many came at once.</summary>
    public bool IsMasked => GuestCount == 0 || InFlight != 0 || IsThrottled;

    /// <summary>What Xen calls this kind in its listing.</summary>
    public abstract string TypeName { get; }

    /// <summary>
    /// True if the source asks for as long as the device is not satisfied: it is then masked from the moment that guests are told until all of them say that they have dealt with it.
    /// </summary>
    public abstract bool NeedsGuestEnd { get; }

    internal SpinLock Lock { get; } = new(LockRank.Interrupts);

    /// <summary>Passes <see cref="IsMasked"/> on to the hardware.</summary>
    private protected abstract void WriteMask(bool masked);

    /// <summary>Makes the source send a vector to a local APIC. Where the two cannot be changed at once, the vector is changed first.</summary>
    private protected abstract void WriteRoute(byte vector, uint apicId);

    /// <summary>False while a change of CPU or vector would confuse the source; <see cref="EndByGuest"/> and the next interrupt try again.</summary>
    private protected virtual bool CanMoveNow => true;

    private protected void UpdateMask() => WriteMask(IsMasked);
}
