using System;
using Xenith.Abi;
using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;

namespace Xenith.Hypervisor.Boot;

/// <summary>What the boot loader gave us for dom0.</summary>
internal ref struct Dom0Input
{
    /// <summary>The kernel as an ELF file.</summary>
    internal UnpackedKernel Kernel;

    /// <summary>What its headers and notes say.</summary>
    internal KernelImage Image;

    /// <summary>Machine addresses of the initial RAM disk; equal if there is none.</summary>
    internal ulong RamDiskStart, RamDiskEnd;

    /// <summary>dom0's command line, and what the hypervisor's has for it after ` -- `.</summary>
    internal ReadOnlySpan<byte> CommandLine, MoreCommandLine;

    /// <summary>What dom0 is told of the screen, if there is anything to tell.</summary>
    internal Dom0VgaConsoleInfo Screen;
    internal bool HasScreen;

    /// <summary>Pages that dom0 gets, and those that it may ever have.</summary>
    internal ulong Pages, MaximumPages;

    /// <summary>vCPUs that dom0 gets; the first one is up.</summary>
    internal uint Vcpus;
}

/// <summary>
/// Builds a PV dom0 by the start-of-day contract of Xen's PV ABI (public/xen.h, "Start-of-day memory layout", and public/elfnote.h).
/// </summary>
internal static class Dom0Builder
{
    private const int PageSize = AddressSpace.PageSize;

    // Bytes of start_info and of dom0_vga_console_info (public/xen.h), which lie one behind the other.
    private const uint StartInfoSize = 1168, ScreenSize = 40;

