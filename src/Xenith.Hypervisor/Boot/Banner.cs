using Xenith.Hypervisor.Console;

namespace Xenith.Hypervisor.Boot;

/// <summary>Names and numbers by which the hypervisor introduces itself. The version is that of the Xen whose ABI it keeps: tools choose by it.</summary>
public static class Banner
{
    /// <summary>XENVER_version: major and minor.</summary>
    public const uint Major = 4, Minor = 17;

    /// <summary>XENVER_extraversion.</summary>
    public static System.ReadOnlySpan<byte> ExtraVersion => ".7-xenith"u8;

    /// <summary>First line of the log.</summary>
    internal static void Print(ConsoleLog log) => log.Always($"Xen version {Major}.{Minor}{ExtraVersion} (Xenith, a hypervisor in C#)");
}
