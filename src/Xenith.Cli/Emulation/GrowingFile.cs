using System.Text;

namespace Xenith.Cli.Emulation;

/// <summary>A file that another process appends to, read from where the last call stopped.</summary>
internal sealed class GrowingFile(string file)
{
    public delegate void Taker(ReadOnlySpan<byte> bytes);

    private readonly StringBuilder line = new();
    private long position;

    /// <summary>All that was added since the last call; nothing while the file does not exist.</summary>
    public void Read(Taker take)
    {
        if (!File.Exists(file))
            return;
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        stream.Position = position;
        Span<byte> buffer = stackalloc byte[4096];
        for (int count; (count = stream.Read(buffer)) > 0; position += count)
            take(buffer[..count]);
    }

    /// <summary>The lines that were completed since the last call, without their ends.</summary>
    /// <param name="copy">Gets every byte as it is.</param>
    public void ReadLines(Action<string> take, Stream? copy = null) => Read(bytes =>
    {
        copy?.Write(bytes);
        foreach (var value in bytes)
        {
            if (value != (byte)'\n')
            {
                if (value != (byte)'\r')
                    line.Append((char)value);
                continue;
            }
            take(line.ToString());
            line.Clear();
        }
    });

    /// <summary>The line that has no end yet.</summary>
    public string Unfinished => line.ToString();
}
