using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Interrupts;
using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Time;
using Xenith.Machine;

namespace Xenith.Hypervisor.Boot;

/// <summary>What exists once interrupt controllers and clocks have been set up.</summary>
internal ref struct PlatformDevices
{
    internal SystemTime Time;
    internal InterruptControllers Interrupts;
    internal DeviceMappings? Mappings;
}

/// <summary>Finds and sets up local APIC, IO-APICs and the platform timer.</summary>
internal static class PlatformSetup
{
    private const ulong ApicBaseMask = 0x000f_ffff_ffff_f000;

    // Writes here are messages to local APICs (SDM vol. 3, 11.11).
    private const ulong MessageRange = 0xfee0_0000, MessageRangeSize = 1 << 20;
    private const ulong HyperTransportSize = 12UL << 30;

    // Slots of the device mappings.
    private const uint LocalApicSlot = 0, HpetSlot = 1, FirstIoApicSlot = 2;

    /// <summary>Sets up the devices that the firmware describes. False if there is no local APIC or no memory for its mapping.</summary>
    internal static bool TryCreate(ConsoleLog log, EarlyMemory early, PlatformInformation platform, out PlatformDevices devices)
    {
        devices = default;
        if ((Cpu.Cpuid(1).Edx & 1u << 9) == 0)
            return false;
        ulong apicAddress = Cpu.ReadMsr(Msr.ApicBase) & ApicBaseMask;
        if (!HypervisorAddressSpace.TryMapDevice(early, LocalApicSlot, apicAddress, out MmioRegion registers))
            return false;
        LocalApic localApic = new(registers, platform.Options.X2Apic, platform.Options.TscDeadline);
        platform.LocalApicAddress = apicAddress;
        // The names and words of Xen: interrupts go to one APIC id, not to a cluster of them.
        if (localApic.IsX2Apic)
            log.Always($"Switched to APIC driver x2apic_phys");
        if (localApic.HasDeadlineTimer)
            log.Info($"TSC deadline timer enabled");

        Calibration.Result clocks = Calibrate(log, early, platform, localApic);
        if (clocks.TscHertz == 0)
        {
            log.Error($"No clock works that the TSC could be measured with");
            return false;
        }
        localApic.SetFrequency(clocks.LocalApicHertz);
        log.Always($"Detected {clocks.TscHertz / 1_000_000}.{clocks.TscHertz / 100_000 % 10}{clocks.TscHertz / 10_000 % 10}{clocks.TscHertz / 1000 % 10} MHz processor.");

        InterruptControllers interrupts = new(localApic);
        AddIoApics(log, early, platform, interrupts);
        devices.Time = new SystemTime(clocks.TscHertz);
        devices.Interrupts = interrupts;
        return HypervisorAddressSpace.TryCreateDeviceMappings(early, out devices.Mappings);
    }

    /// <summary>
    /// Local APICs are the hypervisor's alone, IO-APICs can be read. The rest outside RAM is dom0's to map; the memory map that it is shown says which is which.
    /// </summary>
    internal static void ShareOut(MachineMemory memory, PlatformInformation platform)
    {
        memory.Devices.AddressBits = (int)(Cpu.Cpuid(0x8000_0008).Eax & 0xff);
        Reserve(platform, platform.LocalApicAddress);
        memory.Devices.Deny(Mfn.FromAddress(MessageRange), MessageRangeSize / AddressSpace.PageSize);
        for (int i = 0; i < platform.IoApicCount; i++)
        {
            Reserve(platform, platform.IoApics[i].Address);
            memory.Devices.MakeReadOnly(Mfn.FromAddress(platform.IoApics[i].Address), 1);
        }
        // Its counter may be the hypervisor's clock: whoever could stop it could stop time.
        if (platform.HpetAddress != 0 && platform.Options.ReadOnlyHpet)
            memory.Devices.MakeReadOnly(Mfn.FromAddress(platform.HpetAddress), 1);
        if (HasHyperTransport())
        {
            // AMD processors route these addresses to the interconnect, not to memory (BIOS and Kernel Developer's Guides, "HyperTransport address map").
            ulong end = 1UL << (memory.Devices.AddressBits < 48 ? 40 : 48);
            memory.Devices.Deny(Mfn.FromAddress(end - HyperTransportSize), HyperTransportSize / AddressSpace.PageSize);
        }
        platform.MemoryMap.Normalize();
        ulong at = 0;
        for (int i = 0; i < platform.MemoryMap.Count; i++)
        {
            MemoryRange range = platform.MemoryMap.Ranges[i];
            if (range.Kind != MemoryKind.Usable)
                continue;
            ulong start = range.Start / AddressSpace.PageSize;
            if (start > at)
                memory.MarkDevices(at, start - at);
            at = range.End / AddressSpace.PageSize;
        }
        if (memory.Frames.Count > at)
            memory.MarkDevices(at, memory.Frames.Count - at);
        // The first MiB is the firmware's and the video card's.
        memory.MarkDevices(0, 256);
    }

