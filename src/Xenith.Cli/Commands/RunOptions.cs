using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Xenith.Cli.Emulation;

namespace Xenith.Cli.Commands;

/// <summary>The options of 'xenith run'. They are a promise: scripts and documents rely on their names and meaning.</summary>
internal sealed class RunOptions
{
    public const string Debian = "debian";
    public const string Bochs = "bochs";
    public const string Direct = "direct";
    private const int MaximumCpus = 255;

    public readonly Option<string?> Exec = new("--exec") { Description = "Run these commands in dom0's shell, print exactly what they print, power off, exit with their status", HelpName = "COMMANDS" };
    public readonly Option<int> Cpus = new("--cpus") { Description = "Number of CPUs", HelpName = "N", DefaultValueFactory = _ => 1, CustomParser = ParseCpus };
    public readonly Option<int?> Memory = new("--memory") { Description = "Memory, as 512M or 2G [default: 1G]", HelpName = "SIZE", CustomParser = ParseMemory };
    public readonly Option<string> Xen = new("--xen") { Description = "Extra hypervisor options", HelpName = "OPTIONS", DefaultValueFactory = _ => "" };
    public readonly Option<string> Dom0 = new("--dom0") { Description = "Extra options for dom0's kernel", HelpName = "OPTIONS", DefaultValueFactory = _ => "" };
    public readonly Option<Disk[]> Disks = new("--disk") { Description = "A file as a disk (repeatable)", HelpName = "FILE:ahci|nvme|virtio", AllowMultipleArgumentsPerToken = false, CustomParser = ParseDisks };
    public readonly Option<Disk?> Rootfs = new("--rootfs") { Description = "dom0's root file system: an image of 'xenith image rootfs', or 'debian' for a fresh one that forgets what is written [default bus: virtio]", HelpName = "FILE|debian[:ahci|nvme|virtio]", CustomParser = ParseRootfs };
    public readonly Option<string?> Nic = new("--nic") { Description = "A network card", HelpName = "e1000e|virtio" };
    public readonly Option<string?> Hypervisor = new("--hypervisor") { Description = "Another image: an ELF32 with a multiboot header, or 'debian' for real Xen from Debian's package", HelpName = "PATH|debian" };
    public readonly Option<string> Emulator = new("--emulator") { Description = "The emulator", HelpName = "qemu|bochs", DefaultValueFactory = _ => "qemu" };
    public readonly Option<string?> CpuModel = new("--cpu-model") { Description = "The CPU, as the emulator names it [default: max,-smap; Bochs: corei7_skylake_x]", HelpName = "MODEL" };
    public readonly Option<string?> Boot = new("--boot") { Description = "QEMU's own loader, or GRUB from a CD by one of its two protocols [default: direct; Bochs: multiboot1]", HelpName = "direct|multiboot1|multiboot2" };
    public readonly Option<string> Accel = new("--accel") { Description = "How QEMU runs the guest's instructions", HelpName = "tcg|kvm", DefaultValueFactory = _ => "tcg" };
    public readonly Option<bool> Icount = new("--icount") { Description = "Virtual time counts instructions: repeatable to the instruction, and about 2.4 times slower" };
    public readonly Option<string[]> Qemu = new("--qemu") { Description = "Extra arguments for QEMU (repeatable)", HelpName = "ARGUMENTS", AllowMultipleArgumentsPerToken = false, DefaultValueFactory = _ => [], CustomParser = ParseWords };
    public readonly Option<FileInfo[]> With = new Option<FileInfo[]>("--with") { Description = "A static program for dom0, in /programs (repeatable)", HelpName = "FILE", AllowMultipleArgumentsPerToken = false, DefaultValueFactory = _ => [] }.AcceptExistingOnly();
    public readonly Option<string?> Log = new("--log") { Description = "Keep the whole serial log in this file", HelpName = "FILE" };
    public readonly Option<int?> Timeout = new("--timeout") { Description = "End the machine after this time (without a terminal: 300, with --icount or Bochs 900)", HelpName = "SECONDS", CustomParser = ParseTimeout };
    public readonly Option<bool> Gdb = new("--gdb") { Description = "Wait for a debugger on port 1234 before the first instruction" };
    public readonly Option<string?> Kernel = new("--kernel") { Description = "Another file as dom0's kernel", HelpName = "FILE" };
    public readonly Option<string?> Initrd = new("--initrd") { Description = "Another file as dom0's initramfs, or none", HelpName = "FILE|none" };
    public readonly Option<string?> Disc = new("--disc") { Description = "Boot this CD image, as 'xenith image iso' makes it", HelpName = "FILE" };
    public readonly Option<bool> NoKernel = new("--no-kernel") { Description = "Boot the hypervisor alone" };

