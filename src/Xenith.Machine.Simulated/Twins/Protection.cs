namespace Xenith.Machine;

/// <summary>Supervisor-mode protections: SMEP and SMAP (SDM vol. 3, 4.6). The simulated GuestMemory needs no patching.</summary>
public static class Protection
{
    /// <summary>Turns on SMEP and SMAP where the CPU has them and the caller wants them; returns the CR4 bits that were set.</summary>
    public static ulong Enable(bool smep, bool smap)
    {
        CpuidResult features = Cpu.Cpuid(7);
        ulong bits = 0;
        if (smep && (features.Ebx & 1u << 7) != 0)
            bits |= Cr4.Smep;
        if (smap && (features.Ebx & 1u << 20) != 0)
            bits |= Cr4.Smap;
        Cpu.WriteCr4(Cpu.ReadCr4() | bits);
        return bits;
    }
}
