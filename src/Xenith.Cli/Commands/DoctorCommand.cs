using System.CommandLine;
using Spectre.Console;
using Xenith.Cli.Debian;
using Xenith.Cli.Emulation;

namespace Xenith.Cli.Commands;

/// <summary>'xenith doctor': what this machine has and lacks, and how to get what it lacks. Changes nothing.</summary>
internal static class DoctorCommand
{
    /// <param name="Cure">What to type, where something is missing.</param>
    private sealed record Finding(string What, string For, bool Ok, string State, string Cure = "");

    public static Command Create()
    {
        var command = new Command("doctor", "Say what is missing on this machine and how to get it");
        command.SetAction(async (_, cancel) =>
        {
            List<Finding> findings = [await SdkAsync(cancel), Tool("apt-get"), Tool("dpkg-deb"), await EmulatorAsync(cancel), .. HostPackages.All.Where(package => package.Probe != QemuCommandLine.Program).Select(Package), Cache(), Kvm()];
            var table = new Table().Border(TableBorder.Rounded).AddColumns("", "what", "needed for", "state", "to get it");
            foreach (var finding in findings)
            {
                table.AddRow(
                    finding.Ok ? new Text("ok", new Style(Color.Green)) : finding.Cure.Length > 0 ? new Text("missing", new Style(Color.Red)) : new Text("-"),
                    new Text(finding.What), new Text(finding.For), new Text(finding.State), new Text(finding.Ok ? "" : finding.Cure));
            }
            AnsiConsole.Write(table);
            return findings.Any(finding => finding is { Ok: false, Cure.Length: > 0 }) ? ExitStatus.Failure : ExitStatus.Success;
        });
        return command;
    }

    private static async Task<Finding> SdkAsync(CancellationToken cancel)
    {
        var version = (await HostCommand.RunAsync("dotnet", ["--version"], cancel: cancel)).Output.Trim();
        return new Finding(".NET SDK 10", "everything", version.StartsWith("10.", StringComparison.Ordinal), version, "install the .NET SDK 10");
    }

    private static Finding Tool(string name) =>
        new(name, "Debian's kernel, busybox and Xen", HostCommand.Exists(name), HostCommand.Locate(name) ?? "", "a Debian or a relative of it");

    private static Finding Package(HostPackage package) => new(
        package.Name, package.Reason, package.IsInstalled, package.IsInstalled ? "installed" : "", $"apt-get install {package.Name}");

    private static async Task<Finding> EmulatorAsync(CancellationToken cancel)
    {
        var there = HostCommand.Exists(QemuCommandLine.Program);
        var version = there ? (await HostCommand.RunAsync(QemuCommandLine.Program, ["--version"], cancel: cancel)).Output.Split('\n')[0] : "";
        return new Finding("QEMU", "booting", there, version, "apt-get install qemu-system-x86");
    }

    private static Finding Cache()
    {
        var packages = Path.Combine(Repository.Find().Cache, "packages");
        string?[] names = Directory.Exists(packages) ? [.. Directory.GetDirectories(packages).Select(Path.GetFileName).Order()] : [];
        return new Finding("packages in the cache", "booting without a network", names.Length > 0, names.Length > 0 ? string.Join('\n', names) : "none yet; the first run fetches them");
    }

    private static Finding Kvm() => new("/dev/kvm", "--accel kvm only", File.Exists("/dev/kvm"), File.Exists("/dev/kvm") ? "there" : "not there");
}
