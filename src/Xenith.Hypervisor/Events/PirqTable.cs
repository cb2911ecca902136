using System.Threading;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Interrupts;
using Xenith.Machine;

namespace Xenith.Hypervisor.Events;

/// <summary>
/// The physical interrupts of a domain (PIRQs, public/physdev.h): numbers that the domain binds event channels to, each mapped to an interrupt of the host. dom0 sees a PIRQ for each line
/// under the number of its global system interrupt; messages get numbers from the upper end.
/// </summary>
/// <remarks>Changes are made under the lock of all event channels.</remarks>
public sealed class PirqTable
{
    /// <summary>PIRQ numbers that a domain has: the global system interrupts, then room for messages.</summary>
    public const uint Count = 2 * InterruptControllers.MaxGsi;

    private readonly Domain _domain;

    /// <summary>A PIRQ that the domain has been given and not mapped yet.</summary>
    private const ushort Reserved = ushort.MaxValue;

    /// <summary>The host's number of each PIRQ's interrupt, plus one; 0 if it is free.</summary>
    private readonly ushort[] _irqs = new ushort[Count];
    private readonly uint[] _ports = new uint[Count];
    private SharedArea _eoiMap;
    private Mfn _eoiFrame = Mfn.Invalid;

    /// <summary>No PIRQ is mapped.</summary>
    public PirqTable(Domain domain) => _domain = domain;

    /// <summary>The port that a PIRQ is bound to, or 0.</summary>
    public uint PortOf(uint pirq) => pirq < Count ? Volatile.Read(ref _ports[pirq]) : 0;

    /// <summary>True if a PIRQ is mapped to an interrupt.</summary>
    public bool IsMapped(uint pirq) => pirq < Count && _irqs[pirq] is not (0 or Reserved);

    /// <summary>The interrupt of a mapped PIRQ, by its number in the host.</summary>
    public uint NumberOf(uint pirq) => (uint)_irqs[pirq] - 1;

    /// <summary>The interrupt of a PIRQ, or null if it is not mapped.</summary>
    public Irq? IrqOf(uint pirq) => IsMapped(pirq) ? Host.Current.Interrupts.Find(NumberOf(pirq)) : null;

    /// <summary>The PIRQ that an interrupt is mapped to, or 0. PIRQ 0 does not exist: GSI 0 is the hypervisor's timer.</summary>
    public uint FindByNumber(uint number)
    {
        for (uint pirq = 1; pirq < Count; pirq++)
        {
            if (_irqs[pirq] == number + 1)
                return pirq;
        }
        return 0;
    }

    /// <summary>The lowest free PIRQ from 16 on for a line, or the highest free one for a message. 0 if there is none.</summary>
    public uint FindFree(bool forMessage)
    {
        uint boundary = Host.Current.Interrupts.GsiCount;
        if (!forMessage)
        {
            for (uint pirq = 16; pirq < boundary; pirq++)
            {
                if (_irqs[pirq] == 0)
                    return pirq;
            }
        }
        for (uint pirq = Count - 1; pirq >= boundary; pirq--)
        {
            if (_irqs[pirq] == 0)
                return pirq;
        }
        return 0;
    }

    /// <summary>True if a number is neither mapped nor kept for the domain: a mapping may take it. One that is kept may be taken too, since only the domain knows it.</summary>
    public bool IsAvailable(uint pirq) => pirq is > 0 and < Count && _irqs[pirq] is 0 or Reserved;

    /// <summary>Keeps a free PIRQ for the domain: PHYSDEVOP_get_free_pirq.</summary>
    public void Reserve(uint pirq) => _irqs[pirq] = Reserved;

    /// <summary>Maps a PIRQ to an interrupt. Both must exist and neither be 0.</summary>
    public void Map(uint pirq, uint number) => _irqs[pirq] = (ushort)(number + 1);

    /// <summary>Ends a mapping; the caller has closed its event channel.</summary>
    public void Unmap(uint pirq) => _irqs[pirq] = 0;

