// A small host for trap injection: dom0, a domain that is served and will not survive it (the victim), and one that has dealings with it (the peer). All are made and destroyed as
// the hypervisor does it, on page tables of their own. The same steps lead to the same state, so a call can be repeated and trapped a little later each time.

using System.Reflection;
using Xenith.Abi;
using Xenith.Hypervisor;
using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Hypercalls;
using Xenith.Hypervisor.Interrupts;
using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Hypervisor.Time;
using Xenith.Machine;
using Xenith.Machine.Simulation;
using Xenith.Tests.Hosted;

namespace Xenith.Tests.Faults;

internal sealed class FaultWorld : IDisposable
{
    /// <summary>Where the victim's pages are mapped, one after the other; then its L1 table, read-only.</summary>
    public const ulong Base = 0xffff_ffff_8000_0000;
    public const int MappedPages = 24, SparePages = 12;
    public const ulong L1View = Base + MappedPages * 4096UL;

    /// <summary>Arguments are passed in pages 0 and 1; page 2 is the kernel's stack, page 3 its code.</summary>
    public const ulong Arguments = Base, More = Base + 0x1000, Stack = Base + 0x2000, Code = Base + 0x3000, Handler = Code + 0x800;

    /// <summary>A slot of the L1 table that maps nothing.</summary>
    public const int EmptySlot = 64;

    public const ushort VictimId = 5, PeerId = 2;
    public const ulong Writable = PageFlags.Present | PageFlags.Writable | PageFlags.User, ReadOnly = PageFlags.Present | PageFlags.User;

    private const ulong MemoryBytes = 8UL << 20, FrameTableAt = 0x40_0000, M2PAt = 0x48_0000, FirstFree = 0x500, Frames = MemoryBytes / AddressSpace.PageSize;

    private static readonly FrameEntry s_leave = HostedHypervisor.Entry<FrameEntry>("hv_leave"), s_interrupt = HostedHypervisor.Entry<FrameEntry>("hv_interrupt");
    private static readonly FrameEntry s_guestTrap = HostedHypervisor.Entry<FrameEntry>("hv_guest_trap");
    private static readonly OwnTrapEntry s_ownTrap = HostedHypervisor.Entry<OwnTrapEntry>("hv_own_trap");
    private static readonly HypercallEntry s_hypercall = HostedHypervisor.Entry<HypercallEntry>("hv_hypercall");

    private readonly SimulatedCpu.Scope _scope;

    public FaultWorld(bool privileged)
    {
        Machine = new SimulatedMachine(MemoryBytes);
        _scope = Cpu.Enter();
        Descriptors.InitializeCpu(0);
        Xenith.Machine.Cpu.WriteCr4(Xenith.Machine.Cpu.ReadCr4() | Cr4.OsXsave);
        var frames = FrameTable.Create(FrameTableAt, Frames);
        var m2p = Table<ulong>.Over(M2PAt, Frames);
        for (ulong i = 0; i < Frames; i++)
            m2p[i] = MachineToPhysical.InvalidEntry;
        var allocator = new PageAllocator(frames, NumaTopology.OneNode(Frames));
        allocator.AddRange(FirstFree, Frames - FirstFree);
        var early = new EarlyMemory();
        early.Add(0x4a_0000, 0x4f_0000);
        Require(HypervisorAddressSpace.TryMapDevice(early, 0, 0xfee0_0000, out MmioRegion apic));
        Host = new Host(new ConsoleLog(new SerialPort(0x3f8, 115200)), new MachineMemory(frames, m2p, allocator), new SystemTime(1_000_000_000),
            new InterruptControllers(new Hypervisor.Interrupts.LocalApic(apic)), new());
        Host.Interrupts.LocalApic.SetFrequency(1_000_000_000);
        PerCpu.SetContext(new Pcpu(Host, 0));
        Pcpu.Current.Identify();
        Host.Pcpus.SetOnline(0, true);
        HypervisorEntries entries = Machine.Entries;
        (entries.Leave, entries.Interrupt, entries.GuestTrap, entries.Hypercall) = (s_leave, s_interrupt, s_guestTrap, s_hypercall);
        entries.OwnTrap = OwnTrap;

        Dom0 = NewDomain(0, true, 1);
        BuildPageTables(Dom0, [], out _, out _, out _);
        Peer = NewDomain(PeerId, false, 1);
        Victim = NewDomain(VictimId, privileged, 2);
        BuildPageTables(Victim, Pages, out Mfn root, out Mfn l2, out Mfn l1);
        (Root, L2, L1) = (root, l2, l1);
        for (int i = 0; i < SparePages; i++)
            Spare.Add(NewFrame(Victim));
        GiveSomethingToEachOther();

        Vcpu.IsInitialised = true;
        Vcpu.Pv.KernelSp = Stack + 0x1000;
        ref GuestFrame frame = ref Vcpu.Registers;
        (frame.Rip, frame.Rsp, frame.Rflags) = (Code, Stack + 0x800, Rflags.Interrupt | Rflags.AlwaysOne);
        (frame.Cs, frame.Ss) = (Selectors.Ring3Code64, Selectors.Ring3Data);
        Dom0.Vcpus[0]!.Registers = frame;
        Dom0.Vcpus[0]!.IsInitialised = true;
        Vcpu.Scheduling.Up();
        Cpu.Boot(Xenith.Machine.Cpu.StartScheduling);
        Require(Pcpu.Current.Served == Vcpu);
    }

