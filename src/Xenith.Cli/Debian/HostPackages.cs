namespace Xenith.Cli.Debian;

/// <summary>What a package of the host is needed for.</summary>
internal enum Purpose { Run, Build, Test, BootDisc, Bochs, RootFileSystem }

/// <param name="Probe">A file or program whose presence shows that the package is installed.</param>
internal sealed record HostPackage(string Name, string Probe, Purpose Purpose, string Reason)
{
    public bool IsInstalled => Probe.StartsWith('/') ? File.Exists(Probe) : HostCommand.Exists(Probe);
}

/// <summary>The Debian packages that have to be installed on the host, and the installing of those that are missing.</summary>
internal static class HostPackages
{
    public static readonly IReadOnlyList<HostPackage> All =
    [
        new("qemu-system-x86", "qemu-system-x86_64", Purpose.Run, "emulates the PC that the host runs on"),
        new("util-linux", "flock", Purpose.Run, "keeps two builds from meeting"),
        new("binutils", "ld", Purpose.Build, "links the image"),
        new("gcc", "gcc", Purpose.Build, "assembles the image's assembly sources"),
        new("gcc-multilib", "/usr/include/gnu/stubs-32.h", Purpose.Test, "the ABI layout tests for 32-bit guests, and 32-bit processes for dom0"),
        new("grub-common", "grub-mkrescue", Purpose.BootDisc, "makes bootable CD images"),
        new("grub-pc-bin", "/usr/lib/grub/i386-pc/multiboot2.mod", Purpose.BootDisc, "GRUB for a PC's BIOS"),
        new("xorriso", "xorriso", Purpose.BootDisc, "writes CD images"),
        new("mtools", "mformat", Purpose.BootDisc, "writes the EFI part of CD images"),
        new("bochs", "bochs-bin", Purpose.Bochs, "the other emulator: SMAP, x2APIC, TSC deadline, AVX-512, VT-x"),
        new("bochsbios", "/usr/share/bochs/BIOS-bochs-latest", Purpose.Bochs, "Bochs's BIOS"),
        new("vgabios", "/usr/share/vgabios/vgabios.bin", Purpose.Bochs, "Bochs's video BIOS"),
        new("mmdebstrap", "mmdebstrap", Purpose.RootFileSystem, "unpacks Debian packages into a root file system"),
        new("e2fsprogs", "mke2fs", Purpose.RootFileSystem, "writes ext4 images"),
        new("gzip", "gzip", Purpose.Test, "packs what the hypervisor's decoders are compared with"),
        new("bzip2", "bzip2", Purpose.Test, "the same"),
        new("xz-utils", "xz", Purpose.Test, "the same, for .xz and .lzma"),
        new("lz4", "lz4", Purpose.Test, "the same"),
        new("zstd", "zstd", Purpose.Test, "the same"),
        new("cpio", "cpio", Purpose.Test, "unpacks dom0's archives, as the kernel does"),
        new("libxen-dev", "/usr/include/xen/xen.h", Purpose.Test, "Xen's public headers, which the ABI is compared with"),
    ];

    /// <summary>Installs what is missing for these purposes; says what to type where it may not.</summary>
    public static async Task EnsureAsync(IEnumerable<Purpose> purposes, Action<string> say, CancellationToken cancel)
    {
        var missing = All.Where(package => purposes.Contains(package.Purpose) && !package.IsInstalled).Select(package => package.Name).ToList();
        if (missing.Count == 0)
            return;
        if (!Environment.IsPrivilegedProcess)
            throw ToolException.Failure($"missing packages; run: sudo apt-get install {string.Join(' ', missing)}");
        say($"installing {string.Join(' ', missing)}");
        await Apt.InstallAsync(missing, cancel);
    }
}
