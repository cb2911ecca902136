// Entry code saves xmm0 and xmm8 and nothing else of the vector state, because generated integer code touches nothing else. That is an
// observation about one compiler, so every build looks.

using Iced.Intel;

namespace Xenith.Build;

internal static class VectorRegisters
{
    public static IEnumerable<string> Check(ImageCode code)
    {
        foreach (ImageFunction function in code.Compiled)
        {
            foreach (Instruction instruction in code.Instructions(function))
            {
                if (Offence(instruction) is { } offence)
                {
                    yield return $"{function.Name} uses {offence} ({instruction}): entry code saves only xmm0 and xmm8";
                    break;
                }
            }
        }
    }

    private static string? Offence(in Instruction instruction)
    {
        if (instruction.Encoding != EncodingKind.Legacy)
        {
            return "an AVX encoding";
        }

        for (int i = 0; i < instruction.OpCount; i++)
        {
            Register register = instruction.GetOpKind(i) == OpKind.Register ? instruction.GetOpRegister(i) : Register.None;
            bool saved = register is Register.XMM0 or Register.XMM8;
            bool vector = register.IsVectorRegister() || register.IsMM() || register.IsST() || register.IsK();
            if (vector && !saved)
            {
                return register.ToString().ToLowerInvariant();
            }
        }

        return instruction.IsInvalid ? "bytes that are no instruction" : null;
    }
}
