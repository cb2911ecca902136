namespace Xenith.Cli.Emulation;

/// <summary>
/// The scratch directory of one emulated machine: links to what is booted, what the emulator connects to or writes, and its logs. It lies
/// under the system's temporary directory because a socket's path may have no more than 107 bytes.
/// </summary>
internal sealed class RunDirectory : IDisposable
{
    public const string Hypervisor = "hypervisor.elf";
    public const string Kernel = "vmlinuz";
    public const string Initrd = "initrd.cpio";
    public const string SerialLog = "serial.log";
    public const string EmulatorLog = "emulator.log";
    public const string MonitorSocket = "monitor.sock";
    public const string CommandSocket = "command.sock";
    public const string ConsoleSocket = "console.sock";
    public const string CommandOutput = "command.out";
    public const string Disc = "boot.iso";

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("xenith-");

    public string FullName => directory.FullName;

    public string this[string name] => Path.Combine(directory.FullName, name);

    public void Link(string name, string target) => File.CreateSymbolicLink(this[name], Path.GetFullPath(target));

    public void Dispose() => directory.Delete(recursive: true);
}
