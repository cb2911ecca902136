using System.Globalization;
using Iced.Intel;

namespace Xenith.Cli.Benchmarks;

/// <summary>
/// What the hypervisor executed in one pass of a row, sorted by what instruction counts hide: one of these is one instruction in every figure, and costs tens to
/// thousands of cycles on silicon.
/// </summary>
/// <param name="Instructions">All of the hypervisor's.</param>
/// <param name="Repeats">Iterations of repeated string instructions.</param>
/// <param name="Flushes">Writes to CR3 and CR4, by which whole TLBs are flushed.</param>
/// <param name="Invalidations">INVLPG and INVPCID.</param>
/// <param name="MsrWrites">WRMSR.</param>
/// <param name="Interrupts">Commands to the local APIC to interrupt a CPU.</param>
/// <param name="Locked">Instructions with a LOCK prefix, and XCHG with memory.</param>
/// <param name="Devices">Port accesses and writes to the local APIC.</param>
internal sealed record PathCounts(
    long Instructions, long Repeats, long Flushes, long Invalidations, long MsrWrites, long Interrupts, long Locked, long Devices)
{
    private const uint InterruptCommand = 0x300;

    /// <summary>The kinds that no row may win by, with their names.</summary>
    public static IReadOnlyList<(string Name, Func<PathCounts, long> Of)> Costly { get; } =
    [
        ("CR3 and CR4 writes", path => path.Flushes), ("invalidations", path => path.Invalidations), ("MSR writes", path => path.MsrWrites),
        ("IPIs", path => path.Interrupts), ("locked", path => path.Locked),
    ];

    /// <summary>Names of the costly kinds of which there are more here than on another path.</summary>
    public IEnumerable<string> MoreThan(PathCounts other) => Costly.Where(kind => kind.Of(this) > kind.Of(other)).Select(kind => kind.Name);

    /// <summary>Reads what guests/benchmarks/paths.c wrote: a path for each row that the guest measured, in its order.</summary>
    public static IReadOnlyList<PathCounts> Parse(IEnumerable<string> lines)
    {
        List<PathCounts> paths = [];
        foreach (var words in lines.Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        {
            if (words is ["pass"])
                paths.Add(new PathCounts(0, 0, 0, 0, 0, 0, 0, 0));
            else if (words is ["stores", var offset, var stores] && paths.Count > 0)
                paths[^1] = paths[^1].WithStores(uint.Parse(offset, NumberStyles.HexNumber, CultureInfo.InvariantCulture), long.Parse(stores, CultureInfo.InvariantCulture));
            else if (words is [var count, var bytes] && paths.Count > 0)
                paths[^1] = paths[^1].With(Convert.FromHexString(bytes), long.Parse(count, CultureInfo.InvariantCulture));
        }
        return paths;
    }

    private PathCounts WithStores(uint register, long count) =>
        this with { Devices = Devices + count, Interrupts = Interrupts + (register == InterruptCommand ? count : 0) };

    private PathCounts With(byte[] bytes, long count)
    {
        var instruction = Decoder.Create(64, bytes).Decode();
        long If(bool holds) => holds ? count : 0;
        return this with
        {
            Instructions = Instructions + count,
            Repeats = Repeats + If(instruction.IsStringInstruction && (instruction.HasRepPrefix || instruction.HasRepnePrefix)),
            Flushes = Flushes + If(instruction.Mnemonic == Mnemonic.Mov && instruction.Op0Register is Register.CR3 or Register.CR4),
            Invalidations = Invalidations + If(instruction.Mnemonic is Mnemonic.Invlpg or Mnemonic.Invpcid),
            MsrWrites = MsrWrites + If(instruction.Mnemonic == Mnemonic.Wrmsr),
            Locked = Locked + If(instruction.HasLockPrefix || (instruction.Mnemonic == Mnemonic.Xchg && HasMemory(instruction))),
            Devices = Devices + If(instruction.Mnemonic is Mnemonic.In or Mnemonic.Out or Mnemonic.Insb or Mnemonic.Insw or Mnemonic.Insd
                or Mnemonic.Outsb or Mnemonic.Outsw or Mnemonic.Outsd),
        };
    }

    private static bool HasMemory(in Instruction instruction) => instruction.Op0Kind == OpKind.Memory || instruction.Op1Kind == OpKind.Memory;
}
