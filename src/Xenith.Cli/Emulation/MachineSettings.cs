namespace Xenith.Cli.Emulation;

/// <summary>One PC to be emulated, and what is booted on it. The defaults are the project's standard machine.</summary>
internal sealed record MachineSettings
{
    public required HypervisorImage Hypervisor { get; init; }

    /// <summary>What the boot loader hands over with the hypervisor; null for nothing at all.</summary>
    public required BootModules? Modules { get; init; }

    public int Cpus { get; init; } = 1;
    public int MemoryMiB { get; init; } = 1024;
    public string HypervisorOptions { get; init; } = "";
    public string KernelOptions { get; init; } = "";
    public IReadOnlyList<Disk> Disks { get; init; } = [];
    public NicModel? Nic { get; init; }
    public Accelerator Accelerator { get; init; } = Accelerator.Tcg;

    /// <summary>Virtual time that counts instructions, and nothing random: two runs are the same to the instruction.</summary>
    public bool CountInstructions { get; init; }

    /// <summary>Stop before the first instruction and wait for a debugger.</summary>
    public bool WaitForDebugger { get; init; }

    public IReadOnlyList<string> ExtraArguments { get; init; } = [];

    /// <summary>Programs that the standard userland gets for this run only.</summary>
    public IReadOnlyList<ExtraProgram> Programs { get; init; } = [];
}

/// <param name="Path">Where dom0 finds it, without the leading slash.</param>
/// <param name="File">The program on this machine.</param>
internal sealed record ExtraProgram(string Path, string File);

internal enum Accelerator { Tcg, Kvm }

internal enum DiskBus { Ahci, Nvme, Virtio }

internal enum NicModel { E1000e, Virtio }

/// <summary>A file of the host that the machine sees as a disk.</summary>
internal sealed record Disk(string File, DiskBus Bus);

/// <summary>An ELF32 with a multiboot header, as QEMU's -kernel takes it; <paramref name="Symbols"/> is for a debugger.</summary>
internal sealed record HypervisorImage(string Name, string Elf, string? Symbols)
{
    /// <summary>For those who put an image of their own into its place before they boot.</summary>
    public static HypervisorImage None { get; } = new("none", "/dev/null", null);
}

/// <summary>Dom0's kernel and its initramfs: a file, <see cref="None"/>, or null for the standard userland.</summary>
internal sealed record BootModules(string Kernel, string? Initrd)
{
    public const string None = "none";
}
