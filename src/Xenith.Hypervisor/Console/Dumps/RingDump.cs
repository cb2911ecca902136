using System;

namespace Xenith.Hypervisor.Console;

/// <summary>Key w: the ring's contents once more, for a terminal that has not seen them.</summary>
internal static class RingDump
{
    internal static void Print(ConsoleLog log)
    {
        log.Always($"'w' pressed -> dumping console ring buffer (dmesg)");
        // Up to here, and not what the dump itself adds to the ring.
        uint end = log.Ring.Produced;
        uint at = log.Ring.Oldest;
        Span<byte> chunk = stackalloc byte[256];
        while (at != end)
        {
            int count = log.ReadRing(chunk, true, ref at, false);
            if (count == 0)
                return;
            if (unchecked(at - end) < (uint)count)
                count -= (int)unchecked(at - end);
            log.Replay(chunk.Slice(0, count));
            if (unchecked(at - end) < int.MaxValue)
                return;
        }
    }
}
