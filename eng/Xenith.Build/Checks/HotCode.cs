// The machine code of what runs at every page-table entry, every frame and every hypercall. A change of the compiler or of a source file that makes
// it longer is seen here, not in a benchmark some weeks later. Xenith.Machine/HotCode.cs has a smallest use of each primitive; the hypercall entry is the real one.

using Iced.Intel;

namespace Xenith.Build;

/// <param name="Function">The linker's name, or the method's.</param>
/// <param name="Length">How many instructions lie on its way, at most, the last one included.</param>
/// <param name="Loads">How many of them read memory (a comparison with memory too).</param>
/// <param name="Branches">How many conditional branches there are on the way.</param>
/// <param name="End">How the way ends.</param>
internal sealed record HotFunction(string Function, int Length, int Loads, int Branches, FlowControl End);

internal static class HotCode
{
    public static readonly IReadOnlyList<HotFunction> Pinned =
    [
        // Two of the instructions of the second and third align the stack, which they would not do inlined.
        new("hot_page_table_entry", 4, 1, 0, FlowControl.Return),
        new("hot_frame_info", 8, 2, 1, FlowControl.Return),
        new("hot_context", 6, 1, 0, FlowControl.Return),
        // From the guest's number to the handler: bounds, the table's entry, a jump.
        new("hv_hypercall", 1, 0, 0, FlowControl.UnconditionalBranch),
        new("Xenith.Hypervisor.Hypercalls.HypercallTable.Call<Xenith.Hypervisor.Hypercalls.Pv64>", 12, 1, 2, FlowControl.IndirectBranch),
    ];

    public static IEnumerable<string> Check(ImageCode code) =>
        Pinned.SelectMany(pin => (code.BySymbol(pin.Function) ?? code.Compiled.FirstOrDefault(f => f.Name == pin.Function)) is { } function
            ? Check(pin, code.Instructions(function))
            : [$"{pin.Function} is not in the image: its machine code is pinned by Checks/HotCode.cs"]);

    /// <summary>Follows the code that is run when nothing is wrong: conditional branches are not taken.</summary>
    public static IEnumerable<string> Check(HotFunction pin, IEnumerable<Instruction> code)
    {
        int length = 0, loads = 0, branches = 0;
        FlowControl end = FlowControl.Exception;
        foreach (Instruction instruction in code)
        {
            length++;
            loads += Reads(instruction) ? 1 : 0;
            branches += instruction.FlowControl == FlowControl.ConditionalBranch ? 1 : 0;
            if (instruction.FlowControl is not (FlowControl.Next or FlowControl.ConditionalBranch))
            {
                end = instruction.FlowControl;
                break;
            }
        }

        if (end != pin.End)
        {
            yield return $"{pin.Function} is pinned to end in {pin.End} and ends in {end}";
        }

        if (length > pin.Length || loads > pin.Loads || branches > pin.Branches)
        {
            yield return $"{pin.Function} has {length} instructions, {loads} loads, {branches} branches; pinned are {pin.Length}, {pin.Loads} and {pin.Branches}";
        }
    }

    private static bool Reads(in Instruction instruction)
    {
        InstructionInfoFactory factory = new();
        foreach (UsedMemory memory in factory.GetInfo(instruction).GetUsedMemory())
        {
            bool stack = instruction.Mnemonic is Mnemonic.Ret or Mnemonic.Pop;
            if (!stack && memory.Access is OpAccess.Read or OpAccess.CondRead or OpAccess.ReadWrite or OpAccess.ReadCondWrite)
            {
                return true;
            }
        }

        return false;
    }
}