    public RunOptions()
    {
        Restrict(Nic, "e1000e", "virtio");
        Restrict(Emulator, "qemu", Bochs);
        Restrict(Boot, Direct, "multiboot1", "multiboot2");
        Restrict(Accel, "tcg", "kvm");
        RequireFile(Kernel);
        RequireFile(Initrd, BootModules.None);
        RequireFile(Hypervisor, Debian);
        RequireFile(Disc);
    }

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[Exec, Cpus, Memory, Xen, Dom0, Disks, Rootfs, Nic, Hypervisor, Emulator, CpuModel, Boot, Accel, Icount, Qemu, With, Log, Timeout, Gdb, Kernel, Initrd, NoKernel, Disc])
            command.Options.Add(option);
    }

    /// <summary>512M, 2G: a number of mebibytes or gibibytes.</summary>
    public static int? ParseSize(string text)
    {
        var factor = text.Length == 0 ? 0 : char.ToUpperInvariant(text[^1]) switch { 'M' => 1, 'G' => 1024, _ => 0 };
        return factor != 0 && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number is > 0 and < 1 << 20 ? number * factor : null;
    }

    internal static void Restrict(Option option, params string[] allowed) => option.Validators.Add(result =>
    {
        if (result.Tokens is [var token] && !allowed.Contains(token.Value))
            result.AddError($"{option.Name} takes {string.Join(" or ", allowed)}, not '{token.Value}'");
    });

    internal static void RequireFile(Option option, string? word = null) => option.Validators.Add(result =>
    {
        if (result.Tokens is [var token] && token.Value != word && !File.Exists(token.Value))
            result.AddError($"{option.Name}: there is no file '{token.Value}'");
    });

    /// <summary>The option names a file to be written.</summary>
    internal static void RequireDirectory(Option option) => option.Validators.Add(result =>
    {
        if (result.Tokens is not [var token])
            return;
        if (Directory.Exists(token.Value))
            result.AddError($"{option.Name}: '{token.Value}' is a directory");
        else if (token.Value.Length == 0 || !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(token.Value))))
            result.AddError($"{option.Name}: there is no directory for '{token.Value}'");
    });

    private static int ParseCpus(ArgumentResult result)
    {
        var text = result.Tokens[^1].Value;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is > 0 and <= MaximumCpus)
            return count;
        result.AddError($"--cpus takes a number from 1 to {MaximumCpus}, not '{text}'");
        return 0;
    }

    private static int? ParseMemory(ArgumentResult result)
    {
        var text = result.Tokens[^1].Value;
        if (ParseSize(text) is { } size)
            return size;
        result.AddError($"--memory takes a size as 512M or 2G, not '{text}'");
        return null;
    }

    private static int? ParseTimeout(ArgumentResult result)
    {
        var text = result.Tokens[^1].Value;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and < 1_000_000)
            return seconds;
        result.AddError($"--timeout takes a number of seconds, not '{text}'");
        return null;
    }

    private static Disk[] ParseDisks(ArgumentResult result)
    {
        List<Disk> disks = [];
        foreach (var token in result.Tokens)
        {
            var (file, bus) = SplitBus(token.Value);
            if (bus is null)
                result.AddError($"--disk takes FILE:ahci, FILE:nvme or FILE:virtio, not '{token.Value}'");
            else if (!File.Exists(file))
                result.AddError($"--disk: there is no file '{file}'");
            else
                disks.Add(new Disk(file, bus.Value));
        }
        return [.. disks];
    }

    private static Disk? ParseRootfs(ArgumentResult result)
    {
        var text = result.Tokens[^1].Value;
        var (file, bus) = SplitBus(text);
        if (bus is null)
            file = text;
        if (file == Debian)
            return new Disk(Debian, bus ?? DiskBus.Virtio) { Discard = true };
        if (File.Exists(file))
            return new Disk(file, bus ?? DiskBus.Virtio);
        result.AddError($"--rootfs: there is no file '{file}'");
        return null;
    }

    /// <returns>What stands before the last colon, and the bus behind it, or null if no bus stands there.</returns>
    private static (string File, DiskBus? Bus) SplitBus(string text)
    {
        var colon = text.LastIndexOf(':');
        DiskBus? bus = colon < 0 ? null : text[(colon + 1)..] switch { "ahci" => DiskBus.Ahci, "nvme" => DiskBus.Nvme, "virtio" => DiskBus.Virtio, _ => null };
        return (text[..Math.Max(colon, 0)], bus);
    }

    private static string[] ParseWords(ArgumentResult result)
    {
        List<string> words = [];
        foreach (var token in result.Tokens)
        {
            if (Words.Split(token.Value) is { } split)
                words.AddRange(split);
            else
                result.AddError($"--qemu: a quote is not closed in '{token.Value}'");
        }
        return [.. words];
    }
}
