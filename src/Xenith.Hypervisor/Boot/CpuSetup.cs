using Xenith.Hypervisor.Console;
using Xenith.Machine;

namespace Xenith.Hypervisor.Boot;

/// <summary>Control registers of a CPU as the hypervisor wants them for good.</summary>
internal static class CpuSetup
{
    /// <summary>XCR0 components that guests may use: x87, SSE, AVX.</summary>
    private const ulong SupportedComponents = 7;

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
            CpuidResult components = Cpu.Cpuid(0xd);
            Cpu.TrySetExtendedControl(0, components.Eax & SupportedComponents);
            log.Info($"xstate: size: {Cpu.Cpuid(0xd).Ebx:x} and states: {components.Eax & SupportedComponents:x}");
        }
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
