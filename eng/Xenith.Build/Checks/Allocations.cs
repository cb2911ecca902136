// After boot nothing may be allocated. The build lists which methods of the image call the allocator and compares with a checked-in file:
// a new line is a decision that somebody makes.

using Iced.Intel;

namespace Xenith.Build;

internal static class Allocations
{
    private static readonly string[] s_allocators =
        ["RhpNewFast", "RhpNewArrayFast", "RhpNewPtrArrayFast", "RhNewArray", "RhNewObject", "RhBox"];

    public static IEnumerable<string> Check(ImageCode code, string listPath, bool accept)
    {
        HashSet<ulong> allocators = [.. s_allocators.Select(code.BySymbol).OfType<ImageFunction>().Select(f => f.Address)];
        SortedSet<string> callers = new(StringComparer.Ordinal);
        foreach (ImageFunction function in code.Compiled.Where(f => !allocators.Contains(f.Address)))
        {
            if (code.Instructions(function).Any(i => Refers(code, function, i, allocators)))
            {
                callers.Add(function.Name);
            }
        }

        return CheckedInList.Compare(listPath, callers, accept, name =>
            $"{name} allocates with 'new' and is not in eng/{Path.GetFileName(listPath)}: nothing may be allocated after boot");
    }

    private static bool Refers(ImageCode code, ImageFunction function, in Instruction instruction, HashSet<ulong> allocators) =>
        (code.Callee(function, instruction) is { } callee && allocators.Contains(callee.Address))
        || (instruction.Mnemonic == Mnemonic.Lea && instruction.IsIPRelativeMemoryOperand && allocators.Contains(instruction.IPRelativeMemoryAddress));
}
