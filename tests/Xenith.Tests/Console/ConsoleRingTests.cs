using System.Text;
using CsCheck;
using Xenith.Hypervisor.Console;
using Xunit;

namespace Xenith.Tests.Console;

public class ConsoleRingTests
{
    [Fact]
    public void A_reader_that_remembers_goes_on_where_it_stopped()
    {
        var ring = new ConsoleRing();
        uint index = 0;
        Put(ring, "one\ntwo\n");
        Assert.Equal("one\n", Read(ring, 4, true, ref index, false));
        Assert.Equal("two\n", Read(ring, 100, true, ref index, false));
        Assert.Equal("", Read(ring, 100, true, ref index, false));
        Put(ring, "three\n");
        Assert.Equal("three\n", Read(ring, 100, true, ref index, false));

        uint other = 0;
        Assert.Equal("one\ntwo\nthree\n", Read(ring, 100, false, ref other, true));
        Assert.Equal("", Read(ring, 100, false, ref other, false));
        Put(ring, "four\n");
        Assert.Equal("four\n", Read(ring, 100, false, ref other, false));
    }

    [Fact]
    public void The_oldest_bytes_make_room_and_any_index_is_survived()
    {
        var ring = new ConsoleRing();
        for (int i = 0; i < 5000; i++)
            Put(ring, $"line {i:d4}\n");
        uint index = 0;
        string all = Read(ring, 100_000, true, ref index, false);
        Assert.Equal((int)ConsoleRing.InitialSize, all.Length);
        Assert.EndsWith("line 4999\n", all);
        foreach (uint wild in (uint[])[1, ring.Produced + 1, uint.MaxValue, ring.Produced - ring.Size - 1])
        {
            uint at = wild;
            Assert.Equal(all, Read(ring, 100_000, true, ref at, false));
            Assert.Equal(ring.Produced, at);
        }
    }

    // Against a list of everything that was ever written.
    [Fact]
    public void Readers_see_what_was_written_in_order()
    {
        Gen.Select(Gen.Int[0, 9000], Gen.Int[0, 20000], Gen.Bool, Gen.Bool).Array[1, 30].Sample(steps =>
        {
            var ring = new ConsoleRing();
            var written = new List<byte>();
            int oldest = 0;
            uint mine = 0;
            foreach ((int produce, int consume, bool incremental, bool clear) in steps)
            {
                for (int i = 0; i < produce; i++)
                {
                    ring.Put((byte)(written.Count * 7));
                    written.Add((byte)(written.Count * 7));
                }
                oldest = Math.Max(oldest, written.Count - (int)ring.Size);
                var buffer = new byte[consume];
                int from = incremental ? Math.Max(oldest, (int)mine) : oldest;
                int count = ring.Read(buffer, incremental, ref mine, clear);
                Assert.Equal(written.Skip(from).Take(consume), buffer.Take(count));
                Assert.Equal(from + count, (int)mine);
                if (clear)
                    oldest = from + count;
            }
        }, iter: 300);
    }

    private static void Put(ConsoleRing ring, string text)
    {
        foreach (byte value in Encoding.ASCII.GetBytes(text))
            ring.Put(value);
    }

    private static string Read(ConsoleRing ring, int room, bool incremental, ref uint index, bool clear)
    {
        var buffer = new byte[room];
        return Encoding.ASCII.GetString(buffer, 0, ring.Read(buffer, incremental, ref index, clear));
    }
}
