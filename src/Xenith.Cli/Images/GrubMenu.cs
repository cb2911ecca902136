using System.Text;
using Xenith.Cli.Commands;

namespace Xenith.Cli.Images;

/// <summary>The protocol by which GRUB starts the hypervisor: its commands 'multiboot' and 'multiboot2'.</summary>
internal enum BootProtocol { Multiboot1, Multiboot2 }

/// <summary>
/// A grub.cfg. GRUB takes its words as a shell does, and writes them into the command line that it hands over: a word with a
/// blank inside quotes, a backslash before a quotation mark (GRUB 2.06, grub-core/lib/cmdline.c). So options are split as a
/// shell would, and each word is quoted once for GRUB's parser.
/// </summary>
/// <param name="HypervisorOptions">The hypervisor's command line, split into words as a shell does.</param>
/// <param name="KernelOptions">The same for dom0's kernel.</param>
internal sealed record GrubMenu(BootProtocol Protocol, string HypervisorOptions, string KernelOptions)
{
    public const string Hypervisor = "/boot/xenith.gz";
    public const string Kernel = "/boot/vmlinuz";
    public const string Initrd = "/boot/initrd.img";

    /// <summary>How long a person has to choose; null for a disc that boots at once and shows no menu.</summary>
    public int? Seconds { get; init; }

    /// <summary>The mode of the screen that the hypervisor finds, WIDTHxHEIGHTxBITS; null to leave it as it is.</summary>
    public string? GraphicsMode { get; init; }

    public bool HasKernel { get; init; } = true;

    public bool HasInitrd { get; init; } = true;

    /// <summary>The whole file.</summary>
    public string Text()
    {
        var text = new StringBuilder();
        text.Append("serial --unit=0 --speed=115200\n");
        // Without a menu the screen is left alone: a machine that nobody looks at need not have one.
        text.Append(Seconds is null ? "terminal_output serial\n" : "terminal_input serial console\nterminal_output serial console\n");
        if (GraphicsMode is not null)
            text.Append("insmod all_video\n");
        text.Append($"set timeout={Seconds ?? 0}\n");
        text.Append($"menuentry 'Xenith{(HasKernel ? " with Debian as dom0" : "")}' {{\n");
        var (hypervisor, module) = Protocol == BootProtocol.Multiboot2 ? ("multiboot2", "module2") : ("multiboot", "module");
        text.Append($"    {hypervisor} {Hypervisor}{Quoted(HypervisorOptions)}\n");
        // Only now: loading the hypervisor sets it to what its header asks for, which is any mode.
        if (GraphicsMode is not null)
            text.Append($"    set gfxpayload={GraphicsMode}\n");
        if (HasKernel)
            text.Append($"    {module} {Kernel}{Quoted(KernelOptions)}\n");
        // The kernel unpacks its initramfs itself; GRUB would unpack only the first archive of several.
        if (HasInitrd)
            text.Append($"    {module} --nounzip {Initrd}\n");
        text.Append("}\n");
        if (Seconds is not null && HasKernel)
            text.Append($"menuentry 'Debian without a hypervisor' {{\n    linux {Kernel} console=ttyS0,115200\n{(HasInitrd ? $"    initrd {Initrd}\n" : "")}}}\n");
        return text.ToString();
    }

    /// <exception cref="ToolException">A quote is not closed.</exception>
    private static string Quoted(string options) =>
        string.Concat((Words.Split(options) ?? throw ToolException.Usage($"a quote is not closed in '{options}'"))
            .Select(word => $" '{word.Replace("'", "'\\''", StringComparison.Ordinal)}'"));
}
