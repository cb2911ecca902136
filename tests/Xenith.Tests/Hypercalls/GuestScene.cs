// A host with a PV domain or two on the simulated machine, for tests that are a guest: memory to pass arguments in, and a way to make hypercalls.

using System.Runtime.CompilerServices;
using Xenith.Abi;
using Xenith.Hypervisor;
using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Hypercalls;
using Xenith.Hypervisor.Interrupts;
using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Time;
using Xenith.Machine;
using Xenith.Machine.Simulation;
using Xenith.Tests.Machine;

namespace Xenith.Tests.Hypercalls;

/// <summary>A host whose CPU 0 serves vCPU 0 of one domain. The domains share an address space, which no test of calls minds.</summary>
internal sealed class GuestScene : IDisposable
{
    /// <summary>Guest memory: so many pages from here on.</summary>
    public const ulong Memory = 0x10_0000;
    public const int Pages = 8;

    /// <summary>An address that nothing is mapped at, and one that no guest may name.</summary>
    public const ulong Unmapped = 0x7000_0000, Forbidden = 0xffff_8300_0000_0000;

    private readonly Scene _scene;

    public GuestScene(bool privileged = true, uint vcpus = 2, int cpus = 1)
    {
        _scene = new Scene(cpus);
        for (int i = 0; i < Pages; i++)
            _scene.Map(Memory + (ulong)i * 4096, _scene.NewFrame());
        MmioRegion localApic = MapDevice(0, 0xfee0_0000);
        MmioRegion ioApic = MapDevice(1, 0xfec0_0000);

        var log = new ConsoleLog(new SerialPort(0x3f8, 115200));
        var interrupts = new InterruptControllers(new Xenith.Hypervisor.Interrupts.LocalApic(localApic));
        interrupts.Add(new Xenith.Hypervisor.Interrupts.IoApic(ioApic, 0xfec0_0000, 0));
        interrupts.LocalApic.SetFrequency(1_000_000_000);
        Host = new Host(log, HostMemory.Create(_scene.Machine.Memory.Size), new SystemTime(2_000_000_000), interrupts, new());
        Pcpu = new Pcpu(Host, 0);
        PerCpu.SetContext(Pcpu);
        Pcpu.Identify();
        Host.Pcpus.SetOnline(0, true);
        const ulong pages = AddressSpace.DeviceMappings + (2UL << 20);
        Host.Pci.Use(new PciWindows(), new DeviceMappings(_scene.TableFor(pages, 1), pages));
        for (int i = 1; i < cpus; i++)
            StartCpu(i);
        Machine.Entries.Interrupt = InterruptControllers.Interrupt;
        Dom0 = NewDomain(0, true, vcpus);
        Domain = privileged ? Dom0 : NewDomain(7, false, vcpus);
        Serve(Domain.FindVcpu(0)!);
        _scene.Machine.Entries.OwnTrap = (ref GuestFrame frame) => 0;
        _scene.Machine.Entries.Hypercall = (a1, a2, a3, a4, a5, number) => HypercallTable.FromPv64(a1, a2, a3, a4, a5, number);
    }

    public Host Host { get; }

    public Pcpu Pcpu { get; }

    public Domain Dom0 { get; }

    /// <summary>The domain that is served.</summary>
    public Domain Domain { get; private set; }

    public Vcpu Vcpu => Pcpu.Loaded!;

    public SimulatedMachine Machine => _scene.Machine;

    /// <summary>What was printed on the serial line.</summary>
    public string Printed => Machine.Com1.Text;

    public ulong Now => Host.Time.Now;

    public Domain NewDomain(ushort id, bool privileged = false, uint vcpus = 2)
    {
        var domain = new Domain(id, privileged, vcpus);
        domain.SharedInfoFrame = _scene.NewFrame();
        domain.SharedInfo = SharedArea.Page(domain.SharedInfoFrame);
        for (uint i = 0; i < vcpus; i++)
        {
            var vcpu = new Vcpu(domain, i) { Info = domain.SharedInfo.Slice(i * 64, 64), IsInitialised = true };
            vcpu.Info.Store8(1, 1);
            domain.Vcpus[i] = vcpu;
            Assert(Xenith.Hypervisor.Scheduling.VcpuSchedulers.TryJoin(Host, vcpu));
        }
        domain.FindVcpu(0)!.Scheduling.Up();
        Host.Domains.Add(domain);
        return domain;
    }

