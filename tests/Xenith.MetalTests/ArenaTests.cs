using System;
using System.Diagnostics.CodeAnalysis;
using Internal.Runtime;

namespace Xenith.MetalTests;

/// <summary>Objects that are constructed again and again in the same memory: same places, same types, nothing left of the life before.</summary>
[Experimental("XEN001")]
internal static unsafe class ArenaTests
{
    private const int BlockSize = 4096;

    private sealed class Leaf(int value)
    {
        internal int Value = value;
        internal int Changed;
    }

    private sealed class Root
    {
        internal readonly Leaf First;
        internal readonly ulong[] Numbers = new ulong[5];
        internal readonly Leaf?[] Leaves = new Leaf?[3];
        internal uint Plain;

        internal Root(int value) => First = new Leaf(value);
    }

    internal static void Run()
    {
        byte* block = stackalloc byte[BlockSize];
        new Span<byte>(block, BlockSize).Clear();
        Root first = Construct(block, 7, out ulong used);
        Check.That(used > 100 && used < BlockSize && used % 8 == 0);
        Check.That(Lies(first, block) && Lies(first.First, block) && Lies(first.Numbers, block) && Lies(first.Leaves, block));
        Check.That(first.First.Value == 7 && first.Numbers.Length == 5 && first.Leaves.Length == 3);
        Leaf leaf = first.First;
        leaf.Changed = 1;
        first.Plain = 2;
        first.Numbers[4] = 3;
        first.Leaves[2] = leaf;

        Root second = Construct(block, 8, out ulong again);
        Check.That(second == first && second.First == leaf && again == used);
        Check.That(leaf.Value == 8 && leaf.Changed == 0 && second.Plain == 0);
        Check.That(second.Numbers[4] == 0 && second.Numbers.Length == 5);
        Check.That(second.Leaves[2] is null && second.Leaves.Length == 3);

        Check.That(!ObjectArena.IsOpen);
        object outside = new Leaf(1);
        Check.That(!Lies(outside, block));
    }

    private static Root Construct(byte* block, int value, out ulong used)
    {
        ObjectArena.Open(block, BlockSize);
        Check.That(ObjectArena.IsOpen);
        Root root = new(value);
        used = ObjectArena.Close();
        return root;
    }

    private static bool Lies(object thing, byte* block) => (ulong)(*(byte**)&thing - block) < BlockSize;
}
