using System.Threading;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Interrupts;
using Xenith.Machine;

namespace Xenith.Hypervisor.Events;

/// <summary>
/// The physical interrupts of a domain (PIRQs, public/physdev.h): numbers that the domain binds event channels to, each mapped to a global system
/// interrupt. dom0 sees a PIRQ for each under the same number.
/// </summary>
public sealed class PirqTable
{
    /// <summary>PIRQ numbers that a domain has: the global system interrupts, then room for message-signalled ones.</summary>
    public const uint Count = 2 * InterruptControllers.MaxGsi;

    private readonly Domain _domain;

    /// <summary>A PIRQ that the domain has been given and not mapped yet.</summary>
    private const ushort Reserved = ushort.MaxValue;

    /// <summary>The global system interrupt of each PIRQ, plus one; 0 if it is free.</summary>
    private readonly ushort[] _gsi = new ushort[Count];
    private readonly uint[] _ports = new uint[Count];
    private SharedArea _eoiMap;
    private Mfn _eoiFrame = Mfn.Invalid;

    /// <summary>No PIRQ is mapped.</summary>
    public PirqTable(Domain domain) => _domain = domain;

    /// <summary>The port that a PIRQ is bound to, or 0.</summary>
    public uint PortOf(uint pirq) => pirq < Count ? Volatile.Read(ref _ports[pirq]) : 0;

    /// <summary>True if a PIRQ is mapped to an interrupt.</summary>
    public bool IsMapped(uint pirq) => pirq < Count && _gsi[pirq] is not (0 or Reserved);

    /// <summary>The global system interrupt of a mapped PIRQ.</summary>
    public uint GsiOf(uint pirq) => (uint)_gsi[pirq] - 1;

    /// <summary>The PIRQ that a global system interrupt is mapped to, or 0. PIRQ 0 does not exist: GSI 0 is the hypervisor's timer.</summary>
    public uint FindByGsi(uint gsi)
    {
        for (uint pirq = 1; pirq < Count; pirq++)
        {
            if (_gsi[pirq] == gsi + 1)
                return pirq;
        }
        return 0;
    }

    /// <summary>The lowest free PIRQ from 16 on for a global system interrupt, or the highest free one for a message. 0 if there is none.</summary>
    public uint FindFree(bool forMessage)
    {
        uint boundary = Host.Current.Interrupts.GsiCount;
        if (!forMessage)
        {
            for (uint pirq = 16; pirq < boundary; pirq++)
            {
                if (_gsi[pirq] == 0)
                    return pirq;
            }
        }
        for (uint pirq = Count - 1; pirq >= boundary; pirq--)
        {
            if (_gsi[pirq] == 0)
                return pirq;
        }
        return 0;
    }

    /// <summary>Keeps a free PIRQ for the domain: PHYSDEVOP_get_free_pirq.</summary>
    public void Reserve(uint pirq) => _gsi[pirq] = Reserved;

    /// <summary>Maps a PIRQ to a global system interrupt. Both must be below their limits and the interrupt not 0.</summary>
    public void Map(uint pirq, uint gsi) => _gsi[pirq] = (ushort)(gsi + 1);

    /// <summary>Ends a mapping; the caller has closed its event channel.</summary>
    public void Unmap(uint pirq) => _gsi[pirq] = 0;

    /// <summary>Lets a mapped interrupt through to a port. <see cref="XenError.Invalid"/> if it is not mapped, <see cref="XenError.Busy"/> if another domain has it.</summary>
    internal XenError Bind(uint pirq, uint port)
    {
        if (!IsMapped(pirq))
            return XenError.Invalid;
        uint gsi = GsiOf(pirq);
        InterruptControllers interrupts = Host.Current.Interrupts;
        ref PhysicalIrq irq = ref interrupts.Irq(gsi);
        uint owner = (uint)_domain.Id + 1;
        if (irq.IsBound && irq.Owner != owner)
            return XenError.Busy;
        irq.Owner = owner;
        Volatile.Write(ref _ports[pirq], port);
        ShowEoi(pirq);
        XenError error = interrupts.SetBound(gsi, true);
        if (error != XenError.None)
            Unbind(pirq);
        return error;
    }

    /// <summary>Stops a PIRQ's interrupts.</summary>
    internal void Unbind(uint pirq)
    {
        if (!IsMapped(pirq) || PortOf(pirq) == 0)
            return;
        InterruptControllers interrupts = Host.Current.Interrupts;
        interrupts.SetBound(GsiOf(pirq), false);
        interrupts.Irq(GsiOf(pirq)).Owner = 0;
        Volatile.Write(ref _ports[pirq], 0);
    }

    /// <summary>Unmaps all PIRQs of a domain that is dying; its event channels are closed.</summary>
    internal void UnmapAll()
    {
        for (uint pirq = 0; pirq < Count; pirq++)
        {
            Unbind(pirq);
            _gsi[pirq] = 0;
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
            if (PortOf(pirq) != 0)
                ShowEoi(pirq);
        }
    }

    private void ShowEoi(uint pirq)
    {
        if (!_eoiMap.Exists)
            return;
        if (Host.Current.Interrupts.Irq(GsiOf(pirq)).IsLevel)
            _eoiMap.TestAndSetBit(0, pirq);
        else
            _eoiMap.TestAndClearBit(0, pirq);
    }

    /// <summary>The guest has dealt with the device: PHYSDEVOP_eoi.</summary>
    internal void EndOfInterrupt(uint pirq)
    {
        if (IsMapped(pirq) && PortOf(pirq) != 0)
            Host.Current.Interrupts.EndOfGuestInterrupt(GsiOf(pirq));
    }
}
