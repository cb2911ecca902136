using System.Text;
using CsCheck;
using Xenith.Hypervisor.Boot;
using Xunit;

namespace Xenith.Tests.Boot;

public class BootInformationTests
{
    private const uint Magic1 = 0x2bad_b002;
    private const uint Magic2 = 0x36d7_6289;

    [Fact]
    public void ReadsWhatQemuLeaves()
    {
        ArrayMemory memory = new(MultibootBuilder.Qemu());
        BootInformation information = Parse(memory, Magic1);
        Assert.Equal("loglvl=all dom0_mem=512M", Encoding.ASCII.GetString(information.CommandLineIn(memory)));
        Assert.Equal(2, information.ModuleCount);
        Assert.Equal((0x42_0000u, 0xc0_0000u), ((uint)information.Modules[0].Start, (uint)information.Modules[0].End));
        Assert.Equal("console=hvc0 quiet", Encoding.ASCII.GetString(information.ModuleArgumentsIn(memory, 0)));
        Assert.Equal("", Encoding.ASCII.GetString(information.ModuleArgumentsIn(memory, 1)));
        Assert.Equal(5, information.MemoryMap.Count);
        Assert.Equal((0x9000u, 0x9074u), ((uint)information.Start, (uint)information.End));
        Assert.True(information.StringsHaveNames);
        Assert.False(information.Framebuffer.IsPresent);
        Assert.False(information.Firmware.IsPresent);
    }

    [Fact]
    public void ReadsWhatGrub2Leaves()
    {
        ArrayMemory memory = new(MultibootBuilder.Grub2());
        BootInformation information = Parse(memory, Magic2);
        Assert.Equal("loglvl=all", Encoding.ASCII.GetString(information.CommandLineIn(memory)));
        Assert.Equal(2, information.ModuleCount);
        Assert.Equal("console=hvc0 quiet", Encoding.ASCII.GetString(information.ModuleArgumentsIn(memory, 0)));
        Assert.Equal(3, information.MemoryMap.Count);
        Assert.Equal((0xfd00_0000, 4096u, 1024u, 768u), (information.Framebuffer.Address, information.Framebuffer.Pitch, information.Framebuffer.Width, information.Framebuffer.Height));
        Assert.Equal((32, 16, 8, 0), (information.Framebuffer.BitsPerPixel, information.Framebuffer.Red.Position, information.Framebuffer.Green.Bits, information.Framebuffer.Blue.Position));
        Assert.Equal(0x118, information.VideoBios.Mode);
        Assert.True(memory.Bytes(information.AcpiRootAddress, 36).StartsWith("RSD PTR "u8));
        Assert.Equal(0x7e00_0018u, information.Firmware.SystemTable);
        Assert.True(information.Firmware.Is64Bit);
        Assert.True(information.Firmware.BootServicesActive);
        Assert.Equal((96u, 48u), ((uint)information.Firmware.MemoryMapLength, information.Firmware.MemoryMapEntryLength));
        Assert.Equal(0x7d00_0000u, information.Firmware.ImageHandle);
    }

    // GRUB 2 gives no file names with multiboot 1 either; GRUB 0.97 does.
    [Theory]
    [InlineData("GRUB 2.06", "first second")]
    [InlineData("GRUB 1.98", "first second")]
    [InlineData("GNU GRUB 0.97", "second")]
    [InlineData("qemu", "second")]
    public void TakesTheLoadersWordForFileNames(string loader, string arguments)
    {
        MultibootBuilder builder = new();
        builder.Word(0, 0x205);
        builder.Word(8, 1024);
        builder.Word(16, builder.Text("  first  second"));
        builder.Word(64, builder.Text(loader));
        ArrayMemory memory = new(builder.Memory);
        string found = Encoding.ASCII.GetString(Parse(memory, Magic1).CommandLineIn(memory));
        Assert.Equal(arguments, found.Replace("  ", " ", StringComparison.Ordinal));
    }

