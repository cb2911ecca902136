using System.CommandLine;
using Xenith.Cli;
using Xenith.Cli.Commands;

// The xenith command: everything that a person does with the source tree. Each subcommand is a file in Commands.
var root = new RootCommand("Xenith: a type-1 x86-64 hypervisor in C# that keeps the Xen ABI")
{
    RunCommand.Create(),
    TestCommand.Create(),
    BenchCommand.Create(),
    TranscriptCommand.Create(),
    FuzzCommand.Create(),
    BuildCommand.Create(),
    ImageCommand.Create(),
    DoctorCommand.Create(),
    CleanCommand.Create(),
};
var parse = root.Parse(args);
if (parse.Errors.Count > 0)
{
    foreach (var error in parse.Errors)
        Console.Error.WriteLine($"xenith: {error.Message}");
    return ExitStatus.Usage;
}
try
{
    return await parse.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromSeconds(5) });
}
catch (ToolException error)
{
    Console.Error.WriteLine($"xenith: {error.Message}");
    return error.Status;
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("xenith: interrupted");
    return 130;
}
