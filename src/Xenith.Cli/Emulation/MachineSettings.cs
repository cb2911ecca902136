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

    /// <summary>A disk that holds dom0's root file system; null to stay in the initramfs.</summary>
    public Disk? Root { get; init; }

    /// <summary>All disks, in the order in which each bus has them.</summary>
    public IEnumerable<Disk> AllDisks => Root is null ? Disks : Disks.Prepend(Root);
    public Accelerator Accelerator { get; init; } = Accelerator.Tcg;

    /// <summary>Virtual time that counts instructions, and nothing random: two runs are the same to the instruction.</summary>
    public bool CountInstructions { get; init; }

    public EmulatorKind Emulator { get; init; } = EmulatorKind.Qemu;

    /// <summary>How the hypervisor gets into memory.</summary>
    public BootPath Boot { get; init; } = BootPath.Direct;

    /// <summary>The mode that GRUB sets before it starts the hypervisor, WIDTHxHEIGHTxBITS; null for the text mode that the PC is in.</summary>
    public string? GraphicsMode { get; init; }

    /// <summary>A ready CD image that is booted in place of the hypervisor and its modules.</summary>
    public string? Disc { get; init; }

    /// <summary>The CPU as the emulator names it; null for that of the standard machine.</summary>
    public string? CpuModel { get; init; }

    /// <summary>Stop before the first instruction and wait for a debugger.</summary>
    public bool WaitForDebugger { get; init; }

    public IReadOnlyList<string> ExtraArguments { get; init; } = [];

    /// <summary>Who types on the first serial line and looks at the machine; QEMU only.</summary>
    public ConsoleOperator? Operator { get; init; }

    /// <summary>Programs that the standard userland gets for this run only.</summary>
    public IReadOnlyList<ExtraProgram> Programs { get; init; } = [];

    /// <summary>
    /// The hypervisor's whole command line. Serial port 1 is the hypervisor's, port 2 is left to dom0, where the commands' output comes out.
    /// </summary>
    public string HypervisorLine => $"{StandardHypervisorOptions} {HypervisorOptions}".TrimEnd();

    /// <summary>The whole command line of dom0's kernel.</summary>
    public string KernelLine => $"{StandardKernelOptions}{RootOption} {KernelOptions}".TrimEnd();

    /// <summary>The root disk is the first of its bus.</summary>
    private string RootOption => Root?.Bus switch
    {
        DiskBus.Ahci => " root=/dev/sda",
        DiskBus.Nvme => " root=/dev/nvme0n1",
        DiskBus.Virtio => " root=/dev/vda",
        _ => "",
    };

    public const string StandardHypervisorOptions = "console=com1 com1=115200,8n1 loglvl=all guest_loglvl=all";
    public const string StandardKernelOptions = "console=hvc0 earlyprintk=xen";
}

internal enum EmulatorKind { Qemu, Bochs }

/// <summary>
/// How a machine is started: the emulator's own multiboot 1 loader, or GRUB from a CD, by either protocol. Only GRUB unpacks
/// <c>xenith.gz</c> and asks a real BIOS for the memory map.
/// </summary>
internal enum BootPath { Direct, Multiboot1, Multiboot2 }

/// <param name="Path">Where dom0 finds it, without the leading slash.</param>
/// <param name="File">The program on this machine.</param>
internal sealed record ExtraProgram(string Path, string File);

internal enum Accelerator { Tcg, Kvm }

internal enum DiskBus { Ahci, Nvme, Virtio }

internal enum NicModel { E1000e, Virtio }

/// <summary>A file of the host that the machine sees as a disk.</summary>
internal sealed record Disk(string File, DiskBus Bus)
{
    /// <summary>What the machine writes is forgotten at its end.</summary>
    public bool Discard { get; init; }
}

/// <summary>An ELF32 with a multiboot header, as QEMU's -kernel takes it; <paramref name="Symbols"/> is for a debugger.</summary>
internal sealed record HypervisorImage(string Name, string Elf, string? Symbols)
{
    /// <summary>The gzipped file that is installed beside a boot loader, where there is one.</summary>
    public string? Packed { get; init; }

    /// <summary>For those who put an image of their own into its place before they boot.</summary>
    public static HypervisorImage None { get; } = new("none", "/dev/null", null);
}

/// <summary>Dom0's kernel and its initramfs: a file, <see cref="None"/>, or null for the standard userland.</summary>
internal sealed record BootModules(string Kernel, string? Initrd)
{
    public const string None = "none";
}
