using Xenith.Hypervisor.Boot;
using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Events;
using Xenith.Hypervisor.Hypercalls;
using Xenith.Hypervisor.Interrupts;
using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Pools;
using Xenith.Hypervisor.Scheduling;
using Xenith.Hypervisor.Speculation;
using Xenith.Hypervisor.Time;
using Xenith.Machine;

namespace Xenith.Hypervisor;

/// <summary>
/// The whole state of one hypervisor. Nothing in this assembly is a mutable static: everything is reached from here, and here from the
/// CPU's record. So many hosts can live in one test process, and no constructor order exists.
/// </summary>
public sealed class Host
{
    /// <summary>Brings the parts together; they were made in this order while booting.</summary>
    public Host(ConsoleLog log, MachineMemory memory, SystemTime time, InterruptControllers interrupts, PlatformInformation platform)
    {
        Log = log;
        Memory = memory;
        Time = time;
        Interrupts = interrupts;
        Platform = platform;
        Domains = new DomainTable();
        Scheduler = new Credit(new PcpuMachine(Pcpus));
        Vectors = new VectorFormat();
        Pci = new PciDevices(PairedPorts);
        CpuCalls = new CpuCalls(this);
    }

    /// <summary>The host that this CPU belongs to.</summary>
    public static Host Current => Pcpu.Current.Host;

    /// <summary>The hypervisor's console: ring buffer, serial line, levels.</summary>
    public ConsoleLog Log { get; }

    /// <summary>Frame table, page allocator and machine-to-physical table.</summary>
    public MachineMemory Memory { get; }

    /// <summary>System time, wall clock and the platform timer.</summary>
    public SystemTime Time { get; }

    /// <summary>Local APIC, IO-APICs and physical IRQs.</summary>
    public InterruptControllers Interrupts { get; }

    /// <summary>Who decides which vCPU runs on which CPU.</summary>
    public Scheduler Scheduler { get; }

    /// <summary>How vector registers are saved.</summary>
    public VectorFormat Vectors { get; }

    /// <summary>Measures against speculation.</summary>
    public SpeculationSetup Speculation { get; init; } = new();

    /// <summary>All domains.</summary>
    public DomainTable Domains { get; }

    /// <summary>The end of domains.</summary>
    public DomainReaper Reaper { get; } = new();

    /// <summary>Waits until no CPU uses what it found before.</summary>
    public GracePeriod Grace { get; } = new();

    /// <summary>Where domains and vCPUs come from.</summary>
    public ObjectPools Pools { get; } = new();

    /// <summary>What is typed on the serial lines, for dom0 or as debug keys.</summary>
    public ConsoleInput ConsoleInput { get; } = new();

    /// <summary>What debug keys have switched.</summary>
    internal DebugKeyState KeyState { get; } = new();

    /// <summary>The lock of all event channels, and who gets the global VIRQs.</summary>
    public EventBindings EventBindings { get; } = new();

    /// <summary>PCI functions that dom0 has reported, and their configuration space.</summary>
    public PciDevices Pci { get; }

    /// <summary>Which hypercalls that are not written have been asked for.</summary>
    public UnimplementedLog Unimplemented { get; } = new();

    /// <summary>The physical CPUs: who exists, who is online.</summary>
    public PcpuTable Pcpus { get; } = new();

    /// <summary>Number + 1 of the CPU that ends the host, 0 while none does. The others stop when their NMI comes.</summary>
    internal int EndingCpu;

    /// <summary>Number + 1 of the CPU that is going offline or coming online, 0 if none is.</summary>
    internal int ChangingCpu;

    /// <summary>How many have stopped.</summary>
    internal int StoppedCpus;

    /// <summary>How the CPUs but the first are started.</summary>
    public SecondaryStart Secondary { get; internal init; } = new();

    /// <summary>Work that CPUs ask of each other.</summary>
    public CpuCalls CpuCalls { get; }

    /// <summary>What firmware and boot loader told us and later code still needs: memory map, ACPI tables, command lines.</summary>
    public PlatformInformation Platform { get; }

    /// <summary>Whether idle CPUs zero free memory. Without, it is zeroed when it is allocated.</summary>
    public bool ScrubsWhenIdle { get; set; }

    /// <summary>PCI configuration space and CMOS, behind pairs of ports.</summary>
    public Paravirtual.PairedPorts PairedPorts { get; } = new();
}
