namespace Xenith.Machine;

/// <summary>Supervisor-mode protections: SMEP, SMAP and what the code needs to live with them (SDM vol. 3, 4.6).</summary>
public static unsafe class Protection
{
    /// <summary>
    /// Turns on SMEP and SMAP where the CPU has them and the caller wants them; returns the CR4 bits that were set. With SMAP the no-ops
    /// around guest accesses become STAC and CLAC.
    /// </summary>
    public static ulong Enable(bool smep, bool smap)
    {
        CpuidResult features = Cpu.Cpuid(7);
        ulong bits = 0;
        if (smep && (features.Ebx & 1u << 7) != 0)
            bits |= Cr4.Smep;
        if (smap && (features.Ebx & 1u << 20) != 0)
        {
            bits |= Cr4.Smap;
            PatchSmapSites();
        }
        Cpu.WriteCr4(Cpu.ReadCr4() | bits);
        return bits;
    }

    private static void PatchSmapSites()
    {
        for (ulong* site = Asm.get_smap_sites_start(); site < Asm.get_smap_sites_end(); site += 2)
        {
            byte* code = Image.WritableAlias(site[0]);
            code[0] = 0x0f;
            code[1] = 0x01;
            code[2] = site[1] != 0 ? (byte)0xcb : (byte)0xca;
        }
    }
}