    public SimulatedMachine Machine { get; }

    public SimulatedCpu Cpu => Machine.Cpus[0];

    public Host Host { get; }

    public Domain Dom0 { get; }

    public Domain Peer { get; }

    public Domain Victim { get; }

    /// <summary>The victim's vCPU that runs.</summary>
    public Vcpu Vcpu => Victim.Vcpus[0]!;

    /// <summary>The victim's mapped pages, and frames that it has not mapped.</summary>
    public List<Mfn> Pages { get; } = [];

    public List<Mfn> Spare { get; } = [];

    /// <summary>The tables that map them.</summary>
    public Mfn Root { get; }

    public Mfn L2 { get; }

    public Mfn L1 { get; }

    /// <summary>What the peer lends to the victim: by references 8 (for writing) and 9 (for reading).</summary>
    public Mfn Lent { get; private set; }

    /// <summary>Ports of the peer: one that waits for the victim, and one that is connected with <see cref="ConnectedPort"/> of the victim.</summary>
    public uint WaitingPort { get; private set; }

    public uint ConnectedPort { get; private set; }

    /// <summary>How many traps the hypervisor has contained.</summary>
    public int Traps { get; private set; }

    public static ulong Page(int number) => Base + (ulong)number * 4096;

    public void Write<T>(ulong address, T value) where T : unmanaged => Require(Cpu.TryWriteAsUser(address, value));

    public T Read<T>(ulong address) where T : unmanaged
    {
        Require(Cpu.TryReadAsUser(address, out T value));
        return value;
    }

    public long Call(HypercallNumber number, ulong a1 = 0, ulong a2 = 0, ulong a3 = 0, ulong a4 = 0) => Cpu.Hypercall((ulong)number, a1, a2, a3, a4);

    /// <summary>A call whose argument is a structure in memory.</summary>
    public long Call<T>(HypercallNumber number, uint command, T argument) where T : unmanaged
    {
        Write(Arguments, argument);
        return Call(number, command, Arguments, 1);
    }

    /// <summary>Makes the frame into what an L1 table with a few mappings would be.</summary>
    public Mfn TableOf(int spare, int entries = 6)
    {
        for (int i = 0; i < entries; i++)
            PageTableView.At(Spare[spare]).Write(i * 3, new PageTableEntry(Pages[10 + i], i % 2 == 0 ? Writable : ReadOnly));
        return Spare[spare];
    }

    /// <summary>A root that maps what the present one maps.</summary>
    public Mfn AnotherRoot(int spare)
    {
        int index = AddressSpace.TableIndex(Base, 4);
        PageTableView.At(Spare[spare]).Write(index, PageTableView.At(Root)[index]);
        return Spare[spare];
    }

    /// <summary>The victim's end, as the toolstack would bring it about. False if it does not come to an end.</summary>
    public bool TryDestroyVictim()
    {
        if (Pcpu.Current.Loaded?.Domain == Victim && !Pcpu.Current.IsIdle)
            Cpu.Hypercall(FaultInjection.Bounds);
        for (int calls = 0; calls < 2000; calls++)
        {
            var budget = new StepBudget(null);
            XenError error = DomainLife.Destroy(Victim, ref budget);
            Pass();
            if (error == XenError.None)
            {
                Pass();
                Pass();
                return true;
            }
        }
        return false;
    }

