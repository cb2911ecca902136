// A PV guest of one vCPU on a simulated machine, with page tables that the frame table knows: what the tests of traps need around them. The guest is the test itself.

using Xenith.Abi;
using Xenith.Hypervisor;
using Xenith.Hypervisor.Boot;
using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Hypercalls;
using Xenith.Hypervisor.Interrupts;
using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Hypervisor.Time;
using Xenith.Machine;
using Xenith.Machine.Simulation;

namespace Xenith.Tests.Paravirtual;

internal sealed class PvScene : IDisposable
{
    /// <summary>Where the guest's pages lie: code, the kernel's stack, the user's stack and a few for data.</summary>
    public const ulong Base = 0xffff_ffff_8000_0000;
    public const ulong Code = Base, KernelStack = Base + 0x2000, UserStack = Base + 0x3000, Data = Base + 0x4000;

    /// <summary>The L1 table that maps all of this, as the guest sees it: read-only.</summary>
    public const ulong L1View = Base + 0x8000;

    /// <summary>Where the tests' handlers would be.</summary>
    public const ulong Handler = Base + 0x123;

    private const ulong MemoryBytes = 64UL << 20;
    private const ulong Kernel = PageFlags.Present | PageFlags.Writable;

    private readonly SimulatedCpu.Scope _scope;

    public PvScene(bool isPrivileged = false)
    {
        Machine = new SimulatedMachine(MemoryBytes);
        Cpu = Machine.Cpus[0];
        _scope = Cpu.Enter();
        Descriptors.InitializeCpu(0);

        ConsoleLog log = new(new SerialPort(0x3f8, 115200));
        EarlyMemory early = new();
        early.Add(4UL << 20, MemoryBytes);
        Xenith.Machine.Cpu.WriteCr4(Xenith.Machine.Cpu.ReadCr4() | Cr4.OsXsave);
        if (!HypervisorAddressSpace.TryMapDevice(early, 0, LocalApicAddress, out MmioRegion apic))
            throw new InvalidOperationException("no local APIC");
        MachineMemory memory = MemorySetup.Create(log, early, MemoryBytes, NumaTopology.OneNode(MemoryBytes / AddressSpace.PageSize)) ?? throw new InvalidOperationException("no memory");
        Host = new Host(log, memory, new SystemTime(1_000_000_000), new InterruptControllers(new Hypervisor.Interrupts.LocalApic(apic)), new PlatformInformation());
        PerCpu.SetContext(new Pcpu(Host, 0));

        Domain = new Domain((ushort)(isPrivileged ? 0 : 1), isPrivileged, 1);
        Domain.Pages.MaxPages = 1024;
        Assert(HypervisorAddressSpace.CreatePerDomainArea(memory, Domain) == XenError.None);
        Host.Domains.Add(Domain);
        Domain.SharedInfo = SharedArea.Page(NewFrame(ours: false));
        Vcpu = new Vcpu(Domain, 0) { Info = Domain.SharedInfo.Slice(0, 64) };
        Domain.Vcpus[0] = Vcpu;
        Domain.VmAssist = 1UL << (int)VmAssistType.WritablePageTables;
        BuildPageTables();

        PvVcpu pv = Vcpu.Pv;
        pv.KernelSp = KernelStack + 0x1000;
        Cpu.Frame.Rip = Code;
        Cpu.Frame.Rsp = KernelStack + 0x800;
        Cpu.Frame.Rflags = Rflags.Interrupt | Rflags.AlwaysOne;
        Cpu.Frame.Cs = Selectors.Ring3Code64;
        Cpu.Frame.Ss = Selectors.Ring3Data;
        Pcpu.Current.Loaded = Vcpu;
        Vcpu.Scheduling.LoadedOn = (int)Pcpu.Current.Id;
        PvMode.LoadState(Vcpu);
        Machine.Entries.Hypercall = (a1, a2, a3, a4, a5, number) => HypercallTable.Call<Pv64>(a1, a2, a3, a4, a5, number);
        Machine.Entries.GuestTrap = PvEntry.GuestTrap;
    }

    private const ulong LocalApicAddress = 0xfee0_0000;

    public SimulatedMachine Machine { get; }

    public SimulatedCpu Cpu { get; }

    public Host Host { get; }

    public Domain Domain { get; }

    public Vcpu Vcpu { get; }

    /// <summary>The L1 table that maps everything from <see cref="Base"/>.</summary>
    public Mfn L1 { get; private set; }

    /// <summary>A root for user mode, which maps the same pages.</summary>
    public Mfn UserRoot { get; private set; }

    public ref GuestFrame Frame => ref Cpu.Frame;

    public byte Mask
    {
        get => Vcpu.Info.Load8(1);
        set => Vcpu.Info.Store8(1, value);
    }

    /// <summary>Sets a gate of the trap table.</summary>
    public void SetGate(int vector, byte flags = 0, ulong handler = Handler) =>
        Vcpu.Pv.Traps[vector] = new TrapGate { Address = handler, Cs = Selectors.Ring3Code64, Flags = flags };

