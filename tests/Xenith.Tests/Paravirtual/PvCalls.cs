// Hypercalls of the guest of a PvScene: arguments in its memory, results as the ABI has them.

using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Tests.Paravirtual;

internal static class PvCalls
{
    /// <summary>Where <see cref="CallWith{T}"/> puts its argument, lists, and a place for what is written back.</summary>
    public const ulong Argument = PvScene.Data + 0x1000, List = PvScene.Data + 0x2000, Done = PvScene.Data + 0x1f00;

    /// <summary>A guest address at which nothing is mapped.</summary>
    public const ulong Nowhere = PvScene.Base + 0x9000;

    public static long Call(this PvScene scene, HypercallNumber number, ulong a1 = 0, ulong a2 = 0, ulong a3 = 0, ulong a4 = 0) =>
        scene.Cpu.Hypercall((ulong)number, a1, a2, a3, a4);

    /// <summary>A call of the form (command, structure).</summary>
    public static long CallWith<T>(this PvScene scene, HypercallNumber number, ulong command, T argument) where T : unmanaged
    {
        scene.Put(Argument, argument);
        return scene.Cpu.Hypercall((ulong)number, command, Argument);
    }

    public static void Put<T>(this PvScene scene, ulong address, T value) where T : unmanaged
    {
        if (!scene.Cpu.TryWriteAsUser(address, value))
            throw new InvalidOperationException($"nothing to write to at 0x{address:x}");
    }

    public static void PutList(this PvScene scene, ulong address, params ReadOnlySpan<ulong> values)
    {
        for (int i = 0; i < values.Length; i++)
            scene.Put(address + (ulong)i * 8, values[i]);
    }

    public static T Get<T>(this PvScene scene, ulong address) where T : unmanaged =>
        scene.Cpu.TryReadAsUser(address, out T value) ? value : throw new InvalidOperationException($"nothing to read at 0x{address:x}");

    /// <summary>The frame of one of the scene's pages.</summary>
    public static Mfn FrameOf(this PvScene scene, ulong address) => PageTableView.At(scene.L1)[AddressSpace.TableIndex(address, 1)].Frame;

    /// <summary>Another domain of the host, which nobody runs.</summary>
    public static Domain NewDomain(this PvScene scene, ushort id = 2)
    {
        Domain domain = new(id, false, 1);
        domain.Pages.MaxPages = 100;
        domain.Vcpus[0] = new Vcpu(domain, 0);
        scene.Host.Domains.Add(domain);
        return domain;
    }

    public static Mfn NewFrame(Domain domain) =>
        domain.Pages.TryAllocate(0, AllocationFlags.Zeroed, out Mfn frame) ? frame : throw new InvalidOperationException("no memory");
}
