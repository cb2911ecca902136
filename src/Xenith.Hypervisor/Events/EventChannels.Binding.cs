using System;
using System.Threading;
using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Events;

/// <summary>The other part of a domain's event channels: what each port is bound to. All changes are made under one lock of the host.</summary>
public sealed partial class EventChannels
{
    /// <summary>No port below is free.</summary>
    private uint _lowestFree = 1;

    /// <summary>Where a reset that was interrupted goes on; 0 if none is under way.</summary>
    private uint _resetAt;

    /// <summary>How far the end of the domain has come.</summary>
    private uint _closedBelow;

    /// <summary>Makes a port that <paramref name="remote"/> may bind to: EVTCHNOP_alloc_unbound.</summary>
    public XenError AllocateUnbound(ushort remote, out uint port)
    {
        using (Host.Current.EventBindings.Lock.Enter())
        {
            XenError error = FindFree(out port);
            if (error == XenError.None)
                Set(port, PortBinding.Unbound(remote));
            return error;
        }
    }

    /// <summary>
    /// Connects a new port with a port of another domain (or this one) that waits for us: EVTCHNOP_bind_interdomain. What the other end sent
    /// before is made up for by one event.
    /// </summary>
    public XenError BindInterdomain(Domain remote, uint remotePort, out uint port)
    {
        using (Host.Current.EventBindings.Lock.Enter())
        {
            XenError error = FindFree(out port);
            if (error != XenError.None)
                return error;
            EventChannels there = remote.Events;
            PortBinding waiting = there.At(remotePort);
            if (waiting.State != EventChannelState.Unbound || waiting.Domain != _domain.Id)
                return XenError.Invalid;
            Set(port, default(PortBinding).Connected(remote.Id, remotePort));
            there.Set(remotePort, waiting.Connected(_domain.Id, port));
            SetPending(0, port);
            return XenError.None;
        }
    }

    /// <summary>Binds a virtual interrupt to a new port: EVTCHNOP_bind_virq. Global ones belong to vCPU 0 first, and arrive only in the domain that owns them.</summary>
    public XenError BindVirq(uint virq, uint vcpu, out uint port)
    {
        port = 0;
        if (virq >= XenLimits.NrVirqs || (EventBindings.IsGlobal(virq) && vcpu != 0))
            return XenError.Invalid;
        if (_domain.FindVcpu(vcpu) is not Vcpu target)
            return XenError.NoEntry;
        using (Host.Current.EventBindings.Lock.Enter())
        {
            ref uint bound = ref PortOfVirq(target, virq);
            if (bound != 0)
                return XenError.Exists;
            XenError error = FindFree(out port);
            if (error != XenError.None)
                return error;
            Set(port, PortBinding.ToVirq(vcpu, virq));
            Volatile.Write(ref bound, port);
            return XenError.None;
        }
    }

    /// <summary>Makes a port by which the domain's vCPUs interrupt one of them: EVTCHNOP_bind_ipi.</summary>
    public XenError BindIpi(uint vcpu, out uint port)
    {
        port = 0;
        if (_domain.FindVcpu(vcpu) is null)
            return XenError.NoEntry;
        using (Host.Current.EventBindings.Lock.Enter())
        {
            XenError error = FindFree(out port);
            if (error == XenError.None)
                Set(port, PortBinding.ToIpi(vcpu));
            return error;
        }
    }

    /// <summary>Binds a physical interrupt to a new port: EVTCHNOP_bind_pirq. Other domains may have it too if all of them say that they share.</summary>
    public XenError BindPirq(uint pirq, bool shares, out uint port)
    {
        port = 0;
        PirqTable pirqs = _domain.Pirqs;
        if (pirq >= PirqTable.Count)
            return XenError.Invalid;
        if (!pirqs.IsMapped(pirq))
            return XenError.NotPermitted;
        using (Host.Current.EventBindings.Lock.Enter())
        {
            if (pirqs.PortOf(pirq) != 0)
                return XenError.Exists;
            XenError error = FindFree(out port);
            if (error != XenError.None)
                return error;
            Set(port, PortBinding.ToPirq(pirq));
            error = pirqs.Bind(pirq, port, shares);
            if (error != XenError.None)
                Set(port, default);
            return error;
        }
    }

    /// <summary>Moves a port's events to another vCPU: EVTCHNOP_bind_vcpu. Interrupts that belong to one vCPU stay where they are; a device's are sent to its CPU.</summary>
    public XenError BindVcpu(uint port, uint vcpu)
    {
        if (_domain.FindVcpu(vcpu) is null)
            return XenError.NoEntry;
        using (Host.Current.EventBindings.Lock.Enter())
        {
            PortBinding binding = At(port);
            bool movable = binding.State switch
            {
                EventChannelState.Unbound or EventChannelState.Interdomain or EventChannelState.Pirq => true,
                EventChannelState.Virq => EventBindings.IsGlobal(binding.Value),
                _ => false,
            };
            if (!movable)
                return XenError.Invalid;
            Set(port, binding.WithVcpu(vcpu));
            if (binding.State == EventChannelState.Pirq && _domain.FindVcpu(vcpu) is Vcpu target)
                _domain.Pirqs.Follow(binding.Value, target);
            return XenError.None;
        }
    }

    /// <summary>Ends what a port is bound to: EVTCHNOP_close. The other end of a pair waits for this domain again.</summary>
    public XenError Close(uint port)
    {
        using (Host.Current.EventBindings.Lock.Enter())
            return CloseLocked(port);
    }

