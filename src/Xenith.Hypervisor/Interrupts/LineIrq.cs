namespace Xenith.Hypervisor.Interrupts;

/// <summary>
/// A physical interrupt that comes by a wire: a pin of an IO-APIC (Intel 82093AA data sheet, 3.2.4), named by its global system interrupt (ACPI 6.5, 5.2.13). A redirection entry has two
/// halves that are written one after the other, and masking an edge-triggered pin would lose an edge: so a move changes first the vector, then the CPU, each in one write.
/// </summary>
public sealed class LineIrq : Irq
{
    private readonly IoApic _ioApic;

    internal LineIrq(InterruptControllers controllers, IoApic ioApic, uint gsi) : base(controllers, gsi) => _ioApic = ioApic;

    /// <summary>Level-triggered rather than edge-triggered.</summary>
    public bool IsLevel { get; private set; }

    /// <summary>Active low rather than active high.</summary>
    public bool IsActiveLow { get; private set; }

    /// <summary>Trigger and polarity are known: from the firmware's overrides or from dom0.</summary>
    public bool IsConfigured { get; private set; }

    /// <inheritdoc/>
    public override string TypeName => IsLevel ? "IO-APIC-level" : "IO-APIC-edge";

    /// <inheritdoc/>
    public override bool NeedsGuestEnd => IsLevel;

    /// <summary>Sets trigger and polarity.</summary>
    internal void Configure(bool level, bool activeLow)
    {
        using (Lock.EnterInterruptSafe())
        {
            IsLevel = level;
            IsActiveLow = activeLow;
            IsConfigured = true;
            Write(Vector, IsMasked);
        }
    }

    /// <summary>ISA lines are edge-triggered and active high unless the firmware says otherwise; the rest are PCI lines.</summary>
    internal void ConfigureByDefault()
    {
        if (!IsConfigured)
            Configure(Number >= 16, Number >= 16);
    }

    /// <summary>While an interrupt of the present vector has not been ended, a level-triggered pin waits for the end of just that vector.</summary>
    private protected override bool CanMoveNow => !IsLevel || !_ioApic.AwaitsEnd(Number);

    private protected override void WriteMask(bool masked) => Write(Vector, masked);

    private protected override void WriteRoute(byte vector, uint apicId)
    {
        Write(vector, IsMasked);
        _ioApic.WriteDestination(Number, apicId);
    }

    private void Write(byte vector, bool masked) => _ioApic.WriteEntry(Number, vector, IsLevel, IsActiveLow, masked || vector == 0);
}
