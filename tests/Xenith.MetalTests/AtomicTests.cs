using System.Threading;

namespace Xenith.MetalTests;

internal static class AtomicTests
{
    private sealed class Node
    {
        internal int Value;
    }

    internal static void Run()
    {
        uint u = 5;
        Check.That(Interlocked.CompareExchange(ref u, 6, 5) == 5 && u == 6);
        Check.That(Interlocked.CompareExchange(ref u, 7, 5) == 6 && u == 6);
        Check.That(Interlocked.Exchange(ref u, uint.MaxValue) == 6 && Interlocked.Increment(ref u) == 0);
        Check.That(Interlocked.Decrement(ref u) == uint.MaxValue && Interlocked.Add(ref u, 10) == 9);
        Check.That(Interlocked.Or(ref u, 6) == 9 && u == 15 && Interlocked.And(ref u, 3) == 15 && u == 3);

        ulong q = 0x1_0000_0000;
        Check.That(Interlocked.CompareExchange(ref q, 6, 0x1_0000_0000) == 0x1_0000_0000 && q == 6);
        Check.That(Interlocked.Add(ref q, 0x8000_0000_0000_0000) == 0x8000_0000_0000_0006);
        Check.That(Interlocked.Or(ref q, 1) == 0x8000_0000_0000_0006 && (q & 1) == 1);
        Check.That(Interlocked.And(ref q, 0xff) == 0x8000_0000_0000_0007 && q == 7);

        int i = -1;
        long l = -1;
        Check.That(Interlocked.Increment(ref i) == 0 && Interlocked.Decrement(ref l) == -2);
        Check.That(Interlocked.And(ref l, 0xf) == -2 && l == 14 && Interlocked.Or(ref i, 4) == 0 && i == 4);

        byte b = 200;
        ushort s = 60000;
        Check.That(Interlocked.CompareExchange(ref b, 201, 200) == 200 && b == 201 && Interlocked.Exchange(ref b, 1) == 201);
        Check.That(Interlocked.CompareExchange(ref s, 60001, 60000) == 60000 && s == 60001 && Interlocked.Exchange(ref s, 1) == 60001);

        Volatile.Write(ref u, 77);
        Volatile.Write(ref q, ulong.MaxValue);
        Volatile.Write(ref b, 0x80);
        Volatile.Write(ref s, 0x8000);
        Check.That(Volatile.Read(ref u) == 77 && Volatile.Read(ref q) == ulong.MaxValue);
        Check.That(Volatile.Read(ref b) == 0x80 && Volatile.Read(ref s) == 0x8000);

        Node node = new() { Value = 3 };
        Node? shared = null;
        Volatile.Write(ref shared, node);
        Check.That(Volatile.Read(ref shared)?.Value == 3);
        Interlocked.MemoryBarrier();
    }
}