    /// <summary>What a port is bound to: EVTCHNOP_status. Domain and port are the caller's input and stay.</summary>
    public XenError Describe(ref EventChannelStatus status)
    {
        if (!IsValid(status.Port))
            return XenError.Invalid;
        PortBinding binding = At(status.Port);
        status.Status = (uint)binding.State;
        status.Vcpu = binding.Vcpu;
        switch (binding.State)
        {
            case EventChannelState.Unbound:
                status.UnboundDom = binding.Domain;
                break;
            case EventChannelState.Interdomain:
                status.InterdomainDom = binding.Domain;
                status.InterdomainPort = binding.Value;
                break;
            case EventChannelState.Pirq:
                status.Pirq = binding.Value;
                break;
            case EventChannelState.Virq:
                status.Virq = binding.Value;
                break;
        }
        return XenError.None;
    }

    /// <summary>
    /// Closes some ports: EVTCHNOP_reset, and the end of a domain. <see cref="XenError.Restart"/> asks to be called again with
    /// <paramref name="resuming"/> set; <see cref="XenError.Busy"/> means that another reset is under way, or none that could go on.
    /// </summary>
    public XenError Reset(bool resuming)
    {
        using (Host.Current.EventBindings.Lock.Enter())
        {
            if (resuming == (_resetAt == 0))
                return XenError.Busy;
            uint port = resuming ? _resetAt : 1;
            for (uint end = Math.Min(_validPorts, port + PortsPerBucket); port < end; port++)
                CloseLocked(port);
            _resetAt = port < _validPorts ? port : 0;
            return _resetAt == 0 ? XenError.None : XenError.Restart;
        }
    }

    /// <summary>Closes all ports of a domain that is dying, in steps.</summary>
    internal XenError CloseAll(ref StepBudget budget)
    {
        while (_closedBelow < _validPorts)
        {
            if (budget.IsSpent)
                return XenError.Restart;
            using (Host.Current.EventBindings.Lock.Enter())
            {
                for (uint end = _closedBelow + PortsPerBucket; _closedBelow < end; _closedBelow++)
                    CloseLocked(_closedBelow);
            }
            budget.Step();
        }
        return XenError.None;
    }

    /// <summary>Frees the frames of a domain that nobody can find any more.</summary>
    internal void FreeFrames(PageAllocator allocator)
    {
        for (int i = 0; i < _frames.Length; i++)
        {
            if (_frames[i].Count != 0)
                allocator.Free(_frameNumbers[i], 0);
            _frames[i] = default;
        }
    }

    private XenError CloseLocked(uint port)
    {
        PortBinding binding = At(port);
        switch (binding.State)
        {
            case EventChannelState.Closed:
                return XenError.Invalid;
            case EventChannelState.Virq:
                if (_domain.FindVcpu(binding.Vcpu) is Vcpu vcpu)
                    Volatile.Write(ref PortOfVirq(vcpu, binding.Value), 0);
                break;
            case EventChannelState.Pirq:
                _domain.Pirqs.Unbind(binding.Value);
                break;
            case EventChannelState.Interdomain:
                if (Remote(binding) is Domain remote)
                    remote.Events.Set(binding.Value, remote.Events.At(binding.Value).Disconnected());
                break;
        }
        Set(port, default);
        if (_domain.SharedInfo.Exists)
            _domain.SharedInfo.TestAndClearBit(PendingOffset, port);
        _lowestFree = Math.Min(_lowestFree, port);
        return XenError.None;
    }

    /// <summary>A global VIRQ belongs to the domain, wherever its events have been moved.</summary>
    private ref uint PortOfVirq(Vcpu vcpu, uint virq)
    {
        if (EventBindings.IsGlobal(virq))
            return ref _globalVirqs[(int)virq];
        return ref vcpu.VirqPorts[(int)virq];
    }

    private XenError FindFree(out uint port)
    {
        port = 0;
        if (_domain.State != DomainState.Alive)
            return XenError.Invalid;
        for (port = _lowestFree; port < MaxPorts; port++)
        {
            if (At(port).State == EventChannelState.Closed)
            {
                if (!TryAddFrame(port))
                    return XenError.NoMemory;
                _lowestFree = port;
                if (port >= _validPorts)
                    Volatile.Write(ref _validPorts, port / PortsPerBucket * PortsPerBucket + PortsPerBucket);
                return XenError.None;
            }
        }
        port = 0;
        return XenError.NoSpace;
    }

    /// <summary>Makes the frame exist that holds what a port is bound to.</summary>
    private bool TryAddFrame(uint port)
    {
        ref Table<ulong> frame = ref _frames[port / PortsPerFrame];
        if (frame.Count != 0)
            return true;
        if (!Host.Current.Memory.Allocator.TryAllocate(0, AllocationFlags.Zeroed, out Mfn fresh, out int note))
            return false;
        Table<ulong> table = Table<ulong>.Over(fresh.Address, PortsPerFrame);
        ref Mfn number = ref _frameNumbers[port / PortsPerFrame];
        PerCpu.Ledger.Strike(note);
        number = fresh;
        frame = table;
        return true;
    }

    private void Set(uint port, PortBinding binding) => Volatile.Write(ref _frames[port / PortsPerFrame][port % PortsPerFrame], binding.Bits);
}
