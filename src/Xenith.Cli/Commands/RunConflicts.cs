using System.CommandLine;
using Xenith.Cli.Emulation;

namespace Xenith.Cli.Commands;

/// <summary>Options of 'xenith run' that are good by themselves but not together, each with the one line that says so.</summary>
internal static class RunConflicts
{
    /// <param name="onTerminal">The run would give a shell on the user's terminal.</param>
    /// <returns>Null if the options go together.</returns>
    public static string? Find(RunOptions options, ParseResult parse, bool onTerminal)
    {
        var alone = parse.GetValue(options.NoKernel);
        var initrd = parse.GetValue(options.Initrd);
        var commands = parse.GetValue(options.Exec);
        if (commands is not null && (alone || initrd is not null))
            return $"--exec needs the standard dom0, so it does not go with {(alone ? "--no-kernel" : "--initrd")}";
        if (alone && (initrd ?? parse.GetValue(options.Kernel)) is not null)
            return "--no-kernel does not go with --kernel or --initrd";
        if (parse.GetValue(options.Rootfs) is not null && (alone || initrd is not null))
            return $"--rootfs needs the standard initramfs, so it does not go with {(alone ? "--no-kernel" : "--initrd")}";
        if (parse.GetValue(options.Disc) is not null
            && ((Option[])[options.Exec, options.Kernel, options.Initrd, options.NoKernel, options.Hypervisor, options.Xen, options.Dom0, options.Boot, options.Rootfs])
                .FirstOrDefault(option => parse.GetResult(option) is { Implicit: false }) is { } other)
            return $"--disc holds all that is booted, so it does not go with {other.Name}";
        if (parse.GetValue(options.Accel) == "kvm")
        {
            if (parse.GetValue(options.Icount))
                return "--icount counts in software, so it does not go with --accel kvm";
            if (parse.GetValue(options.Emulator) != RunOptions.Bochs && KvmFault() is { } fault)
                return $"--accel kvm: {fault}";
        }
        foreach (var (name, line) in (ReadOnlySpan<(string, string?)>)[("--xen", parse.GetValue(options.Xen)), ("--dom0", parse.GetValue(options.Dom0))])
        {
            if (line!.Contains('\n', StringComparison.Ordinal) || line.Any(char.IsControl))
                return $"{name} is one line of options, without control characters";
        }
        if (parse.GetValue(options.Log) is { } log && !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(log))))
            return $"--log: there is no directory for '{log}'";
        if (parse.GetValue(options.Log) is { } directory && Directory.Exists(directory))
            return $"--log: '{directory}' is a directory";
        return parse.GetValue(options.Emulator) == RunOptions.Bochs ? WithBochs(options, parse, onTerminal && commands is null) : null;
    }

    private static string? KvmFault()
    {
        if (!File.Exists("/dev/kvm"))
            return "this machine has no /dev/kvm";
        try
        {
            using var device = File.OpenHandle("/dev/kvm", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "/dev/kvm cannot be opened";
        }
    }

    /// <summary>What Bochs has no counterpart for.</summary>
    private static string? WithBochs(RunOptions options, ParseResult parse, bool shell)
    {
        if (shell)
            return "--emulator bochs has no console input: give it --exec COMMANDS";
        if (parse.GetValue(options.Accel) == "kvm")
            return "--accel kvm is QEMU's: Bochs interprets every instruction";
        if (parse.GetValue(options.Icount))
            return "--icount is QEMU's: Bochs always counts instructions, though its clock starts at today's time";
        if (parse.GetValue(options.Qemu) is { Length: > 0 })
            return "--qemu has no effect on --emulator bochs";
        if (parse.GetValue(options.Gdb))
            return "--gdb needs QEMU: Debian's Bochs has no connection for gdb";
        if (parse.GetValue(options.Disks) is { Length: > 0 } || parse.GetValue(options.Rootfs) is not null)
            return $"{(parse.GetValue(options.Rootfs) is null ? "--disk" : "--rootfs")}: Bochs has none of ahci, nvme and virtio";
        if (parse.GetValue(options.Nic) is { } nic)
            return $"--nic: Bochs has no {nic}";
        if (parse.GetValue(options.Boot) == RunOptions.Direct)
            return "--boot direct is QEMU's: Bochs starts from a CD, by multiboot1 or multiboot2";
        if (parse.GetValue(options.CpuModel) is { } model && !BochsConfiguration.Cpus.Contains(model))
            return $"--cpu-model: Bochs has no 64-bit CPU '{model}'; it has {string.Join(", ", BochsConfiguration.Cpus)}";
        if (parse.GetValue(options.Cpus) > BochsConfiguration.MaximumCpus)
            return $"--cpus: with Bochs from 1 to {BochsConfiguration.MaximumCpus}";
        if (parse.GetValue(options.Memory) > BochsConfiguration.MaximumMemory)
            return $"--memory: with Bochs no more than {BochsConfiguration.MaximumMemory}M";
        return null;
    }
}
