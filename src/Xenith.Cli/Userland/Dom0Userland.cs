using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Xenith.Cli.Debian;

namespace Xenith.Cli.Userland;

/// <summary>
/// Dom0's root file system: Debian's static busybox, the modules of Debian's kernel that a host needs, and our init script, as
/// one uncompressed initramfs (unpacking gzip under emulation would cost three seconds of every boot). It is made once and
/// kept in the cache under a name that holds a hash of everything that went into it.
/// </summary>
internal sealed class Dom0Userland(string archive)
{
    /// <summary>Increase when the layout below changes.</summary>
    private const string Layout = "2";

    private static readonly string[] Modules =
    [
        "xen-evtchn", "xen-gntdev", "xen-gntalloc", "xen-privcmd", "xenfs", "xen-blkback", "xen-netback", "xen-pciback", "xen-acpi-processor",
        "ahci", "sd_mod", "nvme", "virtio_pci", "virtio_blk", "e1000e", "virtio_net", "loop", "bridge", "tun",
        "ext4", "crc32c_generic", "vfat", "nls_ascii", "nls_cp437", "isofs",
    ];

    public static async Task<Dom0Userland> GetAsync(Repository repository, PackageCache packages, DebianKernel kernel, CancellationToken cancel)
    {
        var init = Resource("init.sh");
        var key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Layout}\n{kernel.Release}\n{string.Join(' ', Modules)}\n{init}")).AsSpan(0, 6));
        var file = Path.Combine(repository.Cache, $"dom0-{key}.cpio");
        if (!File.Exists(file))
        {
            var busybox = Path.Combine(await packages.GetAsync("busybox-static", cancel), "bin", "busybox");
            await using var held = await packages.HoldAsync(cancel);
            await using (var output = new BufferedStream(File.Create(file + ".new"), 1 << 20))
                await BuildAsync(output, busybox, kernel, init, cancel);
            File.Move(file + ".new", file, overwrite: true);
        }
        return new Dom0Userland(file);
    }

    /// <summary>Writes a complete initramfs: the cached archive, then what this one run asks for.</summary>
    public void Write(string file, SessionPlan plan)
    {
        using var output = File.Create(file);
        using (var cached = File.OpenRead(archive))
            cached.CopyTo(output);
        plan.WriteTo(output);
    }

    public static string Resource(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static async Task BuildAsync(Stream output, string busybox, DebianKernel kernel, string init, CancellationToken cancel)
    {
        using var archive = new CpioWriter(output);
        foreach (var name in (string[])["proc", "sys", "dev", "run", "tmp", "root", "mnt", "sbin", "usr/bin", "usr/sbin", "var"])
            archive.Directory(name);
        archive.Device("dev/console", 5, 1);
        archive.Link("var/run", "/run");
        archive.Link("var/lock", "/run/lock");
        archive.Executable("init", Encoding.UTF8.GetBytes(init));
        archive.File("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"u8);
        archive.File("etc/group", "root:x:0:\n"u8);
        archive.File("etc/hosts", "127.0.0.1 localhost\n"u8);
        archive.File("etc/profile", "export PS1='dom0:\\w# '\n"u8);

        archive.Executable("bin/busybox", await File.ReadAllBytesAsync(busybox, cancel));
        foreach (var applet in (await HostCommand.CheckAsync(busybox, ["--list"], cancel: cancel)).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (applet != "busybox")
                archive.Link($"bin/{applet}", "busybox");
        }

        var home = $"lib/modules/{kernel.Release}";
        var modules = new KernelModules(kernel.Modules).Closure(Modules);
        foreach (var module in modules)
            archive.File($"{home}/{module.Path}", module.Image);
        archive.File($"{home}/modules.dep", Encoding.UTF8.GetBytes(KernelModules.DependencyList(modules)));
        foreach (var name in (string[])["modules.builtin", "modules.order"])
            archive.File($"{home}/{name}", await File.ReadAllBytesAsync(Path.Combine(kernel.Modules, name), cancel));
    }
}
