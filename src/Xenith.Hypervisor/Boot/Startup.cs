using System;
using System.Runtime;
using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Interrupts;
using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Power;
using Xenith.Hypervisor.Speculation;
using Xenith.Machine;

namespace Xenith.Hypervisor.Boot;

/// <summary>
/// The boot sequence, from the first line of C# to the first instruction of dom0. Each step logs what it found in the words that people know from Xen; a step that cannot be done ends in
/// one line that says why.
/// </summary>
internal static class Startup
{
    private const ulong BootDirectMap = 4UL << 30;

    [RuntimeExport("boot_main")]
    private static void Main(uint loaderMagic, uint bootInformation)
    {
        BootMemory.SetDirectMapEnd(BootDirectMap);
        Descriptors.InitializeCpu(0);
        // The legacy interrupt controllers would deliver their interrupts as exceptions.
        Port.Out8(0x21, 0xff);
        Port.Out8(0xa1, 0xff);

        bool understood = BootInformation.TryParse(loaderMagic, bootInformation, out BootInformation information, out BootError error);
        OptionEnumerator.Split(information.CommandLine, out ReadOnlySpan<byte> own, out _);
        HypervisorOptions options = ReadOptions(own);
        ConsoleLog log = ConsoleSetup.Open(in options);
        Banner.Print(log);
        if (!understood)
        {
            Panic.Now(log, $"{error.Message()}");
            return;
        }
        if (!information.LoaderName.IsEmpty)
            log.Always($"Bootloader: {information.LoaderName}");
        log.Always($"Command line: {information.CommandLine}");
        ReportProblems(log, own);
        PrintMemoryMap(log, in information.MemoryMap);
        LimitMemory(log, ref information.MemoryMap, in options);
        PrintSize(log, in information.MemoryMap);
        Boot(log, in information, in options);
    }

    /// <summary>The options; what is wrong with them is said later, once there is a log to say it in.</summary>
    private static HypervisorOptions ReadOptions(ReadOnlySpan<byte> commandLine)
    {
        CommandLineParser parser = new(commandLine);
        while (parser.MoveNext())
        {
        }
        return parser.Options;
    }

    private static void ReportProblems(ConsoleLog log, ReadOnlySpan<byte> commandLine)
    {
        CommandLineParser parser = new(commandLine);
        while (parser.MoveNext())
        {
            switch (parser.Problem)
            {
                case OptionProblem.Unknown:
                    log.Warning($"parameter \"{parser.Option.WrittenName}\" unknown!");
                    break;
                case OptionProblem.BadValue:
                    log.Warning($"parameter \"{parser.Option.WrittenName}\" has invalid value \"{parser.Option.Value}\", rc=-22!");
                    break;
                default:
                    log.Warning($"parameter \"{parser.Option.WrittenName}\" is understood, but has no effect here");
                    break;
            }
        }
    }

    private static void Boot(ConsoleLog log, in BootInformation information, in HypervisorOptions options)
    {
        CpuSetup.Describe(log);
        CpuSetup.SetMemoryTypes();
        EarlyMemory early = FreeMemory(in information, 0x10_0000, AddressSpace.DirectMapSize);
        // The first page holds the BIOS's data and the real mode's interrupt table.
        EarlyMemory low = FreeMemory(in information, AddressSpace.PageSize, 0x10_0000);
        for (int i = 0; i < options.BadPageCount; i++)
        {
            PageRange bad = options.BadPages[i];
            log.Info($"Not using the pages {bad.First:x} to {bad.Last:x}");
            early.Reserve(bad.First * AddressSpace.PageSize, (bad.Last + 1) * AddressSpace.PageSize);
        }
        ScreenSetup.Attach(log, early, in information, in options);
        CpuSetup.ChooseGlobalPages(options.GlobalPages);
        CpuSetup.Initialize(log, options.Smep != ProtectionOption.Off, options.Smap != ProtectionOption.Off);
        SpeculationSetup speculation = SpeculationSetup.Choose(log, in options);
        PlatformInformation platform = new() { Options = options, MemoryMap = information.MemoryMap };
        AcpiSetup.Read(log, information.AcpiRootAddress, platform);
        log.Restart.ResetPort = platform.ResetPort;
        log.Restart.ResetValue = platform.ResetValue;
        ulong top = information.MemoryMap.TopOfRam(AddressSpace.DirectMapSize);
        NumaTopology topology = NumaSetup.Create(log, AcpiSetup.FindNuma(platform), in options, in information.MemoryMap, top);
        if (!PlatformSetup.TryCreate(log, early, platform, out PlatformDevices devices))
        {
            Panic.Now(log, $"No usable local APIC or clock, or too little memory for its mapping");
            return;
        }
        log.Restart.TscHertz = devices.Time.TscHertz;
        log.Time = devices.Time;
        PciWindows windows = PciSetup.MapWindows(log, early, platform, in information.MemoryMap);
        LocalApic apic = devices.Interrupts.LocalApic;
        SecondaryStart secondary = SecondaryStart.Prepare(log, early, low, platform, apic.Id, apic.IsX2Apic, options.MaximumCpus);
        MachineMemory? memory = MemorySetup.Create(log, early, top, topology);
        if (memory is null)
        {
            Panic.Now(log, $"Too little memory: the hypervisor's own tables do not fit");
            return;
        }

        Host host = new(log, memory, devices.Time, devices.Interrupts, platform) { Secondary = secondary, Speculation = speculation };
        host.Pci.Use(windows, devices.Mappings);
        PerCpu.SetContext(new Pcpu(host, 0) { ApicId = apic.Id, AcpiId = platform.Cpus[0].AcpiId });
        Pcpu.Current.Identify();
        host.Pcpus.SetOnline(0, true);
        ulong seconds = Time.Rtc.ReadSeconds();
        host.Time.SetWallClock(seconds, 0, host.Time.Now);
        PlatformSetup.ShareOut(memory, platform);
        PciSetup.KeepWindows(platform, memory.Devices);
        host.Platform.CommandLine = new byte[information.CommandLine.Length];
        information.CommandLine.CopyTo(host.Platform.CommandLine);
        ConsoleSetup.Finish(host, in options);

        secondary.StartAll(host, options.Watchdog == WatchdogOption.Off ? 0 : options.WatchdogTimeout);
        if (!ReportIommus(log, platform, options.Iommu))
            return;
        host.ScrubsWhenIdle = options.BootScrub != BootScrubOption.Off;
        if (options.BootScrub == BootScrubOption.On)
        {
            log.Always($"Scrubbing Free RAM");
            while (memory.Allocator.ScrubSome(1 << 16))
            {
            }
            log.Always($"Scrubbed {memory.Allocator.FreeFrames / 256}MB");
        }
        else if (host.ScrubsWhenIdle)
            log.Always($"Scrubbing Free RAM in background");
        OptionEnumerator.Split(information.CommandLine, out ReadOnlySpan<byte> own, out _);
        SchedulerSetup.Apply(log, host, in options, own);
        if (Pcpu.Current is Pcpu first)
            first.JoinScheduler();
        if (!Dom0Start.TryBuild(host, log, in information, in options))
            return;
        HypervisorAddressSpace.ProtectImage();
        if (!speculation.TryPrepareCpu(memory.Allocator, 0, Guards.BlockStart))
        {
            Panic.Now(log, $"Too little memory: no tables for a root of the CPU's own");
            return;
        }
        speculation.ConfigureCpu();
        Image.SealHeap();
        SelfTest.Run(host);
        ScreenSetup.Release(log, in options);
        ConsoleSetup.GiveToDom0(host, in options);
        // Only now: building dom0 takes as long as it takes.
        Pcpu.Current.Watchdog?.Start();
        Dom0Start.Run(host);
        Cpu.StartScheduling();
    }

