// xen_version, vm_assist and console_io as a guest sees them.

using Xenith.Abi;
using Xunit;

namespace Xenith.Tests.Hypercalls;

public sealed class VersionTests
{
    [Fact]
    public void It_is_Xen_4_17()
    {
        using var guest = new GuestScene();
        Assert.Equal(0x40011, Version(guest, XenVersionOp.Version, 0));
        Assert.Equal(0, Version(guest, XenVersionOp.ExtraVersion));
        Assert.Equal(".7", guest.ReadText(GuestScene.Memory, 16));
        Assert.Equal(0, Version(guest, XenVersionOp.Capabilities));
        Assert.Equal("xen-3.0-x86_64 ", guest.ReadText(GuestScene.Memory, 1024));
        Assert.Equal(0, Version(guest, XenVersionOp.PlatformParameters));
        Assert.Equal(0xffff_8000_0000_0000, guest.Read<ulong>(GuestScene.Memory));
        Assert.Equal(4096, Version(guest, XenVersionOp.PageSize, 0));
        Assert.Equal(-22, Version(guest, XenVersionOp.PageSize, 1));
        Assert.Equal(0, Version(guest, XenVersionOp.CompileInfo));
        Assert.Equal(-38, Version(guest, (XenVersionOp)11));
    }

    [Theory]
    [InlineData(XenVersionOp.ExtraVersion)]
    [InlineData(XenVersionOp.GetFeatures)]
    [InlineData(XenVersionOp.PlatformParameters)]
    [InlineData(XenVersionOp.GuestHandle)]
    [InlineData(XenVersionOp.CommandLine)]
    public void What_cannot_be_written_is_a_bad_address(XenVersionOp operation)
    {
        using var guest = new GuestScene();
        Assert.Equal(-14, Version(guest, operation, GuestScene.Unmapped));
        Assert.Equal(-14, Version(guest, operation, GuestScene.Forbidden));
        Assert.Equal(-14, Version(guest, operation, guest.ReadOnlyPage()));
    }

    [Theory]
    [InlineData(true, 0x228e0u)]
    [InlineData(false, 0x220e0u)]
    public void Features_are_those_of_a_PV_domain(bool privileged, uint expected)
    {
        using var guest = new GuestScene(privileged);
        guest.Write(GuestScene.Memory, 0UL);
        Assert.Equal(0, Version(guest, XenVersionOp.GetFeatures));
        Assert.Equal(expected, guest.Read<uint>(GuestScene.Memory + 4));
        Assert.Equal(0, guest.Call(HypercallNumber.VmAssist, (ulong)VmAssistCommand.Enable, (ulong)VmAssistType.PaeExtendedCr3));
        Assert.Equal(0, Version(guest, XenVersionOp.GetFeatures));
        Assert.Equal(expected | 1u << (int)XenFeature.PaePgdirAboveFourGb, guest.Read<uint>(GuestScene.Memory + 4));
        guest.Write(GuestScene.Memory, 1UL);
        Assert.Equal(-22, Version(guest, XenVersionOp.GetFeatures));
    }

    /// <summary>dom0 asks the table about device frames too, so it has to know where the table ends; another domain learns nothing of the machine's size.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Dom0_is_told_where_the_machine_to_physical_table_ends(bool privileged)
    {
        using var guest = new GuestScene(privileged);
        Assert.Equal(0, guest.Call(HypercallNumber.MemoryOp, (ulong)MemoryOp.MachphysMapping, GuestScene.Memory));
        Assert.Equal(privileged ? guest.Host.Memory.Frames.Count - 1 : 0x7_ffff_ffff, guest.Read<ulong>(GuestScene.Memory + 16));
        Assert.Equal(-14, guest.Call(HypercallNumber.MemoryOp, (ulong)MemoryOp.MachphysMapping, GuestScene.Unmapped));
    }

    [Fact]
    public void The_command_line_is_for_the_control_domain()
    {
        using var dom0 = new GuestScene();
        dom0.Host.Platform.CommandLine = "loglvl=all"u8.ToArray();
        Assert.Equal(0, Version(dom0, XenVersionOp.CommandLine));
        Assert.Equal("loglvl=all", dom0.ReadText(GuestScene.Memory, 1024));
        Assert.Equal(-61, Version(dom0, XenVersionOp.BuildId, 0));

        using var domU = new GuestScene(privileged: false);
        Assert.Equal(0, Version(domU, XenVersionOp.CommandLine));
        Assert.Equal("<denied>", domU.ReadText(GuestScene.Memory, 9));
        Assert.Equal(-1, Version(domU, XenVersionOp.BuildId, 0));
    }

