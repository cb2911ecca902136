// A sequence as text, one step a line, so that one that fails can be kept, read, edited and run again:
//
//   v3 cpu1 call 26 hurry page5 args @5+0 1 0 0x7ff0 mem 0=4 8=f1:9 
//
// Values: a number; fD:S, frame of slot S of domain D; mD:S+bits, its machine address; gD:S+bits, a grant of it; @P+offset, an address in page P of the caller's arena. What is zero is left out
// at the end of a list.

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Xenith.Fuzzing.Calls;

namespace Xenith.Fuzzing.Runs;

/// <summary>Writes and reads steps.</summary>
public static class StepText
{
    /// <summary>Writes a step as a line.</summary>
    public static string Write(in FuzzStep step)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"v{step.Vcpu} cpu{step.Cpu} {Name(step.Action)} {Number(step.Number)}");
        foreach (FuzzFlags flag in (ReadOnlySpan<FuzzFlags>)[FuzzFlags.Hurry, FuzzFlags.Leave, FuzzFlags.Forget])
        {
            if ((step.Flags & flag) != 0)
                text.Append(' ').Append(flag.ToString().ToLowerInvariant());
        }
        text.Append(CultureInfo.InvariantCulture, $" page{step.Page}");
        int last = FuzzArguments.Count;
        while (last > 0 && step.Arguments[last - 1].Kind == FuzzKind.Literal && step.Arguments[last - 1].Bits == 0)
            last--;
        if (last > 0)
            text.Append(" args");
        for (int i = 0; i < last; i++)
            text.Append(' ').Append(Value(step.Arguments[i]));
        if (step.WordCount > 0)
            text.Append(" mem");
        for (int i = 0; i < step.WordCount; i++)
            text.Append(CultureInfo.InvariantCulture, $" {Number(step.Words[i].Offset)}={Value(step.Words[i])}");
        return text.ToString();
    }

    /// <summary>Reads a line that <see cref="Write"/> wrote. Throws <see cref="FormatException"/> with the word that is wrong.</summary>
    public static FuzzStep Read(string line)
    {
        FuzzStep step = default;
        int arguments = -1;
        bool memory = false;
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        for (int i = 0; i < words.Length; i++)
        {
            string word = words[i];
            try
            {
                if (i == 2)
                    step.Action = Action(word);
                else if (i == 3)
                    step.Number = ParseNumber(word);
                else if (memory)
                {
                    int equals = word.IndexOf('=');
                    step.Add((int)ParseNumber(word[..equals]), ParseValue(word[(equals + 1)..]));
                }
                else if (word == "mem")
                    memory = true;
                else if (arguments >= 0)
                    step.Arguments[arguments++] = ParseValue(word);
                else if (word == "args")
                    arguments = 0;
                else if (word.StartsWith("cpu", StringComparison.Ordinal))
                    step.Cpu = (byte)ParseNumber(word[3..]);
                else if (word.StartsWith("page", StringComparison.Ordinal))
                    step.Page = (ushort)ParseNumber(word[4..]);
                else if (word[0] == 'v')
                    step.Vcpu = (byte)ParseNumber(word[1..]);
                else
                    step.Flags |= Enum.Parse<FuzzFlags>(word, true);
            }
            catch (Exception error) when (error is FormatException or ArgumentException or OverflowException or IndexOutOfRangeException)
            {
                throw new FormatException($"'{word}' is not understood in: {line}", error);
            }
        }
        return step;
    }

    /// <summary>Reads the lines of a file; what follows a # is a remark.</summary>
    public static FuzzStep[] ReadAll(IEnumerable<string> lines)
    {
        var steps = new List<FuzzStep>();
        foreach (string line in lines)
        {
            string bare = line.Split('#')[0].Trim();
            if (bare.Length > 0)
                steps.Add(Read(bare));
        }
        return [.. steps];
    }

    private static string Name(FuzzAction action) => action == FuzzAction.Hypercall ? "call" : action.ToString().ToLowerInvariant();

    private static FuzzAction Action(string word) => word == "call" ? FuzzAction.Hypercall : Enum.Parse<FuzzAction>(word, true);

    private static string Value(in FuzzValue value) => value.Kind switch
    {
        FuzzKind.Frame => $"f{value.Domain}:{value.Slot}{Plus(value.Bits)}",
        FuzzKind.Machine => $"m{value.Domain}:{value.Slot}{Plus(value.Bits)}",
        FuzzKind.Grant => $"g{value.Domain}:{value.Slot}{Plus(value.Bits)}",
        FuzzKind.Address => $"@{value.Slot}{Plus(value.Bits)}",
        _ => Number(value.Bits),
    };

    private static string Plus(ulong bits) => bits == 0 ? "" : "+" + Number(bits);

    private static string Number(ulong number) => number < 10 ? number.ToString(CultureInfo.InvariantCulture) : $"0x{number:x}";

    private static FuzzValue ParseValue(string word)
    {
        int plus = word.IndexOf('+');
        ulong bits = plus < 0 ? 0 : ParseNumber(word[(plus + 1)..]);
        string name = plus < 0 ? word : word[..plus];
        if (name[0] == '@')
            return FuzzValue.Address((int)ParseNumber(name[1..]), bits);
        int colon = name.IndexOf(':');
        if (colon < 0)
            return FuzzValue.Literal(ParseNumber(name));
        int domain = (int)ParseNumber(name[1..colon]), slot = (int)ParseNumber(name[(colon + 1)..]);
        FuzzValue value = name[0] switch
        {
            'f' => FuzzValue.Frame(domain, slot),
            'm' => FuzzValue.Machine(domain, slot, 0),
            'g' => FuzzValue.Grant(domain, slot, 0),
            _ => throw new FormatException(),
        };
        value.Bits = bits;
        return value;
    }

    private static ulong ParseNumber(string word) => word.StartsWith("0x", StringComparison.Ordinal)
        ? ulong.Parse(word.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture)
        : ulong.Parse(word, NumberStyles.None, CultureInfo.InvariantCulture);
}
