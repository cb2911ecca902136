// Where each adaptive probability of LZMA lives in the one array that holds them all. The array's length is a power of two, so that
// an index masked with it needs no bounds check in the inner loop.
//
// A probability is the chance of a 0 bit in units of 1/2048. Groups of n probabilities are binary trees: node 1 is the root, node
// 2k and 2k+1 the children of node k; element 0 of a group is not used.

using System;

namespace Xenith.Hypervisor.Boot;

internal static class LzmaModel
{
    /// <summary>Elements of the array; <see cref="Used"/> rounded up to a power of two.</summary>
    internal const int Length = 0x4000;

    internal const uint IndexMask = Length - 1;

    /// <summary>Probabilities are fractions of 2^11.</summary>
    internal const int ProbabilityBits = 11;

    /// <summary>Each bit moves its probability by 1/32 of the way.</summary>
    internal const int MoveBits = 5;

    // Towards certainty of 0, p + ((2^11 - p) >> 5) is the same as p + MoveUp - ((p + MoveMask) >> 5), which takes a register less.
    internal const uint MoveUp = 1 << (ProbabilityBits - MoveBits);
    internal const uint MoveMask = (1 << MoveBits) - 1;

    internal const ushort EvenChance = 1 << (ProbabilityBits - 1);

    /// <summary>States of the machine that remembers which kinds of symbols came last; below <see cref="FirstMatchState"/> the last one was a literal.</summary>
    internal const uint States = 12;

    internal const uint FirstMatchState = 7;

    /// <summary>Per state and position: literal (0) or match (1).</summary>
    internal const uint IsMatch = 0;

    /// <summary>Per state: new distance (0) or one of the last four (1).</summary>
    internal const uint IsRepeat = IsMatch + (States << 4);

    internal const uint IsRepeat0 = IsRepeat + States;
    internal const uint IsRepeat1 = IsRepeat0 + States;
    internal const uint IsRepeat2 = IsRepeat1 + States;

    /// <summary>Per state and position: a single byte (0) or a longer match (1) at the last distance.</summary>
    internal const uint IsLongRepeat0 = IsRepeat2 + States;

    /// <summary>Four trees of 64: the magnitude of a distance, by the length of the match.</summary>
    internal const uint DistanceSlot = IsLongRepeat0 + (States << 4);

    /// <summary>Trees for the low bits of distances from 4 to 127.</summary>
    internal const uint DistanceSpecial = DistanceSlot + (4 * 64);

    /// <summary>The tree of the four lowest bits of longer distances.</summary>
    internal const uint DistanceAlign = DistanceSpecial + 128;

    /// <summary>Length coders: choice, second choice, then the trees below.</summary>
    internal const uint MatchLength = DistanceAlign + 16;

    internal const uint LengthLow = 16;
    internal const uint LengthMiddle = LengthLow + (16 * 8);
    internal const uint LengthHigh = LengthMiddle + (16 * 8);

    internal const uint RepeatLength = MatchLength + LengthHigh + 256;

    /// <summary>0x300 for each literal context: a plain tree of 256 and two more, used beside a byte that did not match.</summary>
    internal const uint Literal = RepeatLength + LengthHigh + 256;

    internal const uint LiteralGroup = 0x300;

    /// <summary>LZMA2 allows at most this many bits of literal context and position together.</summary>
    internal const int MaximumLiteralBits = 4;

    internal const uint Used = Literal + (LiteralGroup << MaximumLiteralBits);

    /// <summary>Sets every probability to one half.</summary>
    internal static void Reset(Span<ushort> model) => model.Slice(0, unchecked((int)Used)).Fill(EvenChance);
}
