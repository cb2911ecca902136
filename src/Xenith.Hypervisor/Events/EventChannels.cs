using System.Runtime.CompilerServices;
using System.Threading;
using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Events;

/// <summary>
/// The event channels of a domain (public/event_channel.h): ports that another domain, a virtual or physical interrupt, or one of the domain's own vCPUs can
/// make pending. This part delivers, by the two-level ABI: the port's bit in shared_info, the bit of its word in the vCPU's selector, and a byte that says
/// "look". It takes no lock and may run in interrupt handlers.
/// </summary>
public sealed partial class EventChannels
{
    /// <summary>Ports of a 64-bit domain with the two-level ABI: 64 words of 64 bits. Port 0 is never used.</summary>
    public const uint MaxPorts = EventChannelLimits.TwoLevelNrChannels;

    // Offsets in struct shared_info and struct vcpu_info (public/xen.h, 64-bit).
    private const uint PendingOffset = 2048, MaskOffset = 2560;
    private const uint UpcallPendingOffset = 0, UpcallMaskOffset = 1, SelectorOffset = 8;

    /// <summary>Ports become valid by so many at a time, as in Xen: beyond them a port number is an error rather than a closed port.</summary>
    private const uint PortsPerBucket = 64;

    /// <summary>Bindings of eight bytes in a frame.</summary>
    private const uint PortsPerFrame = AddressSpace.PageSize / 8;

    private readonly Domain _domain;
    /// <summary>What the ports of a frame are bound to; the frames are added when ports in them are wanted.</summary>
    private readonly Table<ulong>[] _frames = new Table<ulong>[MaxPorts / PortsPerFrame];
    private readonly Mfn[] _frameNumbers = new Mfn[MaxPorts / PortsPerFrame];
    private VirqPorts _globalVirqs;
    private uint _validPorts = PortsPerBucket;
    private int _pollers;

    /// <summary>The event channels of a domain; all are closed.</summary>
    public EventChannels(Domain domain) => _domain = domain;

    /// <summary>True if the domain has had a port with this number.</summary>
    public bool IsValid(uint port) => port < Volatile.Read(ref _validPorts);

    /// <summary>True if an event is pending on a valid port.</summary>
    public bool IsPending(uint port) => _domain.SharedInfo.TestBit(PendingOffset, port);

    /// <summary>True if events on a valid port do not interrupt.</summary>
    public bool IsMasked(uint port) => _domain.SharedInfo.TestBit(MaskOffset, port);

    /// <summary>Sends an event: EVTCHNOP_send. <see cref="XenError.Invalid"/> for ports that cannot send.</summary>
    public XenError Send(uint port)
    {
        PortBinding binding = At(port);
        switch (binding.State)
        {
            case EventChannelState.Interdomain:
                if (Remote(binding) is Domain remote)
                    remote.Events.Notify(binding.Value);
                return XenError.None;
            case EventChannelState.Ipi:
                SetPending(binding.Vcpu, port);
                return XenError.None;
            case EventChannelState.Unbound:
                return XenError.None;
            default:
                return XenError.Invalid;
        }
    }

    /// <summary>Raises a VIRQ that each vCPU has: the timer, say. Nothing happens if the vCPU has not bound it.</summary>
    public void RaiseVirq(Vcpu vcpu, uint virq)
    {
        uint port = Volatile.Read(ref vcpu.VirqPorts[(int)virq]);
        if (port != 0)
            SetPending(vcpu, port);
    }

    /// <summary>Raises a VIRQ that the domain has once. Nothing happens if it has not been bound.</summary>
    public void RaiseGlobalVirq(uint virq)
    {
        uint port = Volatile.Read(ref _globalVirqs[(int)virq]);
        if (port != 0)
            Notify(port);
    }

    /// <summary>Raises a physical interrupt. Nothing happens if it has not been bound. True if the domain had yet to look at the last one.</summary>
    public bool RaisePirq(uint pirq)
    {
        uint port = _domain.Pirqs.PortOf(pirq);
        if (port == 0 || !_domain.SharedInfo.Exists)
            return false;
        bool unseen = IsPending(port);
        Notify(port);
        return unseen;
    }

    /// <summary>The vCPU that is told of a physical interrupt, or null if it has not been bound.</summary>
    internal Vcpu? VcpuOfPirq(uint pirq)
    {
        uint port = _domain.Pirqs.PortOf(pirq);
        return port == 0 ? null : _domain.FindVcpu(At(port).Vcpu);
    }

