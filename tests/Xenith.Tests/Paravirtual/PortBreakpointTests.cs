// Breakpoints on ports: the CPU never gets them, the hypervisor watches the port instructions that it carries out for the guest.

using Xenith.Hypervisor;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;
using Xunit;

namespace Xenith.Tests.Paravirtual;

public sealed class PortBreakpointTests
{
    private const ulong OnPort = 2, Enabled = 3;

    [Fact]
    public void Without_debugging_extensions_they_are_refused()
    {
        using PvScene scene = new(isPrivileged: true);
        Assert.Equal(XenError.NotPermitted, PvDebugRegisters.Write(scene.Vcpu.Pv, 7, OnPort << 16 | Enabled));
    }

    [Theory]
    [InlineData(0x71UL, 0UL, 0x71, true)]
    [InlineData(0x71UL, 0UL, 0x70, false)]
    [InlineData(0x72UL, 3UL, 0x71, true)]
    [InlineData(0x74UL, 3UL, 0x71, false)]
    public void An_access_within_the_watched_range_traps_behind_the_instruction(ulong watched, ulong length, int port, bool hits)
    {
        using PvScene scene = new(isPrivileged: true);
        PvVcpu pv = scene.Vcpu.Pv;
        pv.Traps[ExceptionVector.Debug].Address = PvScene.Handler;
        pv.Cr4 = Cr4.DebuggingExtensions;
        pv.Iopl = 1 << 12;
        Assert.Equal(XenError.None, PvDebugRegisters.Write(pv, 1, watched));
        ulong control = (OnPort | length << 2) << 20 | 1 << 2;
        Assert.Equal(XenError.None, PvDebugRegisters.Write(pv, 7, control));
        Assert.True(PvDebugRegisters.TryRead(pv, 7, out ulong shown));
        Assert.Equal(control, shown & ~(1UL << 10));
        Assert.Equal(0UL, scene.Cpu.DebugRegisters[7] & 0xff);

        scene.SetCode(0xec);
        scene.Frame.Rdx = (ulong)port;
        Assert.Equal(hits, scene.Trap(ExceptionVector.GeneralProtection));
        Assert.Equal(hits ? 2UL : 0UL, pv.Dr6 & 15);
    }
}