    /// <summary>Puts the vCPU into user mode.</summary>
    public void EnterUserMode()
    {
        Vcpu.Pv.UserRoot = UserRoot;
        PvMode.ToUser(Vcpu);
        Frame.Rsp = UserStack + 0x700;
    }

    /// <summary>Places code at RIP.</summary>
    public void SetCode(params ReadOnlySpan<byte> code)
    {
        Frame.Rip = Code + 0x100;
        for (int i = 0; i < code.Length; i++)
            Assert(Cpu.TryWriteAsUser(Frame.Rip + (ulong)i, code[i]));
    }

    /// <summary>Reads a word of the guest's memory.</summary>
    public ulong Read(ulong address)
    {
        Assert(Cpu.TryReadAsUser(address, out ulong value));
        return value;
    }

    /// <summary>Where the same pages lie once more after <see cref="MapLow"/>: code with 32-bit addresses can run there.</summary>
    public const ulong Low = 0x40_0000;

    /// <summary>Maps the guest's pages at <see cref="Low"/> too.</summary>
    public void MapLow()
    {
        Mfn l3 = NewFrame(), l2 = NewFrame();
        PageTableView.At(l3).Write(0, new PageTableEntry(l2, Kernel));
        PageTableView.At(l2).Write(AddressSpace.TableIndex(Low, 2), new PageTableEntry(L1, Kernel));
        Assert(PageTableUpdate.UpdateEntry(Vcpu, Domain, Vcpu.Pv.KernelRoot, 0, new PageTableEntry(l3, Kernel), false) == XenError.None);
    }

    /// <summary>Says that the CPU is an Intel one, or an AMD one.</summary>
    public void SetVendor(bool isIntel)
    {
        CpuidResult first = Cpu.Cpuid[(0, 0)];
        (first.Ebx, first.Edx, first.Ecx) = isIntel ? (0x756e_6547u, 0x4965_6e69u, 0x6c65_746eu) : (0x6874_7541u, 0x6974_6e65u, 0x444d_4163u);
        Cpu.Cpuid[(0, 0)] = first;
    }

    /// <summary>
    /// Makes a hypercall while something else waits for the CPU all the time, so that it stops wherever it may, and again until it is done. Returns its last result, and how often it
    /// was made.
    /// </summary>
    public (long Result, int Calls) CallInSteps(HypercallNumber number, ulong a1 = 0, ulong a2 = 0, ulong a3 = 0, ulong a4 = 0)
    {
        ulong rip = Frame.Rip;
        for (int calls = 1; calls < 10_000; calls++)
        {
            PerCpu.RaiseWork(PendingWork.Schedule);
            long result = Cpu.Hypercall((ulong)number, a1, a2, a3, a4);
            if (Frame.Rip == rip)
                return (result, calls);
            Assert(Frame.Rip == rip - 2 && result == (long)number);
            Frame.Rip = rip;
            (a1, a2, a3, a4) = (Frame.Rdi, Frame.Rsi, Frame.Rdx, Frame.R10);
        }
        throw new InvalidOperationException("the call does not end");
    }

    /// <summary>Raises an exception in the guest, and says whether its handler is what runs next.</summary>
    public bool Trap(int vector, uint error = 0)
    {
        Cpu.GuestTrap(vector, error);
        return Frame.Rip == Handler;
    }

    public void Dispose()
    {
        _scope.Dispose();
        Machine.Dispose();
    }

    private static void Assert(bool holds)
    {
        if (!holds)
            throw new InvalidOperationException("the scene could not be set");
    }

    private Mfn NewFrame(bool ours = true)
    {
        Assert(ours
            ? Domain.Pages.TryAllocate(0, AllocationFlags.Zeroed, out Mfn frame)
            : Host.Memory.Allocator.TryAllocate(0, AllocationFlags.Zeroed, out frame));
        return frame;
    }

    private void BuildPageTables()
    {
        L1 = NewFrame();
        for (int i = 0; i < 8; i++)
            PageTableView.At(L1).Write(i, new PageTableEntry(NewFrame(), Kernel));
        PageTableView.At(L1).Write(8, new PageTableEntry(L1, PageFlags.Present));
        Mfn l3 = NewFrame(), l2 = NewFrame();
        PageTableView.At(l3).Write(AddressSpace.TableIndex(Base, 3), new PageTableEntry(l2, Kernel));
        PageTableView.At(l2).Write(AddressSpace.TableIndex(Base, 2), new PageTableEntry(L1, Kernel));
        Mfn root = NewRoot(l3);
        UserRoot = NewRoot(l3);
        Assert(MmuOperations.PinInitialRoot(Vcpu, root) == XenError.None);
        StepBudget budget = new(null);
        Assert(Host.Memory.Types.Pin(UserRoot, 4, Domain, ref budget) == XenError.None);
    }

    private Mfn NewRoot(Mfn l3)
    {
        Mfn root = NewFrame();
        PageTableView.At(root).Write(AddressSpace.TableIndex(Base, 4), new PageTableEntry(l3, Kernel));
        return root;
    }
}
