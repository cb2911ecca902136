using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text;

namespace Xenith.Cli.Emulation;

/// <summary>
/// Takes the commands' output out of what the second serial port carries: <c>TOKEN B \n</c>, the bytes themselves, <c>TOKEN E
/// status \n</c>. The token is unknown to the commands, so whatever they print passes unchanged; at most a token's length of
/// bytes is held back while it might be the trailer.
/// </summary>
internal sealed class FrameDecoder(string token, Stream output)
{
    private readonly byte[] header = Encoding.ASCII.GetBytes($"{token}B\n");
    private readonly byte[] trailer = Encoding.ASCII.GetBytes($"{token}E");
    private readonly List<byte> held = [];
    private bool started;

    /// <summary>The commands began to run.</summary>
    public bool Started => started;

    /// <summary>The exit status, once the whole trailer arrived.</summary>
    public int? Status { get; private set; }

    public void Take(ReadOnlySpan<byte> bytes)
    {
        if (Status is not null)
            return;
        held.AddRange(bytes);
        if (!started)
        {
            var at = Find(header);
            if (at < 0)
                return;
            held.RemoveRange(0, at + header.Length);
            started = true;
        }
        var end = Find(trailer);
        var plain = end >= 0 ? end : held.Count - PossibleStart();
        output.Write(CollectionsMarshal.AsSpan(held)[..plain]);
        output.Flush();
        held.RemoveRange(0, plain);
        if (end < 0)
            return;
        var rest = CollectionsMarshal.AsSpan(held)[trailer.Length..];
        var newline = rest.IndexOf((byte)'\n');
        if (newline >= 0 && Utf8Parser.TryParse(rest[..newline], out int status, out _))
            Status = status;
    }

    private int Find(ReadOnlySpan<byte> mark) => CollectionsMarshal.AsSpan(held).IndexOf(mark);

    /// <summary>How many of the last bytes could be the start of a trailer.</summary>
    private int PossibleStart()
    {
        var bytes = CollectionsMarshal.AsSpan(held);
        for (var length = Math.Min(trailer.Length - 1, bytes.Length); length > 0; length--)
            if (bytes[^length..].SequenceEqual(trailer.AsSpan(0, length)))
                return length;
        return 0;
    }
}
