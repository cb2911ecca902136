using System.CommandLine;
using Xenith.Cli.Images;

namespace Xenith.Cli.Commands;

/// <summary>'xenith image': files that a machine boots from.</summary>
internal static class ImageCommand
{
    public static Command Create() => new("image", "Make a boot disc or a root file system") { Disc(), Rootfs() };

    private static Command Disc()
    {
        var output = new Option<string>("--output", "-o") { Description = "Where to write it", HelpName = "FILE", DefaultValueFactory = _ => "xenith.iso" };
        var protocol = new Option<string>("--protocol") { Description = "How GRUB starts the hypervisor", HelpName = "multiboot1|multiboot2", DefaultValueFactory = _ => "multiboot2" };
        var xen = new Option<string>("--xen") { Description = "Extra hypervisor options", HelpName = "OPTIONS", DefaultValueFactory = _ => "" };
        var dom0 = new Option<string>("--dom0") { Description = "Extra options for dom0's kernel", HelpName = "OPTIONS", DefaultValueFactory = _ => "" };
        var hypervisor = new Option<string?>("--hypervisor") { Description = "Another image, or 'debian' for real Xen from Debian's package", HelpName = "PATH|debian" };
        RunOptions.Restrict(protocol, "multiboot1", "multiboot2");
        RunOptions.RequireFile(hypervisor, RunOptions.Debian);
        RunOptions.RequireDirectory(output);
        var command = new Command("iso", "A CD image with GRUB, the hypervisor, Debian's kernel and a small userland") { output, protocol, xen, dom0, hypervisor };
        command.SetAction(async (parse, cancel) =>
        {
            var menu = StandardDisc.Menu(
                parse.GetValue(protocol) == "multiboot1" ? BootProtocol.Multiboot1 : BootProtocol.Multiboot2, parse.GetValue(xen)!, parse.GetValue(dom0)!);
            menu.Text(); // Bad options show before anything is built or fetched.
            var workshop = await Workshop.OpenAsync(message => Console.Error.WriteLine($"xenith: {message}"), cancel);
            var file = parse.GetValue(output)!;
            await StandardDisc.WriteAsync(file, menu, workshop, await workshop.HypervisorAsync(parse.GetValue(hypervisor), cancel), cancel);
            Console.WriteLine(Path.GetFullPath(file));
            return ExitStatus.Success;
        });
        return command;
    }

    private static Command Rootfs()
    {
        var output = new Option<string>("--output", "-o") { Description = "Where to write it", HelpName = "FILE", DefaultValueFactory = _ => "rootfs.img" };
        RunOptions.RequireDirectory(output);
        var command = new Command("rootfs", "A disk image with a whole Debian: systemd, compiler, debugger; boot it with './run --rootfs FILE'") { output };
        command.SetAction(async (parse, cancel) =>
        {
            var workshop = await Workshop.OpenAsync(message => Console.Error.WriteLine($"xenith: {message}"), cancel);
            var file = Path.GetFullPath(parse.GetValue(output)!);
            await RootFileSystem.CopyAsync(await workshop.RootFileSystemAsync(cancel), file, cancel);
            Console.WriteLine(file);
            return ExitStatus.Success;
        });
        return command;
    }
}
