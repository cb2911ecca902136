using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>
/// Whether code of a PV guest may use port instructions, as a CPU decides by IOPL and the task's bitmap (SDM vol. 1, 19.5). The guest kernel sets both (physdev_op
/// set_iopl and set_iobitmap). What the *domain* may reach is another question: <see cref="IoPermissions"/>.
/// </summary>
internal static class PortPermission
{
    private const ulong ArchitecturalIopl = 1UL << (int)Abi.VmAssistType.ArchitecturalIopl;

    /// <summary>True if the virtual IOPL lets the running code use ports, CLI and STI. The kernel counts as ring 1, unless it has asked for ring 0.</summary>
    internal static bool LevelSuffices(Vcpu vcpu)
    {
        ulong level = vcpu.Pv.InUserMode ? 3UL : (vcpu.Domain.VmAssist & ArchitecturalIopl) != 0 ? 0UL : 1UL;
        return level <= vcpu.Pv.Iopl >> 12;
    }

    /// <summary>True if the running code may access so many ports.</summary>
    internal static bool IsGranted(Vcpu vcpu, ushort port, int size) => LevelSuffices(vcpu) || BitmapAllows(vcpu, port, size);

    /// <summary>Looks into the bitmap of the current process, which is in the kernel's memory: user mode's page tables do not show it.</summary>
    private static bool BitmapAllows(Vcpu vcpu, ushort port, int size)
    {
        PvVcpu pv = vcpu.Pv;
        if (pv.IoBitmapPorts < (uint)port + (uint)size)
            return false;
        if (pv.InUserMode)
            Cpu.WriteCr3(pv.KernelRoot.Address);
        // Two bytes, as the CPU reads them; what cannot be read is closed.
        ulong at = unchecked(pv.IoBitmap + (ulong)port / 8);
        bool read = GuestMemory.TryRead(at, out ushort bits);
        if (!read && GuestMemory.TryRead(at, out byte only))
        {
            bits = (ushort)(only | 0xff00);
            read = true;
        }
        if (pv.InUserMode)
            Cpu.WriteCr3(pv.UserRoot.Address);
        return read && (bits >> (port & 7) & ((1 << size) - 1)) == 0;
    }
}
