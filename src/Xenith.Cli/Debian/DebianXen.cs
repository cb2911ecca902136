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
        var packed = Path.Combine(await packages.GetAsync(PackageCache.XenPackage, cancel), "boot", "xen-4.17-amd64.gz");
        if (!File.Exists(elf))
        {
            await using var held = await packages.HoldAsync(cancel);
            await using (var unpacked = new GZipStream(File.OpenRead(packed), CompressionMode.Decompress))
            await using (var plain = File.Create(elf + ".new"))
                await unpacked.CopyToAsync(plain, cancel);
            File.Move(elf + ".new", elf, overwrite: true);
        }
        return new HypervisorImage("debian", elf, Symbols: null) { Packed = packed };
    }
}
