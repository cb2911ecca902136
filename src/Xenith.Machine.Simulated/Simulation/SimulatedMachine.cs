// A whole machine in the process: RAM, CPUs, the chipset's clocks and interrupt controllers, serial ports. It starts as the boot code
// (native/boot.S) leaves the real one: 64-bit mode, the image and the first 4 GiB mapped, interrupts off.

using System;
using System.Collections.Generic;

namespace Xenith.Machine.Simulation;

/// <summary>A simulated machine.</summary>
public sealed class SimulatedMachine : IDisposable
{
    private ulong _directMapEnd = 4UL << 30;

    /// <summary>Makes a machine that is in the state in which the first C# of the hypervisor runs.</summary>
    public SimulatedMachine(ulong memoryBytes = 64UL << 20, int cpus = 1)
    {
        if (memoryBytes < ImageModel.End)
            throw new ArgumentOutOfRangeException(nameof(memoryBytes), memoryBytes, "the image does not fit");
        if (cpus is < 1 or > ImageModel.MaxCpus)
            throw new ArgumentOutOfRangeException(nameof(cpus));
        Memory = new PhysicalMemory(memoryBytes);
        Layout = new ImageModel(Memory);
        Ports = new PortBus(Clock);
        IoApic = new IoApic(this);
        Com1 = new Uart(this, 4);
        Com2 = new Uart(this, 3);
        Rtc = new RealTimeClock(Clock);
        AttachDevices();
        var list = new List<SimulatedCpu>();
        for (uint id = 0; id < cpus; id++)
            list.Add(new SimulatedCpu(this, id));
        Cpus = list;
        foreach (SimulatedCpu cpu in Cpus)
            cpu.WriteCr3(Layout.RootTable.Address);
    }

    /// <summary>The guarded ways in and out are in use.</summary>
    public bool GuardsEnabled { get; set; }

    public PhysicalMemory Memory { get; }

    /// <summary>Where the image would lie, and the page tables that the machine starts with.</summary>
    public ImageModel Layout { get; }

    public VirtualClock Clock { get; } = new();

    public PortBus Ports { get; }

    public MmioBus Devices { get; } = new();

    public IoApic IoApic { get; }

    public PciBus Pci { get; } = new();

    public Uart Com1 { get; }

    public Uart Com2 { get; }

    public RealTimeClock Rtc { get; }

    public IReadOnlyList<SimulatedCpu> Cpus { get; }

    /// <summary>
    /// What the hypervisor keeps of a CPU by its own number: that of one of the machine's, or of one that only the firmware's tables describe. Such a one is no part of the machine and never answers.
    /// </summary>
    internal SimulatedCpu RecordOf(uint cpu)
    {
        if (cpu < (uint)Cpus.Count)
            return Cpus[(int)cpu];
        if (!_absent.TryGetValue(cpu, out SimulatedCpu? absent))
            _absent.Add(cpu, absent = new SimulatedCpu(this, cpu));
        return absent;
    }

    private readonly Dictionary<uint, SimulatedCpu> _absent = [];

    /// <summary>The hypervisor's ways in, as the entry code of the metal build knows them.</summary>
    public HypervisorEntries Entries { get; } = new();

    /// <summary>Width of a machine address; higher bits in a page-table entry are reserved.</summary>
    public int PhysicalAddressBits { get; set; } = 46;

    /// <summary>True while the hypervisor constructs objects in its frames (ObjectMemory).</summary>
    internal bool IsObjectMemoryOpen { get; set; }

    /// <summary>End of the direct map, as the hypervisor said, but never beyond the RAM.</summary>
    internal ulong DirectMapEnd
    {
        get => Math.Min(_directMapEnd, Memory.Size);
        set => _directMapEnd = value;
    }

    /// <summary>The CPU that a start-up interrupt may start now, and the page that it has to name.</summary>
    internal (uint Cpu, Mfn Page)? ArmedStart { get; set; }

    /// <summary>How often CPUs may still spin before that counts as a wait without end.</summary>
    public long SpinsLeft { get; set; } = long.MaxValue;

    /// <summary>
    /// One CPU spins, so the others get on: each that is nobody's thread takes the interrupts that wait for it, as far as it may, and one that sleeps does what they brought. This is how one
    /// thread steps several CPUs through code that waits for another.
    /// </summary>
    internal void LetOthersRun(SimulatedCpu spinning)
    {
        if (--SpinsLeft < 0)
            throw new InvalidOperationException($"CPU {spinning.Id} waits without end");
        Clock.Tick();
        foreach (SimulatedCpu cpu in Cpus)
        {
            if (cpu == spinning)
                continue;
            using (cpu.Enter())
            {
                cpu.TakeInterruptsAnywhere();
                cpu.GetUp();
            }
        }
    }

    /// <summary>Lets time pass, and CPUs that may take interrupts take them. Called by the test, as CPU or not.</summary>
    public void Advance(ulong nanoseconds)
    {
        Clock.Advance(nanoseconds);
        foreach (SimulatedCpu cpu in Cpus)
        {
            using (cpu.Enter())
                cpu.TakeInterrupts();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Memory.Dispose();

    private void AttachDevices()
    {
        var timer = new IntervalTimer(this);
        Ports.Attach(Com1, 0x3f8, 8);
        Ports.Attach(Com2, 0x2f8, 8);
        Ports.Attach(timer, 0x40, 4);
        Ports.Attach(timer, 0x61, 1);
        Ports.Attach(Rtc, 0x70, 2);
        Ports.Attach(new PmTimer(Clock), PmTimer.PortNumber, 4);
        Ports.Attach(new InterruptController8259(), 0x20, 2);
        Ports.Attach(new InterruptController8259(), 0xa0, 2);
        Ports.Attach(Pci, PciBus.FirstPort, 8);
        Devices.Attach(IoApic, IoApic.Address, 0x1000);
        Devices.Attach(new OwnLocalApic(), LocalApic.Address, 0x1000);
    }

    /// <summary>The page at which every CPU finds its own local APIC.</summary>
    private sealed class OwnLocalApic : IMmioDevice
    {
        public uint Read(uint offset, int size) => SimulatedCpu.Current.LocalApic.Read(offset, size);

        public void Write(uint offset, int size, uint value) => SimulatedCpu.Current.LocalApic.Write(offset, size, value);
    }
}
