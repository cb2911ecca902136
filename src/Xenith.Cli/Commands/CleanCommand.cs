using System.CommandLine;

namespace Xenith.Cli.Commands;

/// <summary>'xenith clean': takes away what was built, and what was downloaded if asked to.</summary>
internal static class CleanCommand
{
    public static Command Create()
    {
        var cache = new Option<bool>("--cache") { Description = "Also remove downloaded packages and dom0's userland" };
        var command = new Command("clean", "Remove the build output") { cache };
        command.SetAction(parse =>
        {
            var repository = Repository.Find();
            foreach (var directory in parse.GetValue(cache) ? [repository.Output, repository.Cache] : (string[])[repository.Output])
            {
                if (!Directory.Exists(directory))
                    continue;
                Directory.Delete(directory, recursive: true);
                Console.WriteLine($"removed {directory}");
            }
            return ExitStatus.Success;
        });
        return command;
    }
}