    public void Dispose()
    {
        _scope.Dispose();
        Machine.Dispose();
    }

    public static void Require(bool holds, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(holds))] string? what = null)
    {
        if (!holds)
            throw new InvalidOperationException(what);
    }

    /// <summary>The hypervisor's own handler; after it dom0 has something to do, so that the CPU finds somebody to run.</summary>
    private byte OwnTrap(ref GuestFrame frame)
    {
        Traps++;
        byte goOn = s_ownTrap(ref frame);
        if (goOn != 0)
            WakeDom0();
        return goOn;
    }

    public void WakeDom0()
    {
        if (!Dom0.Vcpus[0]!.Scheduling.IsRunnable)
            Dom0.Vcpus[0]!.Scheduling.Up();
    }

    private void Pass()
    {
        Host.Grace.Pass(Pcpu.Current);
        Host.Reaper.Work(Host);
    }

    private Domain NewDomain(ushort id, bool privileged, uint vcpus)
    {
        Require(DomainLife.Create(Host, id, privileged, vcpus, out Domain? domain) == XenError.None);
        domain!.Pages.MaxPages = 96;
        domain.VmAssist = 1UL << (int)VmAssistType.WritablePageTables;
        for (uint i = 0; i < vcpus; i++)
            Require(DomainLife.AddVcpu(Host, domain, i, out _) == XenError.None);
        return domain;
    }

    private static Mfn NewFrame(Domain domain)
    {
        Require(domain.Pages.TryAllocate(0, AllocationFlags.Zeroed, out Mfn frame));
        return frame;
    }

    private static void BuildPageTables(Domain domain, List<Mfn> pages, out Mfn root, out Mfn l2, out Mfn l1)
    {
        const ulong kernel = PageFlags.Present | PageFlags.Writable;
        root = NewFrame(domain);
        Mfn l3 = NewFrame(domain);
        l2 = NewFrame(domain);
        l1 = NewFrame(domain);
        for (int i = 0; i < MappedPages; i++)
        {
            pages.Add(NewFrame(domain));
            PageTableView.At(l1).Write(i, new PageTableEntry(pages[i], kernel));
        }
        PageTableView.At(l1).Write(MappedPages, new PageTableEntry(l1, PageFlags.Present));
        PageTableView.At(root).Write(AddressSpace.TableIndex(Base, 4), new PageTableEntry(l3, kernel));
        PageTableView.At(l3).Write(AddressSpace.TableIndex(Base, 3), new PageTableEntry(l2, kernel));
        PageTableView.At(l2).Write(AddressSpace.TableIndex(Base, 2), new PageTableEntry(l1, kernel));
        Require(MmuOperations.PinInitialRoot(domain.Vcpus[0]!, root) == XenError.None);
    }

    private void GiveSomethingToEachOther()
    {
        Lent = NewFrame(Peer);
        foreach (Domain domain in new[] { Peer, Victim })
            Require(domain.Grants.Grow(1) == XenError.None);
        Grant(Peer, 8, VictimId, Lent, 0);
        Grant(Peer, 9, VictimId, NewFrame(Peer), GrantEntryFlags.Readonly);
        Grant(Victim, 8, PeerId, Spare[SparePages - 1], 0);
        Require(Peer.Events.AllocateUnbound(VictimId, out uint waiting) == XenError.None);
        Require(Peer.Events.AllocateUnbound(VictimId, out uint other) == XenError.None);
        Require(Victim.Events.BindInterdomain(Peer, other, out uint connected) == XenError.None);
        (WaitingPort, ConnectedPort) = (waiting, connected);
    }

    private static void Grant(Domain granter, uint reference, ushort grantee, Mfn frame, GrantEntryFlags flags)
    {
        SharedArea table = SharedArea.Page(granter.Grants.FrameAt(0));
        table.Store32(reference * 8 + 4, (uint)frame.Value);
        table.Store32(reference * 8, (uint)(GrantEntryFlags.PermitAccess | flags) | (uint)grantee << 16);
    }
}
