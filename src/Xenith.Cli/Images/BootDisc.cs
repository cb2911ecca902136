using Xenith.Cli.Emulation;

namespace Xenith.Cli.Images;

/// <summary>
/// A CD image that a PC's BIOS starts: GRUB, the hypervisor as a distribution installs it (gzipped), dom0's kernel and its
/// initramfs. The tool is GRUB's own grub-mkrescue, which also makes the image bootable from a USB stick, and from EFI where
/// GRUB's EFI modules are installed. Only the modules that the menu needs go into it.
/// </summary>
internal static class BootDisc
{
    /// <summary>GRUB adds what reads the disc itself; every one of these exists for BIOS and for EFI.</summary>
    private const string Modules = "normal multiboot multiboot2 linux iso9660 serial terminal gzio xzio test echo ls cat reboot halt";

    /// <param name="file">What is written, in place of what was there.</param>
    /// <param name="kernel">Null for the hypervisor alone.</param>
    /// <param name="initrd">Null for none.</param>
    public static async Task WriteAsync(
        string file, GrubMenu menu, HypervisorImage hypervisor, string? kernel, string? initrd, CancellationToken cancel)
    {
        var directory = Directory.CreateTempSubdirectory("xenith-disc-");
        try
        {
            var configuration = Path.Combine(directory.FullName, "grub.cfg");
            await File.WriteAllTextAsync(configuration, (menu with { HasKernel = kernel is not null, HasInitrd = initrd is not null }).Text(), cancel);
            List<string> arguments =
            [
                "-o", file, "--locales=", "--fonts=", "--themes=", $"--install-modules={Modules}{(menu.GraphicsMode is null ? "" : " all_video")}",
                Graft("/boot/grub/grub.cfg", configuration), Graft(GrubMenu.Hypervisor, hypervisor.Packed ?? hypervisor.Elf),
            ];
            if (kernel is not null)
                arguments.Add(Graft(GrubMenu.Kernel, kernel));
            if (initrd is not null)
                arguments.Add(Graft(GrubMenu.Initrd, initrd));
            await HostCommand.CheckAsync("grub-mkrescue", arguments, directory.FullName, cancel);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <summary>One file of the image and where it comes from. xorriso divides the two at the first '=' without a backslash.</summary>
    private static string Graft(string place, string file) =>
        $"{place}={Real(file).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("=", "\\=", StringComparison.Ordinal)}";

    /// <summary>The file itself: a link would be stored as a link.</summary>
    private static string Real(string file) =>
        File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(file);
}
