using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Events;
using Xenith.Hypervisor.Grants;
using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Hypervisor.Pools;
using Xenith.Hypervisor.Scheduling;
using Xenith.Hypervisor.Time;
using Xenith.Machine;

namespace Xenith.Hypervisor.Domains;

/// <summary>A virtual machine: a set of vCPUs, memory, event channels and grants under one id.</summary>
public sealed partial class Domain : Pooled
{
    /// <summary>vCPUs that a domain can have.</summary>
    public const uint MostVcpus = 256;

    /// <summary>The next domain on a list of the reaper.</summary>
    internal Domain? NextDead;

    /// <summary>Makes a domain without memory and vCPUs. A pool runs this in the same place again and again: it makes the same objects each time.</summary>
    public Domain(ushort id, bool privileged, uint maxVcpus)
    {
        Id = id;
        IsPrivileged = privileged;
        Vcpus = ObjectMemory.Shorten(new Vcpu?[MostVcpus], maxVcpus);
        Pages = new DomainPages(this);
        MemoryMap = new DomainMemoryMap();
        Events = new EventChannels(this);
        Pirqs = new PirqTable(this);
        Grants = new GrantTable(this);
        Console = new GuestConsoleOutput(id);
        Watchdogs = new Watchdogs(this);
        Pv = new PvDomain();
    }

    /// <summary>Domain id, 0 for dom0.</summary>
    public ushort Id { get; }

    /// <summary>Names this domain, and no other that has its id before or after.</summary>
    public DomainHandle Handle => new(Id, Generation);

    /// <summary>True for the control and hardware domain.</summary>
    public bool IsPrivileged { get; }

    /// <summary>The vCPUs by id; null where none was made.</summary>
    public Vcpu?[] Vcpus { get; }

    /// <summary>The domain's memory: page list, counts, limits.</summary>
    public DomainPages Pages { get; }

    /// <summary>What the domain is told about its address ranges.</summary>
    public DomainMemoryMap MemoryMap { get; }

    /// <summary>Event channels.</summary>
    public EventChannels Events { get; }

    /// <summary>Physical interrupts that the domain may bind.</summary>
    public PirqTable Pirqs { get; }

    /// <summary>Emergency output.</summary>
    public GuestConsoleOutput Console { get; }

    /// <summary>Watchdog timers.</summary>
    public Watchdogs Watchdogs { get; }

    /// <summary>Grant table.</summary>
    public GrantTable Grants { get; }

    /// <summary>What only paravirtualised domains have.</summary>
    public PvDomain Pv { get; }

    /// <summary>Frame of the shared_info page, owned by the hypervisor and mapped by the guest.</summary>
    public Mfn SharedInfoFrame { get; set; } = Mfn.Invalid;

    /// <summary>The shared_info page (public/xen.h).</summary>
    public SharedArea SharedInfo { get; set; }

    /// <summary>What the scheduler keeps for the domain: weight, cap. Null until its first vCPU is made.</summary>
    public SchedulingDomain? Share { get; internal set; }

    /// <summary>Set once the domain has asked to be shut down or has crashed; the reason is in <see cref="ShutdownReason"/>.</summary>
    public bool IsShutDown { get; set; }

    /// <summary>SHUTDOWN_* of public/sched.h.</summary>
    public uint ShutdownReason { get; set; }

    /// <summary>A trap of ours ended it: references that were on their way somewhere may be nobody's now, and its end counts anew (<see cref="DomainPages.Relinquish"/>).</summary>
    internal bool IsSuspect { get; set; }

    /// <summary>True while others may take references to its memory. A domain whose end counts what others hold gives no more.</summary>
    internal bool GivesReferences => !IsSuspect || State == DomainState.Alive;

    /// <summary>vm_assist types that are on, as bits.</summary>
    public ulong VmAssist { get; set; }

    /// <summary>UUID, 16 bytes as two words.</summary>
    public ulong HandleLow { get; set; }

    /// <summary>Second half of the UUID.</summary>
    public ulong HandleHigh { get; set; }

    /// <summary>A vCPU by id, or null.</summary>
    public Vcpu? FindVcpu(ulong id) => id < (ulong)Vcpus.Length ? Vcpus[(int)id] : null;
}