    /// <summary>
    /// Lets a mapped interrupt through to a port. <see cref="XenError.Invalid"/> if it is not mapped, <see cref="XenError.Busy"/> if other domains have it and not all share, or the hypervisor itself.
    /// </summary>
    internal XenError Bind(uint pirq, uint port, bool shares)
    {
        if (IrqOf(pirq) is not Irq irq || _domain.FindVcpu(0) is not Vcpu first)
            return XenError.Invalid;
        if (Host.Current.Interrupts.IsOwn(irq.Number))
            return XenError.Busy;
        if (irq is LineIrq line)
            line.ConfigureByDefault();
        Volatile.Write(ref _ports[pirq], port);
        ShowEoi(pirq, irq);
        XenError error = irq.Bind(_domain, pirq, shares, CpuChoice.Find(first));
        if (error != XenError.None)
            Volatile.Write(ref _ports[pirq], 0);
        return error;
    }

    /// <summary>Stops a PIRQ's interrupts.</summary>
    internal void Unbind(uint pirq)
    {
        if (PortOf(pirq) == 0 || IrqOf(pirq) is not Irq irq)
            return;
        irq.Unbind(_domain);
        Volatile.Write(ref _ports[pirq], 0);
    }

    /// <summary>Sends a PIRQ's interrupts to the CPU that has a vCPU. If none has it now, they follow when the next one comes.</summary>
    internal void Follow(uint pirq, Vcpu vcpu)
    {
        if (PortOf(pirq) != 0 && IrqOf(pirq) is Irq irq && CpuChoice.Find(vcpu) is Pcpu cpu)
            irq.SetCpu(cpu);
    }

    /// <summary>Unmaps all PIRQs of a domain that is dying; its event channels are closed.</summary>
    internal void UnmapAll()
    {
        for (uint pirq = 0; pirq < Count; pirq++)
        {
            Unbind(pirq);
            MessageIrq? message = IrqOf(pirq) as MessageIrq;
            Unmap(pirq);
            if (message is not null)
                MessageSetup.Release(message);
        }
    }

    /// <summary>Takes the page of <see cref="ShareEoiMap"/> away, to be given back; invalid if there is none.</summary>
    internal Mfn TakeEoiMap()
    {
        Mfn page = _eoiFrame;
        _eoiMap = default;
        _eoiFrame = Mfn.Invalid;
        return page;
    }

    /// <summary>The page of <see cref="ShareEoiMap"/>; invalid if there is none.</summary>
    internal Mfn EoiFrame => _eoiFrame;

    /// <summary>True if the guest has given a page for <see cref="ShareEoiMap"/>.</summary>
    internal bool HasEoiMap => _eoiMap.Exists;

    /// <summary>
    /// From now on a page of the guest says by a bit for each PIRQ whether the end of its interrupts wants to be announced: only where the line is level-triggered, and so
    /// masked until then. That saves the guest a call for each interrupt of the others.
    /// </summary>
    internal void ShareEoiMap(Mfn page)
    {
        _eoiFrame = page;
        _eoiMap = SharedArea.Page(page);
        for (uint pirq = 0; pirq < Count; pirq++)
        {
            if (PortOf(pirq) != 0 && IrqOf(pirq) is Irq irq)
                ShowEoi(pirq, irq);
        }
    }

    private void ShowEoi(uint pirq, Irq irq)
    {
        if (!_eoiMap.Exists)
            return;
        if (irq.NeedsGuestEnd)
            _eoiMap.TestAndSetBit(0, pirq);
        else
            _eoiMap.TestAndClearBit(0, pirq);
    }

    /// <summary>The guest has dealt with the device: PHYSDEVOP_eoi.</summary>
    internal void EndOfInterrupt(uint pirq)
    {
        if (PortOf(pirq) != 0 && IrqOf(pirq) is Irq irq)
            irq.EndByGuest(_domain);
    }
}