    [Fact]
    public void CountsModulesThatDoNotFit()
    {
        MultibootBuilder builder = new();
        builder.Word(0, 0x9);
        builder.Word(8, 1024);
        for (uint i = 0; i < 20; i++)
        {
            builder.Module1(i, i + 1, "m");
        }

        BootInformation information = Parse(new ArrayMemory(builder.Memory), Magic1);
        Assert.Equal(16, information.ModuleCount);
        Assert.Equal(4, information.LostModules);
    }

    [Fact]
    public void ModulesNeverEndBeforeTheyBegin()
    {
        ArrayMemory memory = new(new MultibootBuilder().Tag(4, [.. MultibootBuilder.U32(0), .. MultibootBuilder.U32(64)])
            .Tag(3, [.. MultibootBuilder.U32(0x2000), .. MultibootBuilder.U32(0x1000)]).Build2());
        BootInformation information = Parse(memory, Magic2);
        Assert.Equal(information.Modules[0].Start, information.Modules[0].End);
        Assert.Equal(1, information.MemoryMap.Count);
    }

    [Fact]
    public void NamesWhatIsWrong()
    {
        ArrayMemory memory = new(new byte[0x1_0000]);
        Assert.Equal(BootError.UnknownLoader, BootInformation.Parse(memory, 1, 0x9000, out _));
        Assert.Equal(BootError.NoMemoryMap, BootInformation.Parse(memory, Magic1, 0x9000, out _));
        Assert.Equal(BootError.NotReadable, BootInformation.Parse(memory, Magic2, 0x9000, out _));
        Assert.Equal(BootError.NotReadable, BootInformation.Parse(memory, Magic1, 0xfff0, out _));
    }

    [Fact]
    public void StringsMayEndWithMemory()
    {
        byte[] memory = new byte[100];
        memory.AsSpan(90).Fill((byte)'x');
        Assert.Equal(10u, BootStrings.Length(new ArrayMemory(memory), 90));
        memory = new byte[10000];
        memory.AsSpan().Fill((byte)'x');
        Assert.Equal(4096u, BootStrings.Length(new ArrayMemory(memory), 90));
        Assert.Equal(0u, BootStrings.Length(new ArrayMemory(memory), 20000));
    }

    [Fact]
    public void DamagedInformationNeverTraps()
    {
        byte[][] sound = [MultibootBuilder.Qemu(), MultibootBuilder.Grub2()];
        Gen.Select(
            Gen.Int[0, 1],
            Gen.Select(Gen.OneOf(Gen.Int[0, 0x80], Gen.Int[0, 0x500]), Gen.OneOf(Gen.UInt, Gen.OneOf<uint>(0, 1, 7, 8, 0xffff_ffff, 0x8000_0000))).Array[1, 6])
            .Sample(
                (which, changes) =>
                {
                    byte[] memory = sound[which][..];
                    foreach ((int at, uint value) in changes)
                    {
                        BitConverter.TryWriteBytes(memory.AsSpan(0x9000 + at), value);
                    }

                    ArrayMemory machine = new(memory);
                    BootInformation.Parse(machine, which == 0 ? Magic1 : Magic2, 0x9000, out BootInformation information);
                    Assert.InRange(information.ModuleCount, 0, 16);
                    Assert.True(information.CommandLineIn(machine).Length <= 4096);
                    for (int i = 0; i < information.ModuleCount; i++)
                    {
                        Assert.True(information.ModuleArgumentsIn(machine, i).Length <= 4096);
                        Assert.True(information.Modules[i].Start <= information.Modules[i].End);
                    }
                },
                iter: 5000);
    }

    private static BootInformation Parse(ArrayMemory memory, uint magic)
    {
        Assert.Equal(BootError.None, BootInformation.Parse(memory, magic, MultibootBuilder.Information, out BootInformation information));
        return information;
    }
}
