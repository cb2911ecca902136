using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>
/// CR0, CR4 and XCR0 of a PV guest. They are the hypervisor's; the guest has the few bits in them that concern only itself, and is shown the others.
/// </summary>
internal static class PvControlRegisters
{
    /// <summary>CR4 bits that a guest may choose.</summary>
    private const ulong GuestCr4 = Cr4.TimeStampDisable | Cr4.DebuggingExtensions | Cr4.FsGsBase | Cr4.OsXsave;

    /// <summary>Those of them that take effect in the CPU; the others are only remembered.</summary>
    private const ulong EffectiveCr4 = Cr4.TimeStampDisable | Cr4.FsGsBase;

    /// <summary>CR4 bits of the hypervisor that a guest is shown.</summary>
    private const ulong VisibleCr4 = Cr4.PhysicalAddressExtension | Cr4.MachineCheck | Cr4.OsFxsr | Cr4.OsXmmExceptions;

    /// <summary>XCR0 components (SDM vol. 1, 13.1): x87, SSE, AVX; and the three of AVX-512, which are on or off together.</summary>
    internal const ulong X87 = 1, Sse = 2, Avx = 4, Avx512 = 0xe0;

    /// <summary>CR0 as the guest reads it: the CPU's, with its own TS.</summary>
    internal static ulong ReadCr0(PvVcpu pv) => (Cpu.ReadCr0() & ~Cr0.TaskSwitched) | (pv.TaskSwitched ? Cr0.TaskSwitched : 0);

    /// <summary>Writes CR0. Only TS may change; false for anything else.</summary>
    internal static bool TryWriteCr0(Vcpu vcpu, ulong value)
    {
        if (((value ^ Cpu.ReadCr0()) & ~Cr0.TaskSwitched) != 0)
            return false;
        SetTaskSwitched(vcpu, (value & Cr0.TaskSwitched) != 0);
        return true;
    }

    /// <summary>Sets or clears TS of the vCPU on this CPU. The way out puts it into CR0; a hypercall has to take the slow one for that.</summary>
    internal static void SetTaskSwitched(Vcpu vcpu, bool set)
    {
        vcpu.Pv.TaskSwitched = set;
        PerCpu.TaskSwitched = set;
        if (set)
            PerCpu.WayOut |= WayOut.Slow;
    }

    /// <summary>CR4 as the guest reads it.</summary>
    internal static ulong ReadCr4(PvVcpu pv) => (Cpu.ReadCr4() & VisibleCr4) | pv.Cr4;

    /// <summary>Writes CR4 of the vCPU on this CPU: takes those of the guest's bits that the CPU has; the rest is ignored, as guests expect.</summary>
    internal static void WriteCr4(Vcpu vcpu, ulong value)
    {
        vcpu.Pv.Cr4 = GuestPart(value);
        LoadCr4(vcpu.Pv);
    }

    /// <summary>Those bits of a value for CR4 that are a guest's and that the CPU has.</summary>
    internal static ulong GuestPart(ulong value)
    {
        ulong allowed = GuestCr4;
        if (!PvCpuid.HasFsGsBase)
            allowed &= ~Cr4.FsGsBase;
        if ((Cpu.ReadCr4() & Cr4.OsXsave) == 0)
            allowed &= ~Cr4.OsXsave;
        return value & allowed;
    }

    /// <summary>Puts a vCPU's CR4, XCR0 and TSC_AUX onto this CPU.</summary>
    internal static void Load(PvVcpu pv)
    {
        LoadCr4(pv);
        if (pv.Xcr0 != 0)
            Cpu.TrySetExtendedControl(0, pv.Xcr0);
        LoadTscAux(pv);
    }

    /// <summary>Puts a vCPU's TSC_AUX onto this CPU, unless it is there already: nobody else writes the register.</summary>
    internal static void LoadTscAux(PvVcpu pv)
    {
        Pcpu cpu = Pcpu.Current;
        if (cpu.TscAux == pv.TscAux)
            return;
        Cpu.TryWriteMsr(Msr.TscAux, pv.TscAux);
        cpu.TscAux = pv.TscAux;
    }

    /// <summary>Gives XCR0 back to the hypervisor, which saves all components whether the guest has them on or not.</summary>
    internal static void UnloadXcr0(PvVcpu pv)
    {
        if (pv.Xcr0 != 0)
            Cpu.TrySetExtendedControl(0, Host.Current.Vectors.Components);
    }

    /// <summary>XCR0 of a vCPU that has not set it: x87 and SSE, as in Xen. In the form of <see cref="PvVcpu.Xcr0"/>.</summary>
    internal static ulong FirstXcr0(VectorFormat format) => format.Components is 0 or (X87 | Sse) ? 0 : X87 | Sse;

    /// <summary>XSETBV of the vCPU on this CPU. False if the guest may not have this value.</summary>
    internal static bool TryWriteXcr0(Vcpu vcpu, uint index, ulong value)
    {
        ulong all = HostXcr0;
        if (index != 0 || (vcpu.Pv.Cr4 & Cr4.OsXsave) == 0 || (value & ~all) != 0 || (value & X87) == 0)
            return false;
        if ((value & Avx) != 0 && (value & Sse) == 0)
            return false;
        if ((value & Avx512) != 0 && (value & (Avx512 | Avx)) != (Avx512 | Avx))
            return false;
        if (!Cpu.TrySetExtendedControl(0, value))
            return false;
        vcpu.Pv.Xcr0 = value == all ? 0 : value;
        return true;
    }

    /// <summary>XCR0 of a vCPU.</summary>
    internal static ulong ReadXcr0(PvVcpu pv) => pv.Xcr0 != 0 ? pv.Xcr0 : HostXcr0;

    /// <summary>
    /// What the hypervisor switches on in XCR0: x87, SSE, AVX and AVX-512 as far as the CPU has them. Protection keys and what came later are not a PV guest's.
    /// </summary>
    internal static ulong HostXcr0
    {
        get
        {
            ulong offered = Cpu.Cpuid(0xd).Eax & (X87 | Sse | Avx | Avx512);
            return (offered & (Avx512 | Avx)) == (Avx512 | Avx) ? offered : offered & ~Avx512;
        }
    }

    private static void LoadCr4(PvVcpu pv)
    {
        ulong now = Cpu.ReadCr4();
        ulong wanted = (now & ~EffectiveCr4) | (pv.Cr4 & EffectiveCr4);
        if (wanted != now)
            Cpu.WriteCr4(wanted);
    }
}
