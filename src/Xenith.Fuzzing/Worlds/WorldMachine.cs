// A small machine with a hypervisor on it, made in well under a millisecond: what the boot code does for memory, interrupt controllers and CPUs, without firmware tables, measured clocks and
// dom0's kernel. CPU 0 belongs to nobody: it stands for the toolstack and does what CPUs do between guests. The others run guests.

using System;
using Xenith.Hypervisor;
using Xenith.Hypervisor.Boot;
using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Interrupts;
using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Time;
using Xenith.Machine;
using Xenith.Machine.Simulation;

namespace Xenith.Fuzzing.Worlds;

/// <summary>The machine of a world, and the host on it.</summary>
internal sealed class WorldMachine : IDisposable
{
    /// <summary>RAM. What image and tables leave is a few hundred frames: memory can run out.</summary>
    public const ulong MemoryBytes = 8UL << 20;

    private const ulong LocalApicAddress = 0xfee0_0000, IoApicAddress = 0xfec0_0000, M2PBytes = 2UL << 20;

    public WorldMachine(int guestCpus)
    {
        Simulated = new SimulatedMachine(MemoryBytes, guestCpus + 1);
        Entries.Connect(Simulated.Entries);
        using (First.Enter())
            Host = Start();
        for (int id = 1; id <= guestCpus; id++)
        {
            using (Simulated.Cpus[id].Enter())
                StartCpu((uint)id);
        }
    }

    public SimulatedMachine Simulated { get; }

    public Host Host { get; }

    /// <summary>The CPU that runs no guest.</summary>
    public SimulatedCpu First => Simulated.Cpus[0];

    public void Dispose() => Simulated.Dispose();

    private Host Start()
    {
        PrepareCpu(0);
        ConsoleLog log = new(new SerialPort(0x3f8, 115200));
        // The shortest way to restart: the others wait for hardware that is not there.
        log.Restart.Apply(new HypervisorOptions { NoReboot = true, Reboot = RebootOption.Triple });
        EarlyMemory early = new();
        early.Add(ImageModel.End, MemoryBytes);
        if (!HypervisorAddressSpace.TryMapDevice(early, 0, LocalApicAddress, out MmioRegion localApic) || !HypervisorAddressSpace.TryMapDevice(early, 1, IoApicAddress, out MmioRegion ioApic)
            || !HypervisorAddressSpace.TryCreateDeviceMappings(early, out DeviceMappings? mappings))
            throw new InvalidOperationException("the machine is too small for its devices");
        MachineMemory memory = CreateMemory(early);
        InterruptControllers interrupts = new(new Xenith.Hypervisor.Interrupts.LocalApic(localApic));
        interrupts.Add(new Xenith.Hypervisor.Interrupts.IoApic(ioApic, IoApicAddress, 0));
        interrupts.LocalApic.SetFrequency(1_000_000_000);
        Host host = new(log, memory, new SystemTime(1_000_000_000), interrupts, new PlatformInformation());
        log.Time = host.Time;
        host.Pci.Use(new PciWindows(), mappings);
        PerCpu.SetContext(new Pcpu(host, 0) { IsIdle = true });
        Pcpu.Current.Identify();
        host.CpuCalls.SetOnline(0, true);
        return host;
    }

    private void StartCpu(uint id)
    {
        PrepareCpu(id);
        PerCpu.SetContext(new Pcpu(Host, id) { ApicId = id });
        Host.Interrupts.LocalApic.EnableSecondary();
        Host.Memory.Tlb.Enter();
        Pcpu.Current.ResetForStart();
        Pcpu.Current.Identify();
        Host.CpuCalls.SetOnline(id, true);
        Pcpu.Current.JoinScheduler();
    }

    private static void PrepareCpu(uint id)
    {
        Descriptors.InitializeCpu(id);
        Cpu.WriteCr4(Cpu.ReadCr4() | Cr4.OsXsave | Cr4.Smep | Cr4.Smap);
        // All that the CPU has in XCR0: x87, SSE and AVX.
        Cpu.TrySetExtendedControl(0, 7);
    }

    private static MachineMemory CreateMemory(EarlyMemory early)
    {
        const ulong frames = MemoryBytes / AddressSpace.PageSize;
        BootMemory.SetDirectMapEnd(4UL << 30);
        if (!early.TryTake(M2PBytes, M2PBytes, ulong.MaxValue, out ulong m2pAddress) || !early.TryTake(FrameTable.BytesFor(frames), AddressSpace.PageSize, ulong.MaxValue, out ulong tableAddress)
            || !HypervisorAddressSpace.MapM2P(early, m2pAddress, M2PBytes))
            throw new InvalidOperationException("the machine is too small for its tables");
        Table<ulong> m2p = Table<ulong>.Over(m2pAddress, frames);
        for (ulong i = 0; i < frames; i++)
            m2p[i] = MachineToPhysical.InvalidEntry;
        FrameTable table = FrameTable.Create(tableAddress, frames);
        PageAllocator allocator = new(table, NumaTopology.OneNode(frames));
        for (int i = 0; i < early.Count; i++)
            allocator.AddRange(early.Start(i) / AddressSpace.PageSize, (early.End(i) - early.Start(i)) / AddressSpace.PageSize);
        MachineMemory memory = new(table, m2p, allocator);
        memory.M2P.FirstFrame = Mfn.FromAddress(m2pAddress);
        memory.Devices.AddressBits = 46;
        memory.MarkDevices(0, 0x100);
        return memory;
    }
}