    /// <summary>Shows a page as reserved in the memory map that dom0 sees.</summary>
    private static void Reserve(PlatformInformation platform, ulong address) =>
        platform.MemoryMap.Add(address & ~4095UL, AddressSpace.PageSize, MemoryKind.Reserved);

    private static bool HasHyperTransport()
    {
        uint vendor = Cpu.Cpuid(0).Ebx;
        return vendor is 0x68747541 or 0x6f677948; // "Auth", "Hygo"
    }

    /// <summary>
    /// Measures with the best clock there is. A HPET is checked against the PM timer, since some lie; where the two disagree the PIT decides, and a clock that does not work at
    /// all gives way to the next one.
    /// </summary>
    private static Calibration.Result Calibrate(ConsoleLog log, EarlyMemory early, PlatformInformation platform, LocalApic localApic)
    {
        ClockSourceOption wanted = platform.Options.ClockSource;
        if (wanted == ClockSourceOption.Tsc)
            wanted = ClockSourceOption.Automatic;
        bool mayUseHpet = wanted == ClockSourceOption.Hpet || (wanted == ClockSourceOption.Automatic && platform.Options.Hpet);
        Calibration.Result byHpet = default, byPmTimer = default;
        ulong hertz = 0;
        if (mayUseHpet && platform.HpetAddress != 0 && !IsDeviceAddress(platform, platform.HpetAddress, HpetAlignment))
            log.Warning($"The HPET cannot be at 0x{platform.HpetAddress:x} and is not used");
        else if (mayUseHpet && platform.HpetAddress != 0 && HypervisorAddressSpace.TryMapDevice(early, HpetSlot, platform.HpetAddress, out MmioRegion hpet))
        {
            byHpet = Calibration.WithHpet(hpet, localApic, out hertz);
            if (byHpet.TscHertz == 0)
                log.Warning($"The HPET at 0x{platform.HpetAddress:x} does not work and is not used");
        }
        if (wanted == ClockSourceOption.Hpet && byHpet.TscHertz == 0)
            log.Warning($"WARNING: Could not initialise clocksource 'hpet'.");
        if (wanted != ClockSourceOption.Pit && platform.PmTimerPort != 0)
        {
            byPmTimer = Calibration.WithPmTimer(platform.PmTimerPort, localApic);
            if (byPmTimer.TscHertz == 0)
                log.Warning($"The ACPI PM timer at port 0x{platform.PmTimerPort:x} does not work and is not used");
        }
        if (byHpet.TscHertz != 0 && byPmTimer.TscHertz != 0 && !Calibration.Agree(byHpet, byPmTimer))
        {
            Calibration.Result byPit = Calibration.WithPit(localApic);
            log.Warning($"TSC: {byHpet.TscHertz / 1000} kHz by HPET, {byPmTimer.TscHertz / 1000} kHz by PM timer, {byPit.TscHertz / 1000} kHz by PIT");
            if (Calibration.Agree(byPmTimer, byPit))
                byHpet = default;
        }
        if (byHpet.TscHertz != 0)
        {
            log.Always($"Platform timer is {hertz / 1_000_000}.{hertz / 100_000 % 10}{hertz / 10_000 % 10}{hertz / 1000 % 10}MHz HPET");
            return byHpet;
        }
        if (byPmTimer.TscHertz != 0)
        {
            log.Always($"Platform timer is 3.579MHz ACPI PM Timer");
            return byPmTimer;
        }
        if (wanted == ClockSourceOption.Acpi)
            log.Warning($"WARNING: Could not initialise clocksource 'acpi'.");
        log.Always($"Platform timer is 1.193MHz PIT");
        return Calibration.WithPit(localApic);
    }