    [Fact]
    public void Vm_assist_knows_its_types()
    {
        using var guest = new GuestScene();
        foreach (uint type in (uint[])[0, 1, 2, 3, 4, 5])
            Assert.Equal(0, guest.Call(HypercallNumber.VmAssist, 0, type));
        Assert.Equal(0x3fUL, guest.Domain.VmAssist);
        Assert.Equal(0, guest.Call(HypercallNumber.VmAssist, 1, 2));
        Assert.Equal(0x3bUL, guest.Domain.VmAssist);
        Assert.Equal(-22, guest.Call(HypercallNumber.VmAssist, 0, 6));
        Assert.Equal(-22, guest.Call(HypercallNumber.VmAssist, 0, 64));
        Assert.Equal(-38, guest.Call(HypercallNumber.VmAssist, 2, 2));
    }

    [Fact]
    public void Dom0_writes_and_reads_the_console()
    {
        using var guest = new GuestScene();
        guest.WriteText(GuestScene.Memory, "hello\n\x1b[1m");
        Assert.Equal(0, guest.Call(HypercallNumber.ConsoleIo, 0, 10, GuestScene.Memory));
        Assert.Contains("hello\n\x1b[1m", guest.Printed, StringComparison.Ordinal);
        Assert.Equal(0, guest.Call(HypercallNumber.ConsoleIo, 1, 10, GuestScene.Memory));
        foreach (char c in "ls\n")
            guest.Host.ConsoleInput.Put((byte)c);
        Assert.Equal(2, guest.Call(HypercallNumber.ConsoleIo, 1, 2, GuestScene.Memory + 100));
        Assert.Equal(1, guest.Call(HypercallNumber.ConsoleIo, 1, 100, GuestScene.Memory + 102));
        Assert.Equal("ls\n", guest.ReadText(GuestScene.Memory + 100, 3));
        Assert.Equal(-7, guest.Call(HypercallNumber.ConsoleIo, 1, 0x8000_0000, GuestScene.Memory));
        Assert.Equal(-14, guest.Call(HypercallNumber.ConsoleIo, 0, 1, GuestScene.Unmapped));
        Assert.Equal(-38, guest.Call(HypercallNumber.ConsoleIo, 2, 1, GuestScene.Memory));
    }

    [Fact]
    public void Another_domain_writes_lines_with_its_id_and_not_too_many()
    {
        using var guest = new GuestScene(privileged: false);
        guest.Host.Log.Guest.Set(0, 4);
        guest.WriteText(GuestScene.Memory, "a\x1b" + "b\n");
        Assert.Equal(0, guest.Call(HypercallNumber.ConsoleIo, 0, 1, GuestScene.Memory));
        Assert.DoesNotContain("(d7)", guest.Printed, StringComparison.Ordinal);
        Assert.Equal(0, guest.Call(HypercallNumber.ConsoleIo, 0, 3, GuestScene.Memory + 1));
        Assert.Contains("(d7) ab\n", guest.Printed, StringComparison.Ordinal);
        Assert.Equal(-1, guest.Call(HypercallNumber.ConsoleIo, 1, 3, GuestScene.Memory));

        for (int i = 0; i < 20; i++)
            guest.Call(HypercallNumber.ConsoleIo, 0, 4, GuestScene.Memory);
        Assert.Equal(10, guest.Printed.Split("(d7) ab\n").Length - 1);
        guest.Advance(6_000_000_000);
        guest.Call(HypercallNumber.ConsoleIo, 0, 4, GuestScene.Memory);
        Assert.Contains("(d7) printk: 11 messages suppressed.\n(d7) ab\n", guest.Printed, StringComparison.Ordinal);

        int before = guest.Printed.Length;
        guest.Host.Log.Guest.Set(0, 2);
        guest.Call(HypercallNumber.ConsoleIo, 0, 4, GuestScene.Memory);
        Assert.Equal(before, guest.Printed.Length);
    }

    private static long Version(GuestScene guest, XenVersionOp operation, ulong argument = GuestScene.Memory) =>
        guest.Call(HypercallNumber.XenVersion, (ulong)operation, argument);
}
