using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;

namespace Xenith.Hypervisor.Boot;

/// <summary>Control registers of a CPU as the hypervisor wants them for good: set up on the first CPU, copied to the others.</summary>
internal static class CpuSetup
{
    /// <summary>What is the same on every CPU.</summary>
    internal struct Common
    {
        internal ulong Cr0, Cr4, Efer, Pat, Xcr0;
    }

    /// <summary>
    /// Gives the page-attribute table the memory types that PV guests are promised (<see cref="PvMsr.SharedPat"/>): their page tables are the CPU's. Nothing is mapped yet by an entry that
    /// changes, 4 to 7, so neither caches nor TLBs have to be emptied for it (SDM vol. 3, 12.12.4).
    /// </summary>
    internal static void SetMemoryTypes() => Cpu.TryWriteMsr(Msr.Pat, PvMsr.SharedPat);

    /// <summary>
    /// Leaves CR4.PGE on, or switches it off. Global translations spare the guest misses when it goes from user mode to its kernel and back, but a flush of the whole TLB is then two writes to CR4
    /// instead of a load of CR3, and hypervisors of AMD's CPUs intercept those: so, as in Xen, it is off by itself where such a CPU says that it is a virtual one.
    /// </summary>
    internal static void ChooseGlobalPages(SwitchOption choice)
    {
        bool wanted = choice == SwitchOption.On || (choice == SwitchOption.NotGiven && !IsVirtualAmd());
        if (!wanted)
            Cpu.WriteCr4(Cpu.ReadCr4() & ~Cr4.GlobalPages);
    }

    /// <summary>AuthenticAMD or HygonGenuine, by the middle of the name, and the bit that hypervisors set (APM vol. 3, appendix E, leaves 0 and 1).</summary>
    private static bool IsVirtualAmd()
    {
        const uint amd = 0x6974_6e65, hygon = 0x6e65_476e;
        const uint hypervisor = 1u << 31;
        return Cpu.Cpuid(0).Edx is amd or hygon && (Cpu.Cpuid(1).Ecx & hypervisor) != 0;
    }

    /// <summary>Sets up the CPU that runs this.</summary>
    internal static void Initialize(ConsoleLog log, bool smep, bool smap)
    {
        ulong protections = Protection.Enable(smep, smap);
        if ((protections & Cr4.Smep) != 0)
            log.Info($"Xen: Enabling Supervisor Mode Execution Protection (SMEP)");
        if ((protections & Cr4.Smap) != 0)
            log.Info($"Xen: Enabling Supervisor Mode Access Prevention (SMAP)");

        ulong cr4 = Cpu.ReadCr4() | Cr4.DebuggingExtensions;
        if ((Cpu.Cpuid(1).Edx & 1u << 7) != 0)
            cr4 |= Cr4.MachineCheck;
        bool xsave = (Cpu.Cpuid(1).Ecx & 1u << 26) != 0;
        if (xsave)
            cr4 |= Cr4.OsXsave;
        Cpu.WriteCr4(cr4);
        if (xsave)
        {
            ulong components = PvControlRegisters.HostXcr0;
            Cpu.TrySetExtendedControl(0, components);
            log.Info($"xstate: size: 0x{Cpu.Cpuid(0xd).Ebx:x} and states: 0x{components:x}");
        }
    }

    /// <summary>The registers of the CPU that runs this, which has been set up and has no guest.</summary>
    internal static Common Capture() => new()
    {
        Cr0 = Cpu.ReadCr0(),
        Cr4 = Cpu.ReadCr4(),
        Efer = Cpu.ReadMsr(Msr.Efer),
        Pat = Cpu.ReadMsr(Msr.Pat),
        Xcr0 = (Cpu.ReadCr4() & Cr4.OsXsave) != 0 ? PvControlRegisters.HostXcr0 : 0,
    };

    /// <summary>Gives another CPU, which runs this, the same registers.</summary>
    internal static void Copy(in Common common)
    {
        Cpu.WriteMsr(Msr.Efer, common.Efer);
        Cpu.WriteCr0(common.Cr0);
        Cpu.WriteCr4(common.Cr4);
        Cpu.TryWriteMsr(Msr.Pat, common.Pat);
        if (common.Xcr0 != 0)
            Cpu.TrySetExtendedControl(0, common.Xcr0);
        Cpu.FlushTlb();
    }

    /// <summary>Prints who made the CPU.</summary>
    internal static void Describe(ConsoleLog log)
    {
        CpuidResult basic = Cpu.Cpuid(0);
        CpuidResult version = Cpu.Cpuid(1);
        System.Span<byte> vendor = stackalloc byte[12];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(vendor, basic.Ebx);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(vendor[4..], basic.Edx);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(vendor[8..], basic.Ecx);
        uint family = version.Eax >> 8 & 15;
        uint model = version.Eax >> 4 & 15;
        if (family == 15)
        {
            family += version.Eax >> 20 & 255;
            model |= version.Eax >> 12 & 0xf0;
        }
        log.Info($"CPU Vendor: {vendor}, Family {family} (0x{family:x}), Model {model} (0x{model:x}), Stepping {version.Eax & 15} (raw {version.Eax:x8})");
    }
}
