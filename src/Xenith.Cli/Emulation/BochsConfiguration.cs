using System.Globalization;

namespace Xenith.Cli.Emulation;

/// <summary>
/// The bochsrc of a <see cref="MachineSettings"/>: a PC with the PIIX3 chip set, its BIOS from Debian's package, and the boot disc as its
/// only drive. Time is counted in instructions, so the speed of the host does not matter (<c>clock: sync=none</c>).
/// </summary>
internal static class BochsConfiguration
{
    public const string Program = "bochs-bin";

    /// <summary>An Intel CPU with SMAP, SMEP, x2APIC, TSC deadline, AVX-512 and VT-x.</summary>
    public const string DefaultCpu = "corei7_skylake_x";

    /// <summary>Bochs offers nothing to a BIOS above this, in mebibytes.</summary>
    public const int MaximumMemory = 2048;

    public const int MaximumCpus = 8;

    private const int InstructionsPerSecond = 100_000_000;

    /// <summary>The CPU models of Bochs 2.7 that have 64-bit mode and XSAVE, as 'bochs-bin --help cpu' lists them.</summary>
    public static readonly IReadOnlyList<string> Cpus =
    [
        "corei7_sandy_bridge_2600k", "zambezi", "trinity_apu", "ryzen", "corei7_ivy_bridge_3770k", "corei7_haswell_4770", "broadwell_ult",
        DefaultCpu, "corei3_cnl", "corei7_icelake_u", "tigerlake",
    ];

    public static string Text(MachineSettings machine) => string.Create(CultureInfo.InvariantCulture, $"""
        display_library: rfb, options="timeout=0"
        memory: guest={machine.MemoryMiB}, host={machine.MemoryMiB}
        romimage: file=/usr/share/bochs/BIOS-bochs-latest
        vgaromimage: file=/usr/share/vgabios/vgabios.bin
        ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
        ata0-master: type=cdrom, path={RunDirectory.Disc}, status=inserted
        boot: cdrom
        cpu: model={machine.CpuModel ?? DefaultCpu}, count={machine.Cpus}, ips={InstructionsPerSecond}, reset_on_triple_fault=0
        com1: enabled=1, mode=file, dev={RunDirectory.SerialLog}
        com2: enabled=1, mode=file, dev={RunDirectory.CommandOutput}
        log: {RunDirectory.EmulatorLog}
        panic: action=fatal
        clock: sync=none
        plugin_ctrl: es1370=0, sb16=0, speaker=0

        """);
}
