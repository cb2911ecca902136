// The guest's command line: `tests=all` or `tests=name,name` (a name selects itself and everything below it: `time` takes
// `time.block`), the word `bench`, and `bug=N`, which asks a hypervisor that was built with its own checks to trap, with `zero` after a page was mapped at address 0; `victims=N` lets it end other domains so, from family N on. Without `tests=` and without `bench`, all checks run.
// The hostile guest takes `crash=NAME`: it makes that one attack, from which its domain is not to come back.

namespace Xenith.Guest.Pv.Kernel;

static unsafe class CommandLine
{
    static byte* text;
    static byte* tests;

    public static bool Benchmark;

    static byte* crash;

    /// <summary>True if one attack that ends the domain is asked for, and nothing else.</summary>
    public static bool HasCrash => crash != null;

    /// <summary>True if this is the one.</summary>
    public static bool IsCrash(string name) => crash != null && StartsWith(crash, name) && IsEnd(crash[name.Length]);

    /// <summary>A bug of the hypervisor to ask for, 1 to 9; 0 for none.</summary>
    public static uint Bug;

    /// <summary>A page is mapped at address 0 before.</summary>
    public static bool MapsZero;

    /// <summary>The hypervisor is to make domains and end them by bugs.</summary>
    public static bool Victims;
    public static uint FirstFamily;

    public static void Read(byte* commandLine)
    {
        text = commandLine;
        tests = null;
        for (byte* word = text; *word != 0; word = Next(word))
        {
            if (StartsWith(word, "tests="))
            {
                tests = word + 6;
            }
            else if (StartsWith(word, "crash="))
            {
                crash = word + 6;
            }
            else if (StartsWith(word, "bug="))
            {
                Bug = NumberAt(word + 4);
            }
            else if (StartsWith(word, "zero") && IsEnd(word[4]))
            {
                MapsZero = true;
            }
            else if (StartsWith(word, "victims="))
            {
                Victims = true;
                FirstFamily = NumberAt(word + 8);
            }
            else if (StartsWith(word, "bench") && IsEnd(word[5]))
            {
                Benchmark = true;
            }
        }
    }

    public static bool Selects(string name)
    {
        if (tests == null)
        {
            return !Benchmark;
        }

        byte* at = tests;
        while (!IsEnd(*at))
        {
            if (StartsWith(at, "all") && (IsEnd(at[3]) || at[3] == ','))
            {
                return true;
            }

            int length = 0;
            while (length < name.Length && at[length] == name[length])
            {
                length++;
            }

            if ((IsEnd(at[length]) || at[length] == ',') && length > 0 && (length == name.Length || name[length] == '.'))
            {
                return true;
            }

            while (!IsEnd(*at) && *at != ',')
            {
                at++;
            }

            if (*at == ',')
            {
                at++;
            }
        }

        return false;
    }

    static uint NumberAt(byte* digit)
    {
        uint number = 0;
        for (; *digit is >= (byte)'0' and <= (byte)'9'; digit++)
        {
            number = number * 10 + (uint)(*digit - '0');
        }

        return number;
    }

    static bool IsEnd(byte character) => character is 0 or (byte)' ';

    static bool StartsWith(byte* at, string prefix)
    {
        for (int i = 0; i < prefix.Length; i++)
        {
            if (at[i] != prefix[i])
            {
                return false;
            }
        }

        return true;
    }

    static byte* Next(byte* word)
    {
        while (!IsEnd(*word))
        {
            word++;
        }

        while (*word == ' ')
        {
            word++;
        }

        return word;
    }
}
