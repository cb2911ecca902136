using System.Text;

namespace Xenith.Cli.Userland;

/// <summary>
/// Writes an initramfs: a cpio archive in the "newc" format (Linux Documentation/driver-api/early-userspace/buffer-format.rst).
/// Each entry is a header of 13 hexadecimal fields, the name, and the data, the last two padded to 4 bytes. Times and owners
/// are zero, so that the same files give the same bytes. Directories above an entry are made when they are first needed.
/// </summary>
internal sealed class CpioWriter(Stream output) : IDisposable
{
    private const int DirectoryType = 0x4000, FileType = 0x8000, LinkType = 0xa000, CharacterDevice = 0x2000;
    private const int BlockSize = 512;

    private readonly HashSet<string> directories = [];
    private uint inode;
    private long written;

    public void File(string name, ReadOnlySpan<byte> data, int mode = 0x1a4 /* 0644 */) => Entry(name, FileType | mode, data);

    public void Executable(string name, ReadOnlySpan<byte> data) => File(name, data, 0x1ed /* 0755 */);

    public void Link(string name, string target) => Entry(name, LinkType | 0x1ff, Encoding.UTF8.GetBytes(target));

    public void Device(string name, uint major, uint minor) => Entry(name, CharacterDevice | 0x180 /* 0600 */, [], major, minor);

    public void Directory(string name)
    {
        if (name.Length == 0 || !directories.Add(name))
            return;
        Header(name, DirectoryType | 0x1ed, 0, links: 2);
    }

    /// <summary>Ends the archive. The kernel unpacks further archives that follow it in the same file.</summary>
    public void Dispose()
    {
        Header("TRAILER!!!", 0, 0);
        Pad(BlockSize);
    }

    private void Entry(string name, int mode, ReadOnlySpan<byte> data, uint major = 0, uint minor = 0)
    {
        var at = name.LastIndexOf('/');
        if (at > 0)
        {
            for (var next = name.IndexOf('/'); next > 0 && next <= at; next = name.IndexOf('/', next + 1))
                Directory(name[..next]);
        }
        Header(name, mode, data.Length, major: major, minor: minor);
        Write(data);
        Pad(4);
    }

    private void Header(string name, int mode, int size, int links = 1, uint major = 0, uint minor = 0)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        uint[] fields = [++inode, (uint)mode, 0, 0, (uint)links, 0, (uint)size, 0, 0, major, minor, (uint)bytes.Length + 1, 0];
        Write(Encoding.ASCII.GetBytes("070701" + string.Concat(fields.Select(field => field.ToString("x8")))));
        Write(bytes);
        Write([0]);
        Pad(4);
    }

    private void Pad(int boundary)
    {
        Span<byte> zeros = stackalloc byte[BlockSize];
        zeros.Clear();
        Write(zeros[..(int)((boundary - written % boundary) % boundary)]);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        output.Write(bytes);
        written += bytes.Length;
    }
}
