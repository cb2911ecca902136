using System.Security.Cryptography;
using System.Text;
using Xenith.Cli.Debian;
using Xenith.Cli.Userland;

namespace Xenith.Cli.Images;

/// <summary>
/// A whole Debian as dom0's root file system: systemd, a login on the console, a compiler, a debugger, a load generator and all
/// modules of the kernel, on a raw ext4 image. It is made by mmdebstrap from exact package names and kept in the cache under a
/// name that holds a hash of everything that went into it. Root has no password.
/// </summary>
internal static class RootFileSystem
{
    /// <summary>Increase when the layout below changes.</summary>
    private const string Layout = "3";

    private const string Suite = "bookworm";

    /// <summary>Sparse: what is free takes no space on the host.</summary>
    private const string Size = "4G";

    /// <summary>Work in the background that would disturb whoever measures something.</summary>
    private static readonly string[] Masked =
        ["apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "e2scrub_reap.service", "fstrim.timer"];

    private static readonly string[] Packages =
    [
        "systemd-sysv", "udev", "kmod", "procps", "iproute2", "util-linux", "login", "e2fsprogs",
        "gcc", "libc6-dev", "make", "gdb", "stress-ng", "python3-minimal",
    ];

    /// <summary>The image in the cache, made first if it is not there. It is not to be written to.</summary>
    public static async Task<string> GetAsync(Repository repository, PackageCache packages, DebianKernel kernel, Action<string> say, CancellationToken cancel)
    {
        var file = Path.Combine(repository.Cache, $"rootfs-{Key(kernel)}.img");
        if (File.Exists(file))
            return file;
        await using var held = await packages.HoldAsync(cancel, "rootfs");
        if (File.Exists(file))
            return file;
        if (!Environment.IsPrivilegedProcess)
            throw ToolException.Failure("making a root file system needs root: its files belong to many users");
        await HostPackages.EnsureAsync([Purpose.RootFileSystem], say, cancel);
        say("making Debian's root file system, which takes some minutes");
        var tree = Directory.CreateTempSubdirectory("xenith-rootfs-");
        try
        {
            await FillAsync(tree.FullName, kernel, cancel);
            await HostCommand.CheckAsync(
                HostCommand.Locate("mke2fs")!, ["-q", "-F", "-t", "ext4", "-L", "xenith", "-d", tree.FullName, file + ".new", Size], cancel: cancel);
            File.Move(file + ".new", file, overwrite: true);
        }
        finally
        {
            await HostCommand.RunAsync("rm", ["-rf", "--one-file-system", tree.FullName], cancel: CancellationToken.None);
        }
        return file;
    }

    /// <summary>A copy of an image that may be written to, with the holes left holes.</summary>
    public static Task CopyAsync(string image, string file, CancellationToken cancel) =>
        HostCommand.CheckAsync("cp", ["--sparse=always", "--reflink=auto", image, file], cancel: cancel);

    private static string Key(DebianKernel kernel) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        $"{Layout}\n{Suite}\n{Size}\n{kernel.Release}\n{string.Join(' ', [.. Packages, .. Masked])}\n{Dom0Userland.Resource("session.sh")}\n{Dom0Userland.Resource("session.service")}")).AsSpan(0, 6));

    private static async Task FillAsync(string tree, DebianKernel kernel, CancellationToken cancel)
    {
        await HostCommand.CheckAsync(
            "unshare", ["--mount", "mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", $"--include={string.Join(',', Packages)}", Suite, tree], cancel: cancel);

        string In(string path) => Path.Combine(tree, path);
        async Task WriteAsync(string path, string text)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(In(path))!);
            await File.WriteAllTextAsync(In(path), text, cancel);
        }
        await WriteAsync("etc/hostname", "dom0\n");
        await WriteAsync("etc/hosts", "127.0.0.1 localhost dom0\n");
        await WriteAsync("etc/fstab", "# The initramfs mounts the root file system.\n");
        await WriteAsync("etc/machine-id", "8c1f6ad4c0de4d0eb07e8d2f4a5b6c7d\n");
        // The console is the hypervisor's log too: what goes wrong is shown, not every step, and no moving stars. An emulator on a busy
        // computer may take minutes for what a PC does in a second.
        await WriteAsync(
            "etc/systemd/system.conf.d/xenith.conf", "[Manager]\nShowStatus=error\nDefaultTimeoutStartSec=15min\nDefaultDeviceTimeoutSec=15min\n");
        await WriteAsync("usr/lib/xenith/session", Dom0Userland.Resource("session.sh"));
        await WriteAsync("etc/systemd/system/xenith-session.service", Dom0Userland.Resource("session.service"));

        Directory.CreateDirectory(In("usr/lib/modules"));
        await HostCommand.CheckAsync("cp", ["-a", kernel.Modules, In("usr/lib/modules/")], cancel: cancel);
        foreach (var command in (string[][])
            [["depmod", kernel.Release], ["passwd", "-q", "-d", "root"], ["chmod", "755", "/usr/lib/xenith/session"], ["systemctl", "-q", "enable", "xenith-session.service"], ["systemctl", "-q", "mask", .. Masked]])
            await HostCommand.CheckAsync("chroot", [tree, .. command], cancel: cancel);
    }
}
