using System.Runtime.CompilerServices;
using Xenith.Abi;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>A guest's breakpoints (SDM vol. 3, 18.2). They must never fire in the hypervisor, so their addresses must be the guest's own.</summary>
internal static class PvDebugRegisters
{
    private const ulong Dr6AlwaysOne = 0xffff_0ff0, Dr6AlwaysZero = 1UL << 12;
    private const ulong Dr7AlwaysOne = 1UL << 10, Dr7AlwaysZero = 0xd800;
    private const ulong GeneralDetect = 1UL << 13;
    private const ulong EnableBits = 0xff;

    /// <summary>Value of DR7 with every breakpoint off.</summary>
    private const ulong Off = Dr7AlwaysOne;

    /// <summary>Reads DR0 to DR7; 4 and 5 stand for 6 and 7 unless CR4.DE is set. False if there is no such register.</summary>
    internal static bool TryRead(PvVcpu pv, uint register, out ulong value)
    {
        value = 0;
        switch (register)
        {
            case 0:
                value = pv.Dr0;
                return true;
            case 1:
                value = pv.Dr1;
                return true;
            case 2:
                value = pv.Dr2;
                return true;
            case 3:
                value = pv.Dr3;
                return true;
            case 4 when (pv.Cr4 & Cr4.DebuggingExtensions) == 0:
            case 6:
                value = pv.Dr6 | Dr6AlwaysOne;
                return true;
            case 5 when (pv.Cr4 & Cr4.DebuggingExtensions) == 0:
            case 7:
                value = pv.Dr7 | pv.Dr7Ports | Dr7AlwaysOne;
                return true;
            default:
                return false;
        }
    }

    /// <summary>
    /// Writes DR0 to DR7 of the vCPU on this CPU. Says <see cref="XenError.NotPermitted"/> for addresses that are not the guest's, for general detect and, without CR4.DE, for
    /// breakpoints on ports; <see cref="XenError.Invalid"/> if one of the upper 32 bits of DR6 or DR7 is set, as the CPU refuses them; <see cref="XenError.NoDevice"/> for registers that do not exist: DR4 and DR5 with CR4.DE, and all above 7.
    /// </summary>
    internal static XenError Write(PvVcpu pv, uint register, ulong value)
    {
        bool wasActive = IsActive(pv);
        XenError error = Set(pv, register, value);
        if (error != XenError.None)
            return error;
        if (register is 5 or 7)
        {
            if (IsActive(pv))
                Load(pv);
            else if (wasActive)
                Cpu.WriteDebugRegister(7, Off);
        }
        else if (wasActive)
        {
            if (register is 4 or 6)
                Cpu.WriteDebugRegister(6, pv.Dr6);
            else
                Cpu.WriteDebugRegister(register, value);
        }
        return XenError.None;
    }

    /// <summary>The first values of a vCPU that is on no CPU. A value that <see cref="Write"/> would refuse leaves its register as after a reset; CR4 has been set before.</summary>
    internal static void Initialize(PvVcpu pv, in Inline8<ulong> values)
    {
        (pv.Dr0, pv.Dr1, pv.Dr2, pv.Dr3) = (0, 0, 0, 0);
        (pv.Dr6, pv.Dr7, pv.Dr7Ports) = (0, 0, 0);
        for (uint register = 0; register < 8; register++)
        {
            if (register is not (4 or 5))
                Set(pv, register, values[(int)register]);
        }
    }

    /// <summary>The bits of DR6 for breakpoints on ports that an access of so many bytes touches (SDM vol. 3, 18.2.4 and 18.2.5).</summary>
    internal static ulong PortHits(PvVcpu pv, ushort port, int size)
    {
        ulong hits = 0;
        for (int i = 0; i < 4 && pv.Dr7Ports != 0; i++)
        {
            if ((pv.Dr7Ports & 3UL << (i * 2)) == 0)
                continue;
            ulong watched = i switch { 0 => pv.Dr0, 1 => pv.Dr1, 2 => pv.Dr2, _ => pv.Dr3 };
            ulong width = (pv.Dr7 >> (18 + i * 4) & 3) switch { 0 => 1UL, 1 => 2UL, 2 => 8UL, _ => 4UL };
            watched &= ~(width - 1);
            if (port < watched + width && port + (ulong)size > watched)
                hits |= 1UL << i;
        }
        return hits;
    }

    /// <summary>Puts a vCPU's breakpoints onto this CPU.</summary>
    internal static void Load(PvVcpu pv)
    {
        if (!IsActive(pv))
            return;
        Cpu.WriteDebugRegister(0, pv.Dr0);
        Cpu.WriteDebugRegister(1, pv.Dr1);
        Cpu.WriteDebugRegister(2, pv.Dr2);
        Cpu.WriteDebugRegister(3, pv.Dr3);
        Cpu.WriteDebugRegister(6, pv.Dr6 | Dr6AlwaysOne);
        Cpu.WriteDebugRegister(7, pv.Dr7);
    }

    /// <summary>Takes a vCPU's breakpoints off this CPU. Its values are in <see cref="PvVcpu"/> already: it cannot change them without us.</summary>
    internal static void Unload(PvVcpu pv)
    {
        if (IsActive(pv))
            Cpu.WriteDebugRegister(7, Off);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsActive(PvVcpu pv) => (pv.Dr7 & EnableBits) != 0;

    /// <summary>Checks a value and keeps it, without a word to the CPU.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static XenError Set(PvVcpu pv, uint register, ulong value)
    {
        switch (register)
        {
            case 0:
                return SetAddress(ref pv.Dr0, value);
            case 1:
                return SetAddress(ref pv.Dr1, value);
            case 2:
                return SetAddress(ref pv.Dr2, value);
            case 3:
                return SetAddress(ref pv.Dr3, value);
            case 4 when (pv.Cr4 & Cr4.DebuggingExtensions) == 0:
            case 6:
                if (value >> 32 != 0)
                    return XenError.Invalid;
                pv.Dr6 = (value | Dr6AlwaysOne) & ~Dr6AlwaysZero;
                return XenError.None;
            case 5 when (pv.Cr4 & Cr4.DebuggingExtensions) == 0:
            case 7:
                return SetControl(pv, value);
            default:
                return XenError.NoDevice;
        }
    }

    private static XenError SetAddress(ref ulong field, ulong value)
    {
        if (!AddressSpace.IsGuestAddress(value))
            return XenError.NotPermitted;
        field = value;
        return XenError.None;
    }

    private static XenError SetControl(PvVcpu pv, ulong value)
    {
        const ulong onPort = 2;
        if (value >> 32 != 0)
            return XenError.Invalid;
        value = (value | Dr7AlwaysOne) & ~Dr7AlwaysZero;
        if ((value & GeneralDetect) != 0)
            return XenError.NotPermitted;
        ulong ports = 0;
        for (int i = 0; i < 4; i++)
        {
            if ((value >> (16 + i * 4) & 3) != onPort)
                continue;
            if ((pv.Cr4 & Cr4.DebuggingExtensions) == 0)
                return XenError.NotPermitted;
            ports |= value & 3UL << (i * 2);
        }
        // The CPU must not watch them: the hypervisor's own use of a port is not the guest's.
        pv.Dr7 = value & ~ports;
        pv.Dr7Ports = ports;
        return XenError.None;
    }
}
