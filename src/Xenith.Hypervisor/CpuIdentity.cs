using Xenith.Machine;

namespace Xenith.Hypervisor;

/// <summary>Who made a CPU and which it is (SDM vol. 2, CPUID leaves 0 and 1).</summary>
public readonly struct CpuIdentity
{
    private CpuIdentity(uint ebx, uint edx, uint ecx, uint signature)
    {
        Ebx = ebx;
        Edx = edx;
        Ecx = ecx;
        Signature = signature;
    }

    /// <summary>The vendor's name: bytes of EBX, EDX and ECX, in this order.</summary>
    public uint Ebx { get; }

    /// <summary>See <see cref="Ebx"/>.</summary>
    public uint Edx { get; }

    /// <summary>See <see cref="Ebx"/>.</summary>
    public uint Ecx { get; }

    /// <summary>EAX of leaf 1.</summary>
    public uint Signature { get; }

    /// <summary>Family, the extended one added.</summary>
    public uint Family => BaseFamily == 15 ? BaseFamily + (Signature >> 20 & 0xff) : BaseFamily;

    /// <summary>Model, with the extended one in front.</summary>
    public uint Model => (Signature >> 4 & 0xf) | (BaseFamily is 6 or 15 ? (Signature >> 16 & 0xf) << 4 : 0);

    /// <summary>Stepping.</summary>
    public uint Stepping => Signature & 0xf;

    private uint BaseFamily => Signature >> 8 & 0xf;

    /// <summary>The CPU that runs this.</summary>
    public static CpuIdentity Read()
    {
        CpuidResult vendor = Cpu.Cpuid(0);
        return new CpuIdentity(vendor.Ebx, vendor.Edx, vendor.Ecx, Cpu.Cpuid(1).Eax);
    }
}
