// Configuration space in memory: dom0 reads its windows, and its stores are carried out as far as it may.

using Xenith.Hypervisor.Interrupts;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;
using Xenith.Machine.Simulation;
using Xenith.Tests.Paravirtual;
using Xunit;

namespace Xenith.Tests.Interrupts;

public sealed class ConfigurationWindowTests
{
    private const ulong Window = 0xb000_0000;
    private const uint WriteToReadOnlyPage = 3;

    [Fact]
    public void Stores_of_dom0_go_to_the_function()
    {
        using PvScene scene = Create(out PciDevice device);
        scene.Frame.Rax = PvScene.Data + 0x3c;
        scene.Frame.Rcx = 0x1234_560b;
        scene.SetCode(0x88, 0x08);                                  // mov [rax], cl
        ulong rip = scene.Frame.Rip;
        Assert.False(Store(scene));
        Assert.Equal((0x0b, rip + 2), (device.Configuration[0x3c], scene.Frame.Rip));

        scene.Frame.Rax = PvScene.Data + 0x50;
        scene.SetCode(0x66, 0x89, 0x08);                            // mov [rax], cx
        Assert.False(Store(scene));
        Assert.Equal(0x560b, device.Get16(0x50));

        // Neither eight bytes nor a store across registers is one that the bus knows.
        scene.Frame.Rax = PvScene.Data + 0x58;
        scene.SetCode(0x48, 0x89, 0x08);                            // mov [rax], rcx
        Assert.False(Store(scene));
        Assert.Equal(0u, device.Get32(0x58));
    }

    [Fact]
    public void What_the_hypervisor_has_written_stays()
    {
        using PvScene scene = Create(out PciDevice device);
        device.AddRegion(0, 0xf000_0000, 0x4000);
        device.AddMsix(0x70, 4, 0, 0x1000, 0x2000);
        Array.Fill(device.Writable, (byte)0xff, 0x70, 12);
        Assert.Equal(XenErrorNone, (int)scene.Host.Pci.Add(new PciSbdf(0, 0, 0x18), 0));
        scene.Frame.Rax = PvScene.Data + 0x74;
        scene.Frame.Rcx = 0x77;
        scene.SetCode(0x89, 0x08);                                  // mov [rax], ecx
        Assert.False(Store(scene));
        Assert.Equal(0x1000u, device.Get32(0x74));
        scene.Frame.Rax = PvScene.Data + 0x72;
        scene.Frame.Rcx = 0xc003;
        scene.SetCode(0x66, 0x89, 0x08);
        Assert.False(Store(scene));
        Assert.Equal(0xc003, device.Get16(0x72));
    }

    private const int XenErrorNone = 0;

    /// <summary>The store at RIP faults; true if the guest has to deal with that itself.</summary>
    private static bool Store(PvScene scene)
    {
        scene.Cpu.Cr2 = scene.Frame.Rax;
        return scene.Trap(ExceptionVector.PageFault, WriteToReadOnlyPage);
    }

    /// <summary>A privileged guest that has mapped the configuration space of function 00:03.0.</summary>
    private static PvScene Create(out PciDevice device)
    {
        var scene = new PvScene(isPrivileged: true);
        device = new PciDevice(scene.Machine);
        Array.Fill(device.Writable, (byte)0xff, 0x3c, 0x30);
        scene.Machine.Pci.Attach(device, 0, 0x18);
        var windows = new PciWindows();
        Assert.True(windows.TryAdd(Window, 0, 0, 255, default, true));
        scene.Host.Pci.Use(windows, null);
        scene.Host.Memory.Devices.MakeReadOnly(Mfn.FromAddress(Window), 65536);
        var entry = new PageTableEntry(Mfn.FromAddress(Window + 0x1_8000), PageFlags.Present | PageFlags.User | PageFlags.GuestKernel);
        PageTableView.At(scene.L1).Write(4, entry);
        scene.SetGate(ExceptionVector.PageFault);
        return scene;
    }
}