    /// <summary>Makes the domain with its vCPUs, the first of which is ready to run. Null, after a log line, if it cannot be built.</summary>
    internal static Domain? Build(Host host, ConsoleLog log, ref Dom0Input input)
    {
        log.Always($"*** Building a PV Dom0 ***");
        XenNotes notes = input.Image.Notes;
        ulong ramDiskBytes = input.RamDiskEnd - input.RamDiskStart;
        ulong ramDiskPages = (ramDiskBytes + PageSize - 1) / PageSize;
        bool ramDiskByPfn = notes.InitrdByFrame;
        bool ownList = notes.Has(XenNote.InitialP2m);
        ulong listPages = (input.Pages * 8 + PageSize - 1) / PageSize;

        if (!Dom0Layout.TryCompute(input.Image.VirtualBase, input.Image.VirtualEnd, ramDiskByPfn ? 0 : ramDiskBytes, ownList ? 0 : listPages * PageSize, out Dom0Layout layout))
            return Fail(log, "The kernel's addresses leave no room for dom0's boot-time structures");
        ulong listTables = ownList ? Dom0PageTables.ListTables(notes.InitialP2m, listPages * PageSize) : 0;
        if (layout.MappedPages + ramDiskPages + listPages + listTables > input.Pages)
            return Fail(log, "Domain 0 has too little memory for its kernel and initial RAM disk");

        if (DomainLife.Create(host, 0, true, input.Vcpus, out Domain? made) != XenError.None || made is not Domain domain)
            return Fail(log, "No memory for dom0's own structures");
        domain.Pages.MaxPages = Math.Min(input.MaximumPages, uint.MaxValue);
        // Kernels that can run as dom0 have page-table roots above 4 GiB, and say so in their notes (pae_pgdir_above_4gb).
        domain.VmAssist = 1UL << (int)VmAssistType.PaeExtendedCr3;
        if (!domain.Pv.Ports.AllowAllButOwn(host))
            return Fail(log, "No memory for dom0's I/O permissions");

        Dom0Memory memory = new(host.Memory, domain);
        if (!memory.TryCreateList(input.Pages) || !memory.TryAllocateContiguous(layout.MappedPages, out Mfn first) || !memory.TryAssign(first, layout.MappedPages))
            return Fail(log, "Not enough contiguous memory for dom0's kernel");
        Span<byte> mapped = BootMemory.Writable(first.Address, layout.MappedPages * PageSize);
        mapped.Clear();
        if (!input.Image.TryCopyTo(mapped[(int)(input.Image.VirtualStart - layout.Base)..]))
            return Fail(log, "The kernel's segments do not fit where it wants them");
        input.Kernel.Release(host);
        if (notes.HypercallPage >= input.Image.VirtualStart && notes.HypercallPage < input.Image.VirtualEnd)
            HypercallPage.Fill(first.Plus(layout.PfnOf(notes.HypercallPage)));

        ulong ramDiskPfn = memory.Count;
        if (ramDiskPages != 0 && !PlaceRamDisk(memory, input, mapped, layout, ramDiskByPfn))
            return Fail(log, "The initial RAM disk cannot be given to dom0");

        ulong firstListPfn = memory.Count;
        Mfn root = first.Plus(layout.PfnOf(layout.PageTables));
        Dom0PageTables.MapRange(layout, first);
        if (ownList)
        {
            if (!memory.TryAssign(memory.ListFrame, listPages) || !memory.TryAllocateContiguous(listTables, out Mfn tables) || !memory.TryAssign(tables, listTables))
                return Fail(log, "Not enough memory for dom0's physical-to-machine list");
            Dom0PageTables.MapList(root, notes.InitialP2m, memory.ListFrame, listPages, tables);
        }
        if (!memory.TryFill(input.Pages))
            return Fail(log, "Not enough memory for dom0");
        if (!ownList)
            BootMemory.Bytes(memory.ListFrame.Address, input.Pages * 8).CopyTo(mapped[(int)(layout.P2m - layout.Base)..]);

        StartInfo info = default;
        // The "p" says that the kernel's page-table entries are 64 bits wide, as it says itself in PAE_MODE.
        "xen-3.0-x86_64p"u8.CopyTo(info.Magic);
        info.NrPages = input.Pages;
        info.SharedInfo = domain.SharedInfoFrame.Address;
        info.Flags = (uint)(StartInfoFlags.Privileged | StartInfoFlags.Initdomain | (ramDiskPages != 0 && ramDiskByPfn ? StartInfoFlags.ModStartPfn : 0));
        info.PtBase = layout.PageTables;
        info.NrPtFrames = layout.PageTableCount;
        info.MfnList = ownList ? notes.InitialP2m : layout.P2m;
        info.ModStart = ramDiskPages == 0 ? 0 : ramDiskByPfn ? ramDiskPfn : layout.RamDisk;
        info.ModLen = ramDiskBytes;
        info.FirstP2mPfn = ownList ? firstListPfn : 0;
        info.NrP2mFrames = ownList ? listPages + listTables : 0;
        CopyCommandLine(in input, info.CmdLine);
        WriteStartInfo(Frame.At(first.Plus(layout.PfnOf(layout.StartInfo))), ref info, in input);

        Describe(log, input, layout, first, ramDiskPages);
        return StartVcpu(host, log, domain, layout, root, input.Image.Entry) ? domain : null;
    }

    /// <summary>start_info, and behind it what there is to say of the screen.</summary>
    private static void WriteStartInfo(Frame page, ref StartInfo info, in Dom0Input input)
    {
        if (input.HasScreen)
        {
            info.ConsoleDom0InfoOff = StartInfoSize;
            info.ConsoleDom0InfoSize = ScreenSize;
            page.Write((int)StartInfoSize, input.Screen);
        }
        page.Write(0, info);
    }

    /// <summary>Both parts with a blank between, cut to what fits before the terminating zero.</summary>
    private static void CopyCommandLine(in Dom0Input input, Span<byte> to)
    {
        int length = Math.Min(input.CommandLine.Length, to.Length - 1);
        input.CommandLine[..length].CopyTo(to);
        if (input.MoreCommandLine.IsEmpty || length >= to.Length - 2)
            return;
        if (length > 0)
            to[length++] = (byte)' ';
        int more = Math.Min(input.MoreCommandLine.Length, to.Length - 1 - length);
        input.MoreCommandLine[..more].CopyTo(to[length..]);
    }

