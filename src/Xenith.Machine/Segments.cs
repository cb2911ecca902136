namespace Xenith.Machine;

/// <summary>The data-segment selectors and bases of the guest that runs on this CPU; in 64-bit mode the hypervisor itself has no use for them.</summary>
public static unsafe class Segments
{
    /// <summary>Reads the four selectors.</summary>
    public static void Read(out ushort ds, out ushort es, out ushort fs, out ushort gs)
    {
        ushort* values = stackalloc ushort[4];
        Asm.read_segments(values);
        ds = values[0];
        es = values[1];
        fs = values[2];
        gs = values[3];
    }

    /// <summary>Loads DS; false if the selector cannot be loaded.</summary>
    public static bool TryLoadDs(ushort selector) => Asm.try_load_ds(selector) != 0;

    /// <summary>Loads ES; false if the selector cannot be loaded.</summary>
    public static bool TryLoadEs(ushort selector) => Asm.try_load_es(selector) != 0;

    /// <summary>Loads FS, which sets its base too; false if the selector cannot be loaded.</summary>
    public static bool TryLoadFs(ushort selector) => Asm.try_load_fs(selector) != 0;

    /// <summary>Loads GS such that its base becomes the inactive one (the guest's user GS while its kernel runs); false if the selector cannot be loaded.</summary>
    public static bool TryLoadUserGs(ushort selector) => Asm.try_load_user_gs(selector) != 0;

    /// <summary>Reads the three bases: of FS, of GS, and the one that SWAPGS would bring in.</summary>
    public static void ReadBases(out ulong fs, out ulong gs, out ulong inactiveGs)
    {
        if ((Cpu.ReadCr4() & Cr4.FsGsBase) == 0)
        {
            fs = FsBase;
            gs = GsBase;
            inactiveGs = InactiveGsBase;
            return;
        }
        ulong* values = stackalloc ulong[3];
        Asm.read_bases(values);
        fs = values[0];
        gs = values[1];
        inactiveGs = values[2];
    }

    /// <summary>Loads the three bases, which are canonical. By WRMSR, where a guest has not switched FSGSBASE on, only those that differ: to read a register costs less than to write it.</summary>
    public static void WriteBases(ulong fs, ulong gs, ulong inactiveGs)
    {
        if ((Cpu.ReadCr4() & Cr4.FsGsBase) != 0)
        {
            Asm.write_bases(fs, gs, inactiveGs);
            return;
        }
        if (FsBase != fs)
            FsBase = fs;
        if (GsBase != gs)
            GsBase = gs;
        if (InactiveGsBase != inactiveGs)
            InactiveGsBase = inactiveGs;
    }

    /// <summary>Base of FS.</summary>
    public static ulong FsBase
    {
        get => Cpu.ReadMsr(Msr.FsBase);
        set => Cpu.WriteMsr(Msr.FsBase, value);
    }

    /// <summary>Base of GS now in force.</summary>
    public static ulong GsBase
    {
        get => Cpu.ReadMsr(Msr.GsBase);
        set => Cpu.WriteMsr(Msr.GsBase, value);
    }

    /// <summary>Base of GS that SWAPGS would bring in.</summary>
    public static ulong InactiveGsBase
    {
        get => Cpu.ReadMsr(Msr.KernelGsBase);
        set => Cpu.WriteMsr(Msr.KernelGsBase, value);
    }
}
