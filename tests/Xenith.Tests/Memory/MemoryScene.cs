// A host with its memory subsystem on a simulated machine, and two domains with a few pages: for tests that call the memory code directly.

using Xenith.Hypervisor;
using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Interrupts;
using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Time;
using Xenith.Machine;
using Xenith.Machine.Simulation;

namespace Xenith.Tests.Memory;

internal sealed class MemoryScene : IDisposable
{
    private const ulong MemoryBytes = 8UL << 20;

    /// <summary>Frames that have an entry but no RAM behind them: touching one is a trap.</summary>
    public const ulong FirstHollow = MemoryBytes / AddressSpace.PageSize;

    private const ulong Frames = FirstHollow + 16;
    private const ulong FrameTableAt = 0x40_0000, M2PAt = 0x48_0000, FirstFree = 0x500;

    private readonly SimulatedCpu.Scope _scope;

    public MemoryScene(int vcpus = 2)
    {
        Machine = new SimulatedMachine(MemoryBytes);
        _scope = Cpu.Enter();
        var frames = FrameTable.Create(FrameTableAt, Frames);
        var m2p = Table<ulong>.Over(M2PAt, Frames);
        for (ulong i = 0; i < Frames; i++)
            m2p[i] = MachineToPhysical.InvalidEntry;
        var allocator = new PageAllocator(frames, NumaTopology.OneNode(Frames));
        allocator.AddRange(FirstFree, FirstHollow - FirstFree);
        TotalFrames = FirstHollow - FirstFree;
        ulong registers = AddressSpace.DeviceMappings;
        var early = new EarlyMemory();
        early.Add(0x4a_0000, 0x4f_0000);
        if (!HypervisorAddressSpace.TryMapDevice(early, 0, 0xfee0_0000, out MmioRegion apic))
            throw new InvalidOperationException($"no local APIC at 0x{registers:x}");
        Host = new Host(new ConsoleLog(new SerialPort(0x3f8, 115200)), new MachineMemory(frames, m2p, allocator), new SystemTime(1_000_000_000),
            new InterruptControllers(new Hypervisor.Interrupts.LocalApic(apic)), new());
        PerCpu.SetContext(new Pcpu(Host, 0));
        Domain = NewDomain(1, vcpus);
        Other = NewDomain(2, 1);
        Serve(Domain.Vcpus[0]!);
    }

    public SimulatedMachine Machine { get; }

    public SimulatedCpu Cpu => Machine.Cpus[0];

    public Host Host { get; }

    public MachineMemory Memory => Host.Memory;

    public PageTypes Types => Host.Memory.Types;

    public FrameTable FrameTable => Host.Memory.Frames;

    /// <summary>Frames that the allocator was given.</summary>
    public ulong TotalFrames { get; }

    public Domain Domain { get; }

    public Domain Other { get; }

    public Vcpu Vcpu => Pcpu.Current.Loaded!;

    public Domain NewDomain(ushort id, int vcpus, bool privileged = false)
    {
        var domain = new Domain(id, privileged, (uint)vcpus);
        domain.Pages.MaxPages = 4096;
        for (uint i = 0; i < vcpus; i++)
            domain.Vcpus[i] = new Vcpu(domain, i);
        Host.Domains.Add(domain);
        return domain;
    }

    public void Serve(Vcpu vcpu) => Pcpu.Current.Loaded = vcpu;

    /// <summary>Every budget is spent after one step, or none ever is.</summary>
    public void Hurry(bool hurry)
    {
        PerCpu.TakeWork(uint.MaxValue);
        if (hurry)
            PerCpu.RaiseWork(PendingWork.Schedule);
    }

    public StepBudget Budget() => new(Vcpu);

    /// <summary>A zeroed frame of a domain.</summary>
    public Mfn NewFrame(Domain? domain = null) =>
        (domain ?? Domain).Pages.TryAllocate(0, AllocationFlags.None, out Mfn frame) ? frame : throw new InvalidOperationException("no memory");

    /// <summary>Writes an entry into a frame as its owner would that has it mapped writable.</summary>
    public void Write(Mfn table, int index, Mfn frame, ulong flags) => PageTableView.At(table).Write(index, new PageTableEntry(frame, flags));

    public ref FrameInfo Info(Mfn frame) => ref Memory.Frames[frame];

    public uint ReferencesOf(Mfn frame) => unchecked((uint)Info(frame).Count);

    public uint TypeReferencesOf(Mfn frame) => TypeBits.ReferencesOf(Info(frame).Type);

    public PageType TypeOf(Mfn frame) => TypeBits.TypeOf(Info(frame).Type);

    /// <summary>Ends the domain: roots, tables, frames. Returns what is left when nobody can do more.</summary>
    public ulong Destroy(Domain domain)
    {
        foreach (Vcpu? vcpu in domain.Vcpus)
        {
            StepBudget budget = Budget();
            while (Hypervisor.Paravirtual.MmuOperations.DropRoots(vcpu!, ref budget) == XenError.Restart)
                budget = Budget();
        }
        XenError error;
        do
        {
            StepBudget budget = Budget();
            error = domain.Pages.Relinquish(ref budget);
        }
        while (error == XenError.Restart);
        return domain.Pages.TotalPages;
    }

    public void Dispose()
    {
        _scope.Dispose();
        Machine.Dispose();
    }
}
