using System.CommandLine;
using Xenith.Cli.Building;

namespace Xenith.Cli.Commands;

/// <summary>'xenith build': the bare-metal image, and where it is.</summary>
internal static class BuildCommand
{
    public static Command Create()
    {
        var command = new Command("build", "Build the hypervisor's image");
        command.SetAction(async (_, cancel) =>
        {
            var builder = new HypervisorBuild(Repository.Find(), message => Console.Error.WriteLine($"xenith: {message}"));
            var image = await builder.EnsureAsync(cancel);
            Console.WriteLine(image.Elf);
            return ExitStatus.Success;
        });
        return command;
    }
}
