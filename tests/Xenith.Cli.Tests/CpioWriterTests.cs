using System.Diagnostics;
using Xenith.Cli.Userland;
using Xunit;

namespace Xenith.Cli.Tests;

/// <summary>The archives are what cpio(1) reads, where it is installed, and always the same bytes for the same files.</summary>
public class CpioWriterTests
{
    [Fact]
    public void The_same_files_give_the_same_bytes_in_whole_blocks()
    {
        var first = Archive();

        Assert.Equal(first, Archive());
        Assert.Equal(0, first.Length % 512);
    }

    [Fact]
    public void Directories_come_before_what_is_in_them_and_only_once()
    {
        var text = System.Text.Encoding.Latin1.GetString(Archive());

        Assert.True(text.IndexOf("a/b\0", StringComparison.Ordinal) < text.IndexOf("a/b/one\0", StringComparison.Ordinal));
        Assert.Equal(text.IndexOf("\0a/b\0", StringComparison.Ordinal), text.LastIndexOf("\0a/b\0", StringComparison.Ordinal));
    }

    [Fact]
    public void Cpio_unpacks_it()
    {
        if (!File.Exists("/usr/bin/cpio"))
            Assert.Skip("cpio is not installed");
        var directory = Directory.CreateTempSubdirectory("xenith-test-");
        try
        {
            using (var process = Process.Start(new ProcessStartInfo("cpio", ["-idm", "--quiet"]) { RedirectStandardInput = true, WorkingDirectory = directory.FullName })!)
            {
                process.StandardInput.BaseStream.Write(Archive());
                process.StandardInput.Close();
                process.WaitForExit();
                Assert.Equal(0, process.ExitCode);
            }
            Assert.Equal("one", File.ReadAllText(Path.Combine(directory.FullName, "a/b/one")));
            Assert.Equal("one", new FileInfo(Path.Combine(directory.FullName, "a/b/link")).LinkTarget);
            Assert.True(File.GetUnixFileMode(Path.Combine(directory.FullName, "run")).HasFlag(UnixFileMode.UserExecute));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static byte[] Archive()
    {
        using var stream = new MemoryStream();
        using (var archive = new CpioWriter(stream))
        {
            archive.File("a/b/one", "one"u8);
            archive.Link("a/b/link", "one");
            archive.Executable("run", "#!/bin/sh\n"u8);
        }
        return stream.ToArray();
    }
}
