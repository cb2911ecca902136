using System.Globalization;

namespace Xenith.Cli.Emulation;

/// <summary>
/// The arguments that make QEMU the machine of a <see cref="MachineSettings"/>. QEMU runs inside the run directory and is given
/// names without a path: a multiboot loader puts the names into the guest's memory, so a path would make two runs differ.
/// </summary>
internal static class QemuCommandLine
{
    public const string Program = "qemu-system-x86_64";

    /// <param name="onTerminal">Port 1 is the user's terminal, with QEMU's escape key Ctrl-A; otherwise only the log gets it.</param>
    public static IReadOnlyList<string> Build(MachineSettings machine, bool onTerminal)
    {
        List<string> line =
        [
            "-name", "xenith", "-nodefaults", "-display", "none", "-no-reboot",
            "-machine", "q35", "-accel", Accel(machine), "-cpu", Cpu(machine),
            "-smp", Number(machine.Cpus), "-m", $"{Number(machine.MemoryMiB)}M",
            "-d", "cpu_reset,guest_errors", "-D", RunDirectory.EmulatorLog,
            // Stopped until the monitor is connected, so that no event of the machine is missed.
            "-S", "-chardev", $"socket,id=qmp,path={RunDirectory.MonitorSocket}", "-mon", "chardev=qmp,mode=control",
            "-chardev", onTerminal
                ? $"stdio,id=com1,mux=on,signal=off,logfile={RunDirectory.SerialLog}"
                : machine.Operator is null ? $"file,id=com1,path={RunDirectory.SerialLog}"
                // No logfile: QEMU repeats a byte in it when the socket was full. What comes out of the socket is the log.
                : $"socket,id=com1,path={RunDirectory.ConsoleSocket}",
            "-serial", "chardev:com1",
            "-chardev", $"socket,id=com2,path={RunDirectory.CommandSocket}", "-serial", "chardev:com2",
        ];
        if (onTerminal)
            line.AddRange("-mon", "chardev=com1,mode=readline");
        if (machine.CountInstructions)
            line.AddRange("-icount", "shift=0,sleep=off", "-rtc", "base=2026-01-01T00:00:00,clock=vm");
        if (machine.WaitForDebugger)
            line.Add("-s");
        foreach (var (index, disk) in machine.AllDisks.Index())
            line.AddRange(DiskArguments(index, disk));
        if (machine.Nic is { } nic)
            line.AddRange("-netdev", "user,id=net0", "-device", $"{(nic == NicModel.E1000e ? "e1000e" : "virtio-net-pci")},netdev=net0");
        line.AddRange(machine.Boot == BootPath.Direct && machine.Disc is null ? DirectBoot(machine)
            : ["-drive", $"if=none,id=disc,format=raw,media=cdrom,readonly=on,file={RunDirectory.Disc}", "-device", "ide-cd,drive=disc,bootindex=0"]);
        line.AddRange(machine.ExtraArguments);
        return line;
    }

    private static IEnumerable<string> DirectBoot(MachineSettings machine)
    {
        List<string> line = ["-kernel", RunDirectory.Hypervisor, "-append", machine.HypervisorLine];
        if (machine.Modules is { } modules)
            line.AddRange("-initrd", Escape($"{RunDirectory.Kernel} {machine.KernelLine}") + (modules.Initrd == BootModules.None ? "" : $",{RunDirectory.Initrd}"));
        return line;
    }

    /// <summary>A comma separates QEMU's values; a doubled one stands for itself.</summary>
    internal static string Escape(string value) => value.Replace(",", ",,", StringComparison.Ordinal);

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Accel(MachineSettings machine) => machine.Accelerator == Accelerator.Kvm ? "kvm" : "tcg";

    /// <summary>
    /// TCG's SMAP is wrong: IRET at CPL 3 reads its own user stack as a supervisor, which no PV kernel survives. The random
    /// number instructions would make counted runs differ.
    /// </summary>
    private static string Cpu(MachineSettings machine) =>
        machine.CpuModel ?? (machine.Accelerator == Accelerator.Kvm ? "host"
        : machine.CountInstructions ? "max,-smap,-rdrand,-rdseed"
        : "max,-smap");

    private static IEnumerable<string> DiskArguments(int index, Disk disk)
    {
        var id = $"disk{Number(index)}";
        var format = IsQcow2(disk.File) ? "qcow2" : "raw";
        return
        [
            "-drive", $"if=none,id={id},format={format},file={Escape(Path.GetFullPath(disk.File))}{(disk.Discard ? ",snapshot=on" : "")}",
            "-device", disk.Bus switch
            {
                DiskBus.Ahci => $"ide-hd,drive={id}",
                DiskBus.Nvme => $"nvme,drive={id},serial=xenith{Number(index)}",
                _ => $"virtio-blk-pci,drive={id}",
            },
        ];
    }

    private static bool IsQcow2(string file)
    {
        Span<byte> magic = stackalloc byte[4];
        using var stream = File.OpenRead(file);
        return stream.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length && magic is [(byte)'Q', (byte)'F', (byte)'I', 0xfb];
    }
}