    /// <summary>Says that IOMMUs are not used. False after a panic: who demands one does not want the host without it.</summary>
    private static bool ReportIommus(ConsoleLog log, PlatformInformation platform, IommuOption wanted)
    {
        if (wanted == IommuOption.Forced)
        {
            Panic.Now(log, $"Couldn't enable IOMMU and iommu=required/force");
            return false;
        }
        log.Always($"I/O virtualisation disabled");
        if (platform.IommuCount != 0)
            log.Warning($"{platform.IommuCount} IOMMUs are there and not used: devices reach all memory");
        return true;
    }

    /// <summary>RAM between two addresses that nothing lies in: not the image, the boot loader's information, or a module.</summary>
    private static EarlyMemory FreeMemory(in BootInformation information, ulong from, ulong to)
    {
        EarlyMemory early = new();
        for (int i = 0; i < information.MemoryMap.Count; i++)
        {
            MemoryRange range = information.MemoryMap.Ranges[i];
            if (range.Kind == MemoryKind.Usable && range.Start < to && range.End > from)
                early.Add(Math.Max(range.Start, from), Math.Min(range.End, to));
        }
        early.Reserve(Image.PhysicalOf(Image.TextStart), Image.PhysicalOf(Image.End));
        early.Reserve(information.Start, information.End);
        early.Reserve(information.CommandLineAddress, information.CommandLineAddress + information.CommandLineLength + 1);
        for (int i = 0; i < information.ModuleCount; i++)
        {
            BootModule module = information.Modules[i];
            early.Reserve(module.Start, module.End);
            early.Reserve(module.TextAddress, module.TextAddress + module.TextLength + 1);
        }
        return early;
    }

    /// <summary>`mem` and `availmem`: the RAM beyond is not the hypervisor's to use, and dom0 does not see it either.</summary>
    private static void LimitMemory(ConsoleLog log, ref MemoryMap map, in HypervisorOptions options)
    {
        ulong before = map.UsableFrames(ulong.MaxValue);
        map.Clip(options.MemoryLimit);
        map.ClipAmount(options.AvailableLimit);
        ulong after = map.UsableFrames(ulong.MaxValue);
        if (after < before)
            log.Always($"Truncating RAM from {before * 4}kB to {after * 4}kB");
    }

    private static void PrintMemoryMap(ConsoleLog log, in MemoryMap map)
    {
        log.Always($"Xen-e820 RAM map:");
        for (int i = 0; i < map.Count; i++)
        {
            MemoryRange range = map.Ranges[i];
            log.Always($" [{range.Start:x16}, {range.End - 1:x16}] ({KindName(range.Kind)})");
        }
        if (map.Lost > 0)
            log.Warning($"{map.Lost} ranges of the memory map were ignored: there are too many");
    }

    private static void PrintSize(ConsoleLog log, in MemoryMap map)
    {
        ulong all = map.UsableFrames(ulong.MaxValue), used = map.UsableFrames(AddressSpace.DirectMapSize);
        log.Always($"System RAM: {used / 256}MB ({used * 4}kB)");
        if (used < all)
            log.Warning($"{(all - used) / 256}MB of RAM are not used: they lie above {AddressSpace.DirectMapSize >> 30} GB");
    }

    private static string KindName(MemoryKind kind) => kind switch
    {
        MemoryKind.Usable => "usable",
        MemoryKind.Reserved => "reserved",
        MemoryKind.AcpiData => "ACPI data",
        MemoryKind.AcpiNonVolatile => "ACPI NVS",
        _ => "unusable",
    };
}
