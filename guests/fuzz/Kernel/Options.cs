// The command line: `seed=N` is the first sequence's seed, each further one has the next; `sequences=N` and `seconds=N` say
// when to end, whichever comes first; `steps` prints every step before it is made, to find the one that a machine died of,
// and what it answered.

namespace Xenith.Guest.Fuzz.Kernel;

static unsafe class Options
{
    public static ulong Seed = 1, Count, Seconds;

    /// <summary>Every step is printed before it is made.</summary>
    public static bool Steps;

    public static void Read(byte* at)
    {
        Seed = 1;
        Count = ulong.MaxValue;
        Seconds = 60;
        while (*at != 0)
        {
            ulong number;
            if (TryRead(at, "seed=", out number))
            {
                Seed = number;
            }
            else if (TryRead(at, "sequences=", out number))
            {
                Count = number;
            }
            else if (TryRead(at, "seconds=", out number))
            {
                Seconds = number;
            }
            else if (TryRead(at, "steps", out _))
            {
                Steps = true;
            }

            while (*at != 0 && *at != ' ')
            {
                at++;
            }

            while (*at == ' ')
            {
                at++;
            }
        }
    }

    static bool TryRead(byte* at, string name, out ulong number)
    {
        number = 0;
        for (int i = 0; i < name.Length; i++, at++)
        {
            if (*at != name[i])
            {
                return false;
            }
        }

        for (; *at is >= (byte)'0' and <= (byte)'9'; at++)
        {
            number = number * 10 + (ulong)(*at - '0');
        }

        return *at is 0 or (byte)' ';
    }
}
