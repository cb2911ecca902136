using System.IO.Compression;
using Xenith.Cli.Emulation;

namespace Xenith.Cli.Debian;

/// <summary>
/// Real Xen from Debian's package, which this project is compared with. The package holds it gzipped, for GRUB; QEMU's
/// multiboot loader wants the ELF inside.
/// </summary>
internal static class DebianXen
{
    public static async Task<HypervisorImage> GetAsync(Repository repository, PackageCache packages, CancellationToken cancel)
    {
        var elf = Path.Combine(repository.Cache, "xen-4.17-amd64.elf");
        if (!File.Exists(elf))
        {
            var home = await packages.GetAsync(PackageCache.XenPackage, cancel);
            await using var held = await packages.HoldAsync(cancel);
            await using (var packed = new GZipStream(File.OpenRead(Path.Combine(home, "boot", "xen-4.17-amd64.gz")), CompressionMode.Decompress))
            await using (var plain = File.Create(elf + ".new"))
                await packed.CopyToAsync(plain, cancel);
            File.Move(elf + ".new", elf, overwrite: true);
        }
        return new HypervisorImage("debian", elf, Symbols: null);
    }
}
