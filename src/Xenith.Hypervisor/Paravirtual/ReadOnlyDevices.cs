using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Interrupts;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>
/// Registers of devices that the hypervisor drives and the hardware domain may read: its writes are taken and dropped, so that a driver that insists on them goes on. Writes to configuration
/// space in memory are made, as far as <see cref="PciConfigFilter"/> lets them.
/// </summary>
internal static class ReadOnlyDevices
{
    /// <summary>Goes on behind the store at RIP if it was to such a register. False if the guest must get its page fault.</summary>
    internal static bool TryDropWrite(Vcpu vcpu, ref GuestFrame frame, ulong address, Mfn device)
    {
        if (!Host.Current.Memory.Devices.IsPermitted(vcpu.Domain, device, out bool isReadOnly) || !isReadOnly)
            return false;
        if (!GuestCode.TryDecode(vcpu, ref frame, out Instruction instruction, out int bits) || bits != 64
            || !MemoryUpdate.TryUnderstand(ref frame, in instruction, out MemoryUpdate update) || update.Address != address)
            return false;
        // What reads as well would have to be given a value.
        if (update.Kind is not (UpdateKind.Move or UpdateKind.StoreString))
            return false;
        if (Host.Current.Pci.Windows.TryDecode(device, out PciSbdf function))
            WriteConfiguration(function, (uint)(address & (AddressSpace.PageSize - 1)), ref frame, in update);
        update.Complete(ref frame, in instruction, 0, true);
        if (!PageTableWrites.RepeatsStill(ref frame, in instruction, in update))
            PrivilegedEmulation.StepOver(vcpu, ref frame, in instruction);
        return true;
    }

    /// <summary>A store that crosses a register, or has eight bytes, is none that the bus knows: it is dropped.</summary>
    private static void WriteConfiguration(PciSbdf function, uint offset, ref GuestFrame frame, in MemoryUpdate update)
    {
        ulong flags = frame.Rflags;
        if ((offset & 3) + (uint)update.Size > 4 || !update.Apply(ref frame, 0, out ulong value, ref flags))
            return;
        PciConfigFilter.Write(Host.Current, function, offset, update.Size, unchecked((uint)value));
    }
}
