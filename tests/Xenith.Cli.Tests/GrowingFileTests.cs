using System.Text;
using Xenith.Cli.Emulation;
using Xunit;

namespace Xenith.Cli.Tests;

/// <summary>What another process appends is read once, in order, in whole lines.</summary>
public class GrowingFileTests
{
    [Fact]
    public void Lines_come_when_they_are_complete()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.Delete(file);
            var reader = new GrowingFile(file);
            using var copy = new MemoryStream();
            List<string> lines = [];
            reader.ReadLines(lines.Add, copy);
            Assert.Empty(lines);

            foreach (var part in (string[])["one\r\ntw", "o\nthr", "ee"])
            {
                File.AppendAllText(file, part);
                reader.ReadLines(lines.Add, copy);
            }

            Assert.Equal(["one", "two"], lines);
            Assert.Equal("three", reader.Unfinished);
            Assert.Equal("one\r\ntwo\nthree", Encoding.ASCII.GetString(copy.ToArray()));
        }
        finally
        {
            File.Delete(file);
        }
    }
}
