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
}

/// <summary>Finds and sets up local APIC, IO-APICs and the platform timer.</summary>
internal static class PlatformSetup
{
    private const ulong ApicBaseMask = 0x000f_ffff_ffff_f000;

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
        LocalApic localApic = new(registers);
        platform.LocalApicAddress = apicAddress;

        Calibration.Result clocks = Calibrate(log, early, platform, localApic);
        if (clocks.TscHertz == 0)
            return false;
        localApic.SetFrequency(clocks.LocalApicHertz);
        log.Always($"Detected {clocks.TscHertz / 1_000_000}.{clocks.TscHertz / 100_000 % 10}{clocks.TscHertz / 10_000 % 10}{clocks.TscHertz / 1000 % 10} MHz processor.");

        InterruptControllers interrupts = new(localApic);
        AddIoApics(log, early, platform, interrupts);
        devices.Time = new SystemTime(clocks.TscHertz);
        devices.Interrupts = interrupts;
        return true;
    }

    /// <summary>Writes here are interrupts (SDM vol. 3, 11.11).</summary>
    private const ulong MessageInterrupts = 0xfee0_0000;

    private const ulong HyperTransport = 0xfd_0000_0000, HyperTransportSize = 0x3_0000_0000;

    /// <summary>First four letters of CPUID's vendor names.</summary>
    private const uint AuthenticAmd = 0x6874_7541, HygonGenuine = 0x6f67_7948;

    /// <summary>
    /// Interrupt controllers are the hypervisor's alone; the I/O APICs' registers may be looked at. The rest outside RAM is dom0's to map; the memory map that it is shown says which is which.
    /// </summary>
    internal static void ShareOut(MachineMemory memory, PlatformInformation platform)
    {
        Withhold(memory, platform, platform.LocalApicAddress);
        memory.Devices.Deny(Mfn.FromAddress(MessageInterrupts), 256);
        for (int i = 0; i < platform.IoApicCount; i++)
        {
            memory.Devices.MakeReadOnly(Mfn.FromAddress(platform.IoApics[i].Address), 1);
            platform.MemoryMap.Add(platform.IoApics[i].Address & ~4095UL, AddressSpace.PageSize, MemoryKind.Reserved);
        }
        memory.Devices.AddressBits = (int)(Cpu.Cpuid(0x8000_0008).Eax & 0xff);
        // CPUs of this make route these addresses to HyperTransport, interrupts among it (BKDG for family 10h, 2.3).
        if (Cpu.Cpuid(0).Ebx is AuthenticAmd or HygonGenuine)
            memory.Devices.Deny(Mfn.FromAddress(HyperTransport), HyperTransportSize / AddressSpace.PageSize);
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

    private static void Withhold(MachineMemory memory, PlatformInformation platform, ulong address)
    {
        memory.Devices.Deny(Mfn.FromAddress(address), 1);
        platform.MemoryMap.Add(address & ~4095UL, AddressSpace.PageSize, MemoryKind.Reserved);
    }

    private static Calibration.Result Calibrate(ConsoleLog log, EarlyMemory early, PlatformInformation platform, LocalApic localApic)
    {
        if (platform.HpetAddress != 0 && HypervisorAddressSpace.TryMapDevice(early, HpetSlot, platform.HpetAddress, out MmioRegion hpet))
        {
            Calibration.Result result = Calibration.WithHpet(hpet, localApic, out ulong hertz);
            log.Always($"Platform timer is {hertz / 1_000_000}.{hertz / 100_000 % 10}{hertz / 10_000 % 10}{hertz / 1000 % 10}MHz HPET");
            return result;
        }
        if (platform.PmTimerPort != 0)
        {
            log.Always($"Platform timer is 3.579MHz ACPI PM Timer");
            return Calibration.WithPmTimer(platform.PmTimerPort, localApic);
        }
        log.Always($"Platform timer is 1.193MHz PIT");
        return Calibration.WithPit(localApic);
    }

    private static void AddIoApics(ConsoleLog log, EarlyMemory early, PlatformInformation platform, InterruptControllers interrupts)
    {
        for (int i = 0; i < platform.IoApicCount; i++)
        {
            ulong address = platform.IoApics[i].Address;
            if (!HypervisorAddressSpace.TryMapDevice(early, FirstIoApicSlot + (uint)i, address, out MmioRegion registers))
                continue;
            IoApic ioApic = new(registers, address, platform.IoApics[i].FirstGsi);
            interrupts.Add(ioApic);
            log.Info($"IOAPIC[{i}]: apic_id {platform.IoApics[i].Id}, address 0x{address:x}, GSI {ioApic.FirstGsi}-{ioApic.FirstGsi + ioApic.PinCount - 1}");
        }
        for (int i = 0; i < platform.OverrideCount; i++)
        {
            InterruptOverride change = platform.Overrides[i];
            interrupts.Configure(change.Gsi, change.IsLevel, change.IsActiveLow);
        }
    }
}
