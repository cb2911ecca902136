// One step of a sequence, as data: it can be written down, made again in another world, left out or simplified. The memory that a call's arguments lie in is part of the step.

using System.Runtime.CompilerServices;

namespace Xenith.Fuzzing.Calls;

/// <summary>What a step does.</summary>
public enum FuzzAction : byte
{
    /// <summary>A hypercall with number <see cref="FuzzStep.Number"/>.</summary>
    Hypercall,

    /// <summary>Reads eight bytes at the first argument.</summary>
    Read,

    /// <summary>Writes the second argument at the first.</summary>
    Write,

    /// <summary>Executes instruction <see cref="FuzzStep.Number"/> of <see cref="FuzzInstructions"/> with RAX, RCX, RDX, RDI, RSI and RBX from the arguments.</summary>
    Instruction,

    /// <summary>Raises exception <see cref="FuzzStep.Number"/> with the first argument as error code.</summary>
    Trap,

    /// <summary>So many nanoseconds pass.</summary>
    Time,

    /// <summary>The domain of the vCPU is destroyed, as the toolstack would.</summary>
    Destroy,
}

/// <summary>How a hypercall is made.</summary>
[System.Flags]
public enum FuzzFlags : byte
{
    /// <summary>To its end.</summary>
    None = 0,

    /// <summary>Something waits for the CPU all the time: the call stops wherever it can.</summary>
    Hurry = 1,

    /// <summary>If the call stops half-way, other vCPUs have their turn before it goes on.</summary>
    Leave = 2,

    /// <summary>A call of the vCPU that is half-way is not gone on with.</summary>
    Forget = 4,
}

/// <summary>Registers.</summary>
[InlineArray(Count)]
public struct FuzzArguments
{
    /// <summary>Number of arguments.</summary>
    public const int Count = 6;

    private FuzzValue _first;
}

/// <summary>Words of memory.</summary>
[InlineArray(Capacity)]
public struct FuzzWords
{
    /// <summary>Words that a step can write.</summary>
    public const int Capacity = 40;

    private FuzzValue _first;
}

/// <summary>One step.</summary>
public struct FuzzStep
{
    /// <summary>What it does.</summary>
    public FuzzAction Action;

    /// <summary>How.</summary>
    public FuzzFlags Flags;

    /// <summary>The vCPU that does it, counted through all domains.</summary>
    public byte Vcpu;

    /// <summary>The CPU that it does it on.</summary>
    public byte Cpu;

    /// <summary>Page of the caller's arena that <see cref="Words"/> go into.</summary>
    public ushort Page;

    /// <summary>How many words there are.</summary>
    public int WordCount;

    /// <summary>Number of the hypercall, instruction or exception.</summary>
    public ulong Number;

    /// <summary>Registers.</summary>
    public FuzzArguments Arguments;

    /// <summary>What the vCPU writes to its memory before it makes the call.</summary>
    public FuzzWords Words;

    /// <summary>Adds a word of memory.</summary>
    public void Add(int offset, FuzzValue value)
    {
        if (WordCount >= FuzzWords.Capacity)
            return;
        value.Offset = (ushort)offset;
        Words[WordCount++] = value;
    }
}
