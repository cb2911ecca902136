using System.Buffers.Binary;
using Xenith.Cli.Userland;
using Xunit;

namespace Xenith.Cli.Tests;

/// <summary>Modules come with everything they need, dependencies first, whichever way their names are spelt.</summary>
public class KernelModulesTests
{
    [Fact]
    public void The_closure_is_in_loading_order()
    {
        var home = Directory.CreateTempSubdirectory("xenith-test-");
        try
        {
            Write("top-one", "middle,low");
            Write("middle", "low_two");
            Write("low", "");
            Write("low-two", "");
            Write("unrelated", "");
            Write("card", "ring,bus");
            Write("bus", "ring");
            Write("ring", "");
            // The last is loaded first: what is named early may still be needed by what comes later.
            Assert.Contains("kernel/card.ko: kernel/bus.ko kernel/ring.ko\n", KernelModules.DependencyList(new KernelModules(home.FullName).Closure(["card"])));

            var modules = new KernelModules(home.FullName).Closure(["top_one"]);

            Assert.Equal(["kernel/low-two.ko", "kernel/middle.ko", "kernel/low.ko", "kernel/top-one.ko"], modules.Select(module => module.Path));
            Assert.Contains("kernel/top-one.ko: kernel/low.ko kernel/middle.ko kernel/low-two.ko\n", KernelModules.DependencyList(modules));
            Assert.Contains("kernel/low.ko:\n", KernelModules.DependencyList(modules));
        }
        finally
        {
            home.Delete(recursive: true);
        }

        void Write(string name, string depends)
        {
            Directory.CreateDirectory(Path.Combine(home.FullName, "kernel"));
            File.WriteAllBytes(Path.Combine(home.FullName, "kernel", $"{name}.ko"), Module(depends));
        }
    }

    /// <summary>An ELF64 with two sections beside the empty one: .modinfo and the names.</summary>
    private static byte[] Module(string depends)
    {
        var info = System.Text.Encoding.ASCII.GetBytes($"license=GPL\0depends={depends}\0name=x\0");
        var names = "\0.modinfo\0.shstrtab\0"u8;
        const int table = 0x200;
        var image = new byte[table + 3 * 64];
        BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(0x28), table);
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(0x3c), 3);
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(0x3e), 2);
        info.CopyTo(image, 0x100);
        names.CopyTo(image.AsSpan(0x180));
        Section(image.AsSpan(table + 64), 1, 0x100, info.Length);
        Section(image.AsSpan(table + 128), 10, 0x180, names.Length);
        return image;

        static void Section(Span<byte> header, uint name, ulong offset, int size)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(header, name);
            BinaryPrimitives.WriteUInt64LittleEndian(header[0x18..], offset);
            BinaryPrimitives.WriteUInt64LittleEndian(header[0x20..], (ulong)size);
        }
    }
}
