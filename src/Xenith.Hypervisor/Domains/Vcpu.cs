using Xenith.Hypervisor.Events;
using Xenith.Hypervisor.Hypercalls;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Hypervisor.Pools;
using Xenith.Hypervisor.Scheduling;
using Xenith.Hypervisor.Time;
using Xenith.Machine;

namespace Xenith.Hypervisor.Domains;

/// <summary>A virtual CPU.</summary>
public sealed class Vcpu : Pooled
{
    /// <summary>The registers while the vCPU is not loaded on any CPU; while it is, they are in the CPU's frame.</summary>
    public GuestFrame Registers;

    /// <summary>The port of each virtual interrupt that the vCPU has for itself; 0 if it is not bound. See <see cref="EventChannels"/>.</summary>
    internal VirqPorts VirqPorts;

    /// <summary>Makes a vCPU that is down. A pool runs this in the same place again and again: it makes the same objects each time.</summary>
    public Vcpu(Domain domain, uint id)
    {
        Domain = domain;
        Id = id;
        Pv = new PvVcpu();
        Timers = new VcpuTimers(this);
        Scheduling = new VcpuScheduling(this);
        Polling = new VcpuPolling(this);
    }

    /// <summary>Its domain.</summary>
    public Domain Domain { get; }

    /// <summary>Its number in the domain.</summary>
    public uint Id { get; }

    /// <summary>What only vCPUs of paravirtualised domains have: trap table, callbacks, page-table roots.</summary>
    public PvVcpu Pv { get; }

    /// <summary>Periodic and one-shot timer, the registered time areas.</summary>
    public VcpuTimers Timers { get; }

    /// <summary>Runnable, blocked, paused; run-state times.</summary>
    public VcpuScheduling Scheduling { get; }

    /// <summary>A wait for particular event channels.</summary>
    public VcpuPolling Polling { get; }

    /// <summary>Where the vector registers are while the vCPU is not loaded; invalid until the vCPU can run.</summary>
    public Mfn VectorArea { get; internal set; } = Mfn.Invalid;

    /// <summary>The multicall that the vCPU is in.</summary>
    public MulticallState Multicall { get; } = new();

    /// <summary>True once the vCPU has registers to start with.</summary>
    public bool IsInitialised { get; set; }

    /// <summary>The guest's page that vcpu_info was moved to; invalid while it lies in shared_info.</summary>
    public Mfn InfoFrame { get; set; } = Mfn.Invalid;

    /// <summary>vcpu_info (public/xen.h): in shared_info, or where VCPUOP_register_vcpu_info put it.</summary>
    public SharedArea Info { get; set; }

    /// <summary>True if the CPU that asks holds this vCPU's registers and address space.</summary>
    public bool IsCurrent => Pcpu.Current.Loaded == this;
}
