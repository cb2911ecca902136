namespace Xenith.Machine;

/// <summary>The four registers that CPUID returns for one leaf and sub-leaf.</summary>
public struct CpuidResult
{
    public uint Eax, Ebx, Ecx, Edx;
}
