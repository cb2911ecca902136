// The whole hypervisor in the test's process: the same sources that make the image, booted on a simulated machine as a boot loader would boot them. After
// that the test stands where dom0's kernel stands: it makes hypercalls and reads and writes memory through the page tables it was given.

using System.Reflection;
using System.Runtime;
using Xenith.Abi;
using Xenith.Hypervisor;
using Xenith.Machine;
using Xenith.Machine.Simulation;

namespace Xenith.Tests.Hosted;

/// <summary>A booted hypervisor; the thread is its CPU 0 and dom0's kernel.</summary>
internal sealed class HostedHypervisor : IDisposable
{
    private readonly SimulatedCpu.Scope _scope;

    public HostedHypervisor(string commandLine = "loglvl=all", string kernelArguments = "console=hvc0", ulong memory = 256UL << 20, int cpus = 1, Action<SimulatedMachine>? prepare = null,
        params (string Signature, byte[] Body)[] tables)
    {
        Machine = new SimulatedMachine(memory, cpus);
        Firmware.Write(Machine, TestKernel.Create(), commandLine, kernelArguments, tables);
        prepare?.Invoke(Machine);
        _scope = Cpu.Enter();
        Start(Machine);
        StartInfoAddress = Cpu.Frame.Rsi;
        Info = Read<StartInfo>(StartInfoAddress);
    }

    public SimulatedMachine Machine { get; }

    public SimulatedCpu Cpu => Machine.Cpus[0];

    public Host Host => Host.Current;

    /// <summary>What the hypervisor printed on the serial line.</summary>
    public string Log => Machine.Com1.Text;

    /// <summary>Address of start_info, as dom0 found it in RSI.</summary>
    public ulong StartInfoAddress { get; }

    /// <summary>start_info.</summary>
    public StartInfo Info { get; }

    /// <summary>A hypercall of dom0's kernel.</summary>
    public long Call(HypercallNumber number, ulong a1 = 0, ulong a2 = 0, ulong a3 = 0, ulong a4 = 0, ulong a5 = 0)
    {
        long result = Cpu.Hypercall((ulong)number, a1, a2, a3, a4, a5);
        if (Cpu.ContainedTrap is { } trap)
            throw new InvalidOperationException($"the hypervisor trapped in {number}", trap);
        return result;
    }

    /// <summary>Reads dom0's memory as its kernel would.</summary>
    public T Read<T>(ulong address) where T : unmanaged => Cpu.TryReadAsUser(address, out T value) ? value : throw new GuestFault(address, Cpu.Cr2);

    /// <summary>Writes dom0's memory as its kernel would.</summary>
    public void Write<T>(ulong address, T value) where T : unmanaged
    {
        if (!Cpu.TryWriteAsUser(address, value))
            throw new GuestFault(address, Cpu.Cr2);
    }

    /// <summary>Virtual address of a page of dom0's boot-time mapping, by its place from the start.</summary>
    public static ulong AddressOf(ulong pfn) => TestKernel.VirtualBase + pfn * AddressSpace.PageSize;

    /// <summary>Machine frame of one of dom0's pages, from the list that dom0 was given.</summary>
    public Mfn FrameOf(ulong pfn) => new(Read<ulong>(Info.MfnList + pfn * 8));

    public void Dispose()
    {
        _scope.Dispose();
        Machine.Dispose();
    }

    /// <summary>Boots the hypervisor on a machine whose CPU 0 the thread is.</summary>
    public static void Start(SimulatedMachine machine)
    {
        Connect(machine.Entries);
        var main = Entry<Action<uint, uint>>("boot_main");
        machine.Cpus[0].Boot(() => main(Firmware.LoaderMagic, Firmware.InformationAddress));
    }

    private static void Connect(HypervisorEntries entries)
    {
        entries.Interrupt = Entry<FrameEntry>("hv_interrupt");
        entries.GuestTrap = Entry<FrameEntry>("hv_guest_trap");
        entries.Leave = Entry<FrameEntry>("hv_leave");
        entries.OwnTrap = Entry<OwnTrapEntry>("hv_own_trap");
        entries.SecondaryMain = Entry<Action>("secondary_main");
        entries.Nmi = Entry<FrameEntry>("hv_nmi");
        entries.Hypercall = Entry<HypercallEntry>("hv_hypercall");
    }

    /// <summary>The method that the metal build exports under a symbol for the entry code.</summary>
    internal static T Entry<T>(string symbol) where T : Delegate
    {
        const BindingFlags any = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        MethodInfo method = typeof(Host).Assembly.GetTypes().SelectMany(type => type.GetMethods(any))
            .Single(candidate => candidate.GetCustomAttribute<RuntimeExportAttribute>()?.Entry == symbol);
        return method.CreateDelegate<T>();
    }
}

/// <summary>dom0's kernel touched memory that it may not touch in that way.</summary>
internal sealed class GuestFault(ulong address, ulong faultAddress) : Exception($"page fault at 0x{faultAddress:x} (access to 0x{address:x})");
