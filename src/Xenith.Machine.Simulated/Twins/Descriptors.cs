// Descriptor tables of a simulated CPU. The descriptors themselves are written into simulated memory, so that a guest's GDT whose page
// 14 maps the right frame works, and one whose page 14 does not fails.

using Xenith.Machine.Simulation;

namespace Xenith.Machine;

/// <summary>Descriptor tables, task-state segment and system-call registers of this CPU.</summary>
public static class Descriptors
{
    /// <summary>Offset of page 14 from the base of a GDT.</summary>
    private const ulong ReservedPageOffset = Selectors.FirstReservedPage * 4096UL;

    /// <summary>The frame that holds this CPU's descriptors: what page 14 of the current vCPU's GDT must map.</summary>
    public static Mfn ReservedGdtFrame => SimulatedCpu.Current.GdtPage;

    /// <summary>Sets up GDT, TSS, IDT and SYSCALL registers of the CPU that runs this; its record gets its ledger.</summary>
    public static void InitializeCpu(uint id)
    {
        SimulatedCpu self = SimulatedCpu.Current;
        if (self.Id != id)
            throw SimulatedFault.Protection($"CPU {self.Id} was told that it is CPU {id}");
        if (id == 0)
            self.Ledger = new Ledger();
        PerCpu.ClearVcpuInfo();
        BuildGdt(self);
        LoadIdleGdt();
        for (int register = 0; register < 4; register++)
            self.TryLoadSegment((SegmentRegister)register, 0);
        LoadLdt(0, 0);
        self.Msrs.Write(Msr.Star, (ulong)Selectors.HypervisorCode << 32 | (ulong)Selectors.Ring3Code32 << 48);
        self.Msrs.Write(Msr.SyscallMask, Rflags.Interrupt | Rflags.Trap | Rflags.Direction | Rflags.NestedTask | Rflags.AlignmentCheck | Rflags.IoPrivilege | Rflags.Resume);
    }

    /// <summary>Makes this CPU use its own GDT, whose guest part is empty.</summary>
    public static void LoadIdleGdt()
    {
        SimulatedCpu self = SimulatedCpu.Current;
        // In the image, unless the hypervisor has given the CPU a block.
        ulong page = self.GdtPage == self.Machine.Layout.GdtPageOf(self.Id)
            ? AddressSpace.Image + self.GdtPage.Address
            : SecondaryCpus.BlockOf(self.Id) + CpuBlock.GdtPage;
        LoadGdt(page - ReservedPageOffset);
    }

    /// <summary>Makes this CPU use the GDT that is mapped at an address of the per-domain area.</summary>
    public static void LoadGdt(ulong address) => SimulatedCpu.Current.Gdt = (address, 15 * 4096 - 1);

    /// <summary>Loads the LDT register with a table of so many 8-byte entries at an address; 0 entries for none.</summary>
    public static void LoadLdt(ulong address, uint entries) => SimulatedCpu.Current.Ldt = entries == 0 ? default : (address, entries * 8 - 1);

    private static void BuildGdt(SimulatedCpu self)
    {
        Write(self, Selectors.HypervisorCode, 0x00af_9b00_0000_ffff);
        Write(self, Selectors.HypervisorData, 0x00cf_9300_0000_ffff);
        Write(self, Selectors.Ring3Code32, 0x00cf_fb00_0000_ffff);
        Write(self, Selectors.Ring3Data, 0x00cf_f300_0000_ffff);
        Write(self, Selectors.Ring3Code64, 0x00af_fb00_0000_ffff);
    }

    private static void Write(SimulatedCpu self, ushort selector, ulong descriptor) =>
        self.Machine.Memory.Write(self.GdtPage.Address + (selector & 0xff8u), descriptor);
}