    /// <summary>Unmasks a port, and tells its vCPU if an event came in the meantime: EVTCHNOP_unmask.</summary>
    public XenError Unmask(uint port)
    {
        if (!IsValid(port))
            return XenError.Invalid;
        SharedArea shared = _domain.SharedInfo;
        if (shared.TestAndClearBit(MaskOffset, port) && shared.TestBit(PendingOffset, port)
            && _domain.FindVcpu(At(port).Vcpu) is Vcpu vcpu)
            Select(vcpu, port);
        return XenError.None;
    }

    /// <summary>True if an event is pending and the guest does not mask events: of the first two bytes of vcpu_info the low one is set and the high one is not.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool IsDeliverable(SharedArea info) => info.Exists && unchecked((uint)info.Load16(UpcallPendingOffset) - 1) < 0xff;

    /// <summary>
    /// Makes the vCPU look at everything: after its vcpu_info has moved, so that no event is lost. The guest takes one event too many at worst.
    /// </summary>
    internal static void MarkAllPending(Vcpu vcpu)
    {
        SharedArea info = vcpu.Info;
        info.Store8(UpcallPendingOffset, 1);
        info.Store64(SelectorOffset, ulong.MaxValue);
        vcpu.Scheduling.Wake();
    }

    /// <summary>Ends the masking of all events of a vCPU, as SCHEDOP_block does.</summary>
    internal static void EnableDelivery(Vcpu vcpu)
    {
        if (vcpu.Info.Exists)
            vcpu.Info.Store8(UpcallMaskOffset, 0);
    }

    /// <summary>Counts the vCPUs that poll; while there are any, every event looks for them.</summary>
    internal void AddPollers(int count) => Interlocked.Add(ref _pollers, count);

    /// <summary>The binding of a port; closed if the number is out of range.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private PortBinding At(uint port)
    {
        uint part = port / PortsPerFrame;
        if (part >= (uint)_frames.Length)
            return default;
        ref Table<ulong> frame = ref _frames[part];
        ulong place = port % PortsPerFrame;
        return place < frame.Count ? new(Volatile.Read(ref frame[place])) : default;
    }

    /// <summary>What a port is bound to; closed for one that is not valid.</summary>
    internal PortBinding BindingOf(uint port) => At(port);

    private Domain? Remote(PortBinding binding) => binding.Domain == _domain.Id ? _domain : Host.Current.Domains.Find(binding.Domain);

    /// <summary>Makes a port pending on the vCPU that it is bound to.</summary>
    private void Notify(uint port) => SetPending(At(port).Vcpu, port);

    private void SetPending(uint vcpuId, uint port)
    {
        if (_domain.FindVcpu(vcpuId) is Vcpu vcpu)
            SetPending(vcpu, port);
    }

    private void SetPending(Vcpu vcpu, uint port)
    {
        SharedArea shared = _domain.SharedInfo;
        if (!shared.Exists || shared.TestAndSetBit(PendingOffset, port))
            return;
        if (!shared.TestBit(MaskOffset, port))
            Select(vcpu, port);
        if (Volatile.Read(ref _pollers) != 0)
            WakePollers(port);
    }

    /// <summary>The second level: the bit of the port's word, then the byte that the way out to the guest looks at.</summary>
    private static void Select(Vcpu vcpu, uint port)
    {
        SharedArea info = vcpu.Info;
        if (!info.Exists || info.TestAndSetBit(SelectorOffset, port / 64))
            return;
        // The guest clears the byte first and takes the selector then; so if it is still set here, the guest will see the bit set above.
        if (info.Load8(UpcallPendingOffset) != 0)
            return;
        info.Store8(UpcallPendingOffset, 1);
        vcpu.Scheduling.Wake();
    }

    private void WakePollers(uint port)
    {
        Vcpu?[] vcpus = _domain.Vcpus;
        for (int i = 0; i < vcpus.Length; i++)
        {
            if (vcpus[i] is Vcpu vcpu && vcpu.Polling.TryEnd(port))
                vcpu.Scheduling.Wake();
        }
    }
}

/// <summary>A port for each VIRQ number.</summary>
[InlineArray((int)XenLimits.NrVirqs)]
internal struct VirqPorts
{
    private uint _first;
}