    // Registers of both begin at such a boundary, so that those that are used lie in one page.
    private const ulong HpetAlignment = 1024, IoApicAlignment = 256;

    // RAM, the VGA's memory and ROMs, which may be RAM too, whatever the map calls them.
    private const ulong FirstDeviceAddress = 1 << 20;

    /// <summary>Whether device registers can be at an address: aligned, inside of what the CPU can address, above the first MiB, not in what the memory map knows as memory, and not where local APICs are.</summary>
    private static bool IsDeviceAddress(PlatformInformation platform, ulong address, ulong alignment) =>
        address >= FirstDeviceAddress && (address & (alignment - 1)) == 0 && address >> MemorySetup.PhysicalAddressBits() == 0
        && !(platform.MemoryMap.TryKindAt(address, out MemoryKind kind) && kind != MemoryKind.Reserved)
        && (address < MessageRange || address >= MessageRange + MessageRangeSize);

    // Far above what any machine has; keeps sums of numbers small.
    private const uint MostInterrupts = 1 << 16;

    private static void AddIoApics(ConsoleLog log, EarlyMemory early, PlatformInformation platform, InterruptControllers interrupts)
    {
        int used = 0;
        for (int i = 0; i < platform.IoApicCount; i++)
        {
            ulong address = platform.IoApics[i].Address;
            uint firstGsi = platform.IoApics[i].FirstGsi;
            if (!IsDeviceAddress(platform, address, IoApicAlignment) || firstGsi >= MostInterrupts || interrupts.FindByAddress(address) is not null)
            {
                log.Warning($"IOAPIC[{i}]: apic_id {platform.IoApics[i].Id}, address 0x{address:x}, GSI {firstGsi} cannot be, skipping!");
                continue;
            }
            if (!HypervisorAddressSpace.TryMapDevice(early, FirstIoApicSlot + (uint)i, address, out MmioRegion registers))
                continue;
            // Version, identity and arbitration all ones: nobody there (as every read of an empty bus).
            registers.Write32(0, 1);
            if (registers.Read32(0x10) == uint.MaxValue)
            {
                log.Warning($"I/O APIC 0x{address:x} registers return all ones, skipping!");
                continue;
            }
            IoApic ioApic = new(registers, address, firstGsi);
            uint last = firstGsi + ioApic.PinCount - 1;
            if (interrupts.FindByGsi(firstGsi) is not null || interrupts.FindByGsi(last) is not null)
                log.Warning($"IOAPIC[{i}]: some of its interrupts, GSI {firstGsi}-{last}, are another one's already");
            interrupts.Add(ioApic);
            used++;
            log.Info($"IOAPIC[{i}]: apic_id {platform.IoApics[i].Id}, version {ioApic.Read(1) & 0xff}, address 0x{address:x}, GSI {firstGsi}-{last}");
        }
        log.Info($"Enabling APIC mode.  Using {used} I/O APICs");
        if (used == 0)
            log.Error($"There is no I/O APIC: no device can interrupt");
        else
            log.Always($"ENABLING IO-APIC IRQs");
        for (int i = 0; i < platform.OverrideCount; i++)
        {
            InterruptOverride change = platform.Overrides[i];
            if (interrupts.Configure(change.Gsi, change.IsLevel, change.IsActiveLow) != XenError.None)
                log.Warning($"ACPI: the override of IRQ {change.Irq} names GSI {change.Gsi}, which no I/O APIC has");
        }
    }
}