    /// <summary>The initial RAM disk stays where the boot loader put it, if the kernel takes it by page number; else it is copied into the mapped range.</summary>
    private static bool PlaceRamDisk(Dom0Memory memory, in Dom0Input input, Span<byte> mapped, in Dom0Layout layout, bool byPfn)
    {
        ulong bytes = input.RamDiskEnd - input.RamDiskStart;
        if (byPfn)
            return memory.TryAssign(Mfn.FromAddress(input.RamDiskStart), (bytes + PageSize - 1) / PageSize);
        BootMemory.Bytes(input.RamDiskStart, bytes).CopyTo(mapped[(int)(layout.RamDisk - layout.Base)..]);
        return true;
    }

    private static bool StartVcpu(Host host, ConsoleLog log, Domain domain, in Dom0Layout layout, Mfn root, ulong entry)
    {
        for (uint id = 0; id < (uint)domain.Vcpus.Length; id++)
        {
            if (DomainLife.AddVcpu(host, domain, id, out _) == XenError.None)
                continue;
            log.Error($"No memory for dom0's vCPU {id}");
            return false;
        }
        if (domain.FindVcpu(0) is not Vcpu vcpu)
            return false;
        XenError error = MmuOperations.PinInitialRoot(vcpu, root);
        if (error != XenError.None)
        {
            log.Error($"dom0's first page tables are not valid: error {(int)error}");
            return false;
        }
        vcpu.Registers.Rip = entry;
        vcpu.Registers.Rsi = layout.StartInfo;
        vcpu.Registers.Rsp = layout.Stack + PageSize;
        vcpu.Registers.Rflags = Rflags.Interrupt | Rflags.AlwaysOne;
        vcpu.Registers.Cs = Selectors.Ring3Code64;
        vcpu.Registers.Ss = Selectors.Ring3Data;
        vcpu.Pv.KernelSp = vcpu.Registers.Rsp;
        vcpu.Pv.KernelSs = Selectors.Ring3Data;
        vcpu.IsInitialised = true;
        return true;
    }

    private static void Describe(ConsoleLog log, in Dom0Input input, in Dom0Layout layout, Mfn first, ulong ramDiskPages)
    {
        log.Always($" Xen  kernel: 64-bit, lsb");
        log.Always($" Dom0 kernel: 64-bit, PAE, lsb, paddr 0x{input.Image.VirtualStart - layout.Base:x} -> 0x{input.Image.VirtualEnd - layout.Base:x}");
        log.Always($"PHYSICAL MEMORY ARRANGEMENT:");
        log.Always($" Dom0 alloc.:   {first.Address:x16}->{first.Plus(layout.MappedPages).Address:x16} ({input.Pages - layout.MappedPages} pages to be allocated)");
        if (ramDiskPages != 0)
            log.Always($" Init. ramdisk: {input.RamDiskStart:x16}->{input.RamDiskEnd:x16}");
        log.Always($"VIRTUAL MEMORY ARRANGEMENT:");
        log.Always($" Loaded kernel: {input.Image.VirtualStart:x16}->{input.Image.VirtualEnd:x16}");
        if (layout.RamDisk != 0)
            log.Always($" Init. ramdisk: {layout.RamDisk:x16}->{layout.RamDisk + (input.RamDiskEnd - input.RamDiskStart):x16}");
        ulong list = layout.P2m != 0 ? layout.P2m : input.Image.Notes.InitialP2m;
        log.Always($" Phys-Mach map: {list:x16}->{list + input.Pages * 8:x16}");
        log.Always($" Start info:    {layout.StartInfo:x16}->{layout.StartInfo + 1208:x16}");
        log.Always($" Page tables:   {layout.PageTables:x16}->{layout.PageTables + layout.PageTableCount * PageSize:x16}");
        log.Always($" Boot stack:    {layout.Stack:x16}->{layout.Stack + PageSize:x16}");
        log.Always($" TOTAL:         {layout.Base:x16}->{layout.End:x16}");
        log.Always($" ENTRY ADDRESS: {input.Image.Entry:x16}");
    }

    private static Domain? Fail(ConsoleLog log, string why)
    {
        log.Error($"{why}");
        return null;
    }
}
