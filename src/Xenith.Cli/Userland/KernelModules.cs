using System.Buffers.Binary;
using System.Text;

namespace Xenith.Cli.Userland;

/// <summary>
/// The kernel modules that go into the initramfs: those asked for and all that they depend on, with the modules.dep that
/// modprobe reads. A module names its dependencies itself, as "depends=a,b" among the zero-terminated strings of its ELF
/// section .modinfo; the package has no modules.dep, since depmod makes it on the machine where a kernel is installed.
/// </summary>
internal sealed class KernelModules
{
    private readonly Dictionary<string, string> files;
    private readonly string home;

    /// <param name="home">The directory lib/modules/RELEASE of an unpacked kernel package.</param>
    public KernelModules(string home)
    {
        this.home = home;
        files = Directory.EnumerateFiles(home, "*.ko", SearchOption.AllDirectories)
            .ToDictionary(file => Canonical(Path.GetFileNameWithoutExtension(file)));
    }

    /// <returns>Every needed module, dependencies before the modules that need them.</returns>
    public IReadOnlyList<Module> Closure(IEnumerable<string> names)
    {
        var found = new Dictionary<string, Module>();
        List<Module> order = [];
        foreach (var name in names)
            Visit(Canonical(name));
        return order;

        Module Visit(string name)
        {
            if (found.TryGetValue(name, out var known))
                return known;
            if (!files.TryGetValue(name, out var file))
                throw ToolException.Failure($"Debian's kernel has no module {name}");
            var image = File.ReadAllBytes(file);
            List<Module> needs = [.. Dependencies(image).Select(Visit)];
            var module = new Module(Path.GetRelativePath(home, file), image, needs);
            found.Add(name, module);
            order.Add(module);
            return module;
        }
    }

    /// <summary>modules.dep: a line for each module, with all that must be loaded before it, the nearest first.</summary>
    public static string DependencyList(IEnumerable<Module> modules) =>
        string.Concat(modules.Select(module => $"{module.Path}: {string.Join(' ', module.AllNeeds().Select(need => need.Path))}".TrimEnd() + "\n"));

    /// <param name="Path">Relative to lib/modules/RELEASE.</param>
    internal sealed record Module(string Path, byte[] Image, IReadOnlyList<Module> Needs)
    {
        /// <summary>Each before those that it needs itself: modprobe loads the last first.</summary>
        public IReadOnlyList<Module> AllNeeds()
        {
            List<Module> order = [];
            foreach (var need in Needs)
                Visit(need);
            order.Reverse();
            return order;

            void Visit(Module module)
            {
                if (order.Contains(module))
                    return;
                foreach (var need in module.Needs)
                    Visit(need);
                order.Add(module);
            }
        }
    }

    /// <summary>File names use '-' and '_' as they please; the kernel takes them for the same.</summary>
    private static string Canonical(string name) => name.Replace('-', '_');

    internal static IEnumerable<string> Dependencies(byte[] elf) =>
        Encoding.UTF8.GetString(Section(elf, ".modinfo")).Split('\0')
            .Where(text => text.StartsWith("depends=", StringComparison.Ordinal))
            .SelectMany(text => text["depends=".Length..].Split(',', StringSplitOptions.RemoveEmptyEntries))
            .Select(Canonical);

    /// <summary>A section of an ELF64 file by its name (System V ABI, section headers of 64 bytes).</summary>
    private static ReadOnlySpan<byte> Section(ReadOnlySpan<byte> elf, string name)
    {
        var table = (int)BinaryPrimitives.ReadUInt64LittleEndian(elf[0x28..]);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(elf[0x3c..]);
        var names = Content(elf, Header(elf, table, BinaryPrimitives.ReadUInt16LittleEndian(elf[0x3e..])));
        for (var index = 0; index < count; index++)
        {
            var header = Header(elf, table, index);
            var text = names[(int)BinaryPrimitives.ReadUInt32LittleEndian(header)..];
            if (text[..text.IndexOf((byte)0)].SequenceEqual(Encoding.ASCII.GetBytes(name)))
                return Content(elf, header);
        }
        return [];
    }

    private static ReadOnlySpan<byte> Header(ReadOnlySpan<byte> elf, int table, int index) => elf.Slice(table + index * 64, 64);

    private static ReadOnlySpan<byte> Content(ReadOnlySpan<byte> elf, ReadOnlySpan<byte> header) =>
        elf.Slice((int)BinaryPrimitives.ReadUInt64LittleEndian(header[0x18..]), (int)BinaryPrimitives.ReadUInt64LittleEndian(header[0x20..]));
}