    /// <summary>Makes CPU 0 run a vCPU.</summary>
    public void Serve(Vcpu vcpu)
    {
        if (Pcpu.Loaded is { } last)
        {
            last.Scheduling.OnLeft(Now, true);
            last.Scheduling.LoadedOn = -1;
        }
        Pcpu.Loaded = vcpu;
        vcpu.Scheduling.LoadedOn = (int)Pcpu.Id;
        Pcpu.IsIdle = false;
        Domain = vcpu.Domain;
        vcpu.Scheduling.OnChosen(Pcpu, Now);
        PerCpu.SetVcpuInfo(vcpu.Info);
        PerCpu.TakeWork(uint.MaxValue);
    }

    public long Call(HypercallNumber number, ulong a1 = 0, ulong a2 = 0, ulong a3 = 0, ulong a4 = 0, ulong a5 = 0) =>
        _scene.Cpu0.Hypercall((uint)number, a1, a2, a3, a4, a5);

    /// <summary>A call as a 32-bit PV kernel makes it.</summary>
    public long CallAs32Bit(HypercallNumber number, uint a1 = 0, uint a2 = 0, ulong a3 = 0) => HypercallTable.Call<Pv32>(a1, a2, a3, 0, 0, (uint)number);

    /// <summary>A call whose argument is a structure in memory; the structure is read back.</summary>
    public long Call<T>(HypercallNumber number, ulong command, ref T argument) where T : unmanaged
    {
        Write(Memory, argument);
        long result = Call(number, command, Memory);
        argument = Read<T>(Memory);
        return result;
    }

    public void Write<T>(ulong address, T value) where T : unmanaged => Assert(_scene.Cpu0.TryWriteAsUser(address, value));

    public T Read<T>(ulong address) where T : unmanaged
    {
        Assert(_scene.Cpu0.TryReadAsUser(address, out T value));
        return value;
    }

    public string ReadText(ulong address, int length)
    {
        var bytes = new byte[length];
        for (int i = 0; i < length; i++)
            bytes[i] = Read<byte>(address + (ulong)i);
        return System.Text.Encoding.Latin1.GetString(bytes).TrimEnd('\0');
    }

    public void WriteText(ulong address, string text)
    {
        for (int i = 0; i < text.Length; i++)
            Write(address + (ulong)i, (byte)text[i]);
    }

    /// <summary>Maps a page read-only.</summary>
    public ulong ReadOnlyPage()
    {
        const ulong address = Memory + 0x10_0000;
        _scene.Map(address, _scene.NewFrame(), PageFlags.Present | PageFlags.User);
        return address;
    }

    /// <summary>Lets time pass and expires timers that are due.</summary>
    public void Advance(ulong nanoseconds)
    {
        Machine.Clock.Advance(nanoseconds);
        Pcpu.Timers.RunDue(Now);
    }

    public void Dispose() => _scene.Dispose();

    private static void Assert(bool condition, [CallerArgumentExpression(nameof(condition))] string? what = null)
    {
        if (!condition)
            throw new InvalidOperationException(what);
    }

    /// <summary>Another CPU that takes interrupts and runs no guest.</summary>
    private void StartCpu(int id)
    {
        SimulatedCpu cpu = Machine.Cpus[id];
        using (cpu.Enter())
        {
            cpu.WriteCr3(_scene.Root.Address);
            Host.Interrupts.LocalApic.EnableSecondary();
            PerCpu.SetContext(new Pcpu(Host, (uint)id) { ApicId = (uint)id, IsIdle = true });
            Host.Pcpus.SetOnline((uint)id, true);
        }
    }

    private MmioRegion MapDevice(ulong index, ulong machineAddress)
    {
        ulong address = AddressSpace.DeviceMappings + index * 4096;
        _scene.Map(address, Mfn.FromAddress(machineAddress), PageFlags.Present | PageFlags.Writable);
        return MmioRegion.AtMapped(address, 4096);
    }
}
