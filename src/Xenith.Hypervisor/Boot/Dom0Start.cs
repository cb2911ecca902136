using System;
using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Power;
using Xenith.Machine;

namespace Xenith.Hypervisor.Boot;

/// <summary>From the boot modules to a dom0 that is ready to run: the kernel is found, unpacked and read, dom0's size is decided, then it is built.</summary>
internal static class Dom0Start
{
    /// <summary>Builds dom0. After a failure the machine has been stopped or restarted, with one line that says why.</summary>
    internal static bool TryBuild(Host host, ConsoleLog log, in BootInformation information, in HypervisorOptions options)
    {
        if (information.ModuleCount == 0)
        {
            Panic.Now(log, $"dom0 kernel not specified. Check bootloader configuration.");
            return false;
        }
        BootModule module = information.Modules[0];
        Dom0Input input = default;
        if (!UnpackedKernel.TryOpen(host, log, BootMemory.Bytes(module.Start, module.End - module.Start), out input.Kernel))
        {
            Panic.Now(log, $"Could not construct domain 0");
            return false;
        }
        KernelError error = KernelImage.Parse(input.Kernel.Elf, true, out input.Image);
        if (error != KernelError.None)
        {
            log.Error($"dom0 kernel: {error.Message()}");
            Panic.Now(log, $"Could not construct domain 0");
            return false;
        }
        if (information.ModuleCount > 1)
        {
            input.RamDiskStart = information.Modules[1].Start;
            input.RamDiskEnd = information.Modules[1].End;
        }
        input.CommandLine = information.ModuleArguments(0);
        input.HasScreen = ScreenSetup.TryDescribe(in information.Framebuffer, log.Screen, information.Firmware.IsPresent, out input.Screen);
        OptionEnumerator.Split(information.CommandLine, out _, out input.MoreCommandLine);
        ulong ramDiskPages = (input.RamDiskEnd - input.RamDiskStart + AddressSpace.PageSize - 1) / AddressSpace.PageSize;
        ulong available = host.Memory.Allocator.FreeFrames + input.Kernel.Pages + ramDiskPages;
        input.Pages = Math.Min(options.Dom0Memory.InitialPages(available), available);
        input.MaximumPages = options.Dom0Memory.MaximumPages(available);
        input.Vcpus = VcpuCount(host, options);
        Domain? domain = Dom0Builder.Build(host, log, ref input);
        if (domain is null)
        {
            Panic.Now(log, $"Could not construct domain 0");
            return false;
        }
        log.Always($"Dom0 has maximum {input.Vcpus} VCPUs");
        if (options.PinDom0)
            Pin(domain);
        return true;
    }

    /// <summary>Lets dom0 run. The last step of the boot: another CPU may take it at once.</summary>
    internal static void Run(Host host) => host.Domains.Find(0)?.FindVcpu(0)?.Scheduling.Up();

    /// <summary>As many as there are CPUs, within what dom0_max_vcpus says, and never more than a domain can have.</summary>
    private static uint VcpuCount(Host host, in HypervisorOptions options)
    {
        uint count = (uint)host.Pcpus.Online.Count;
        count = Math.Max(count, options.Dom0MinimumVcpus);
        count = Math.Min(count, options.Dom0MaximumVcpus);
        return Math.Min(Math.Max(count, 1), Domain.MostVcpus);
    }

    /// <summary>dom0_vcpus_pin: each vCPU runs on the CPU of its own number, and nowhere else.</summary>
    private static void Pin(Domain domain)
    {
        for (int i = 0; i < domain.Vcpus.Length && i < CpuSet.Capacity; i++)
        {
            if (domain.Vcpus[i] is Vcpu vcpu)
                vcpu.Scheduling.SetAffinity(CpuSet.Of((uint)i), CpuSet.All);
        }
    }
}
