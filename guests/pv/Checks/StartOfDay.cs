// What a PV kernel finds at its first instruction: registers, start_info, the virtual layout, the initial page tables and
// the machine-to-physical table (public xen.h "Start-of-day memory layout", arch-x86/xen-x86_64.h).

using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Pv.Checks;

static unsafe class StartOfDay
{
    /// <summary>What mapping shared_info answered; the kernel needs that page before any check runs.</summary>
    public static long SharedInfoResult;

    public static void Run()
    {
        Check.Run("start.registers", &Registers);
        Check.Run("start.info", &Info);
        Check.Run("start.layout", &LayoutOrder);
        Check.Run("start.shared_info", &Shared);
        Check.Run("start.tables", &Tables);
        Check.Run("start.tables_read_only", &TablesReadOnly);
        Check.Run("start.mfn_list", &MfnList);
        Check.Run("start.m2p", &MachineToPhysical);
        Check.Run("start.hypervisor_hidden", &HypervisorHidden);
    }

    static void Registers()
    {
        EntryRegisters* r = Vcpu.Entry;
        Check.Equal("rsi", (ulong)Vcpu.Start, r->Rsi);
        Check.Equal("rsp", Vcpu.Start->PtBase + (Vcpu.Start->NrPtFrames + 1) * Memory.PageSize, r->Rsp);
        Check.Equal("rflags", 0x202, r->Rflags);
        Check.Equal("cs", Selector.Code64, r->Cs);
        Check.Equal("ss", Selector.Data, r->Ss);
        Check.Equal("ds, es, fs, gs", 0, r->Ds | r->Es | r->Fs | r->Gs);
        Check.Equal("rax, rbx, rcx, rdx", 0, r->Rax | r->Rbx | r->Rcx | r->Rdx);
        Check.Equal("rdi, rbp", 0, r->Rdi | r->Rbp);
        Check.Equal("r8 to r15", 0, r->R8 | r->R9 | r->R10 | r->R11 | r->R12 | r->R13 | r->R14 | r->R15);
    }

    static void Info()
    {
        StartInfo* info = Vcpu.Start;
        string magic = "xen-3.0-x86_64p"; // p: the kernel's PAE_MODE note says yes
        for (int i = 0; i < magic.Length; i++)
        {
            Check.Equal("magic", magic[i], info->Magic[i]);
        }

        Check.Equal("magic's end", 0, info->Magic[magic.Length]);
        Check.Value("flags", info->Flags & 0xff);
        Check.Equal("store_mfn", 0, info->StoreMfn);
        Check.Equal("store_evtchn", 0, info->StoreEvtchn);
        Check.Equal("shared_info alignment", 0, info->SharedInfo & 0xfff);
        Check.Equal("nr_p2m_frames", 0, info->NrP2mFrames);
        Check.Equal("mod_len", 0, info->ModLen);
        Check.True("nr_pages", info->NrPages >= 0x4000 && info->NrPages < 1ul << 40);
        int length = 0;
        while (length < 1024 && info->CommandLine[length] != 0)
        {
            length++;
        }

        Check.True("cmd_line ends within 1024 bytes", length < 1024);
    }

    static void LayoutOrder()
    {
        StartInfo* info = Vcpu.Start;
        ulong listEnd = info->MfnList + info->NrPages * 8;
        Check.Equal("image start", Layout.VirtBase + 0x100000, Native.ImageStart());
        Check.Equal("mfn_list follows the image", Native.ImageEnd(), info->MfnList);
        Check.Equal("start_info follows mfn_list", (listEnd + 4095) & ~4095ul, (ulong)info);
        Check.Equal("page tables follow start_info", (ulong)info + 4096, info->PtBase);
        if (info->ConsoleInfoSize != 0)
        {
            Check.True("console info lies in start_info's page", info->ConsoleInfoOffset + info->ConsoleInfoSize <= 4096);
        }
    }

    static void Shared()
    {
        Check.Ok("mapping shared_info", SharedInfoResult);
        Check.Equal("upcall mask of vCPU 0", 1, Vcpu.Info->UpcallMask);
        ulong pending = 0;
        for (int i = 0; i < 64; i++)
        {
            pending |= Vcpu.Shared->EvtchnPending[i];
        }

        Check.Equal("event bits pending", 0, pending);
        Check.Equal("evtchn_mask[0]", 0, Vcpu.Shared->EvtchnMask[0]);
        Check.Equal("max_pfn", 0, Vcpu.Shared->MaxPfn);
        Check.True("wall clock set", Vcpu.Shared->WcSec != 0);
    }

    /// <summary>The tables map a range from VIRT_BASE to a multiple of 4 MiB, and nothing else below the hypervisor or above.</summary>
    static void Tables()
    {
        StartInfo* info = Vcpu.Start;
        ulong stackEnd = Vcpu.Entry->Rsp;
        ulong mappedEnd = Layout.VirtBase;
        while (PageTable.EntryAddress(mappedEnd, 1) != 0 && (PageTable.Leaf(mappedEnd) & Pte.Present) != 0)
        {
            mappedEnd += Memory.PageSize;
        }

        Check.Equal("end of the mapping, modulo 4 MiB", 0, mappedEnd & 0x3fffff);
        Check.True("512 KiB spare", mappedEnd >= stackEnd + 0x80000);
        Check.True("no more than 4 MiB spare beyond that", mappedEnd < stackEnd + 0x80000 + 0x400000);

        ulong* level4 = (ulong*)info->PtBase;
        for (int slot = 0; slot < 512; slot++)
        {
            bool hypervisor = slot is >= 256 and < 272;
            if (!hypervisor && slot != 511)
            {
                Check.Equal("L4 slot outside the image", 0, level4[slot]);
            }
        }

        ulong tables = 0;
        for (ulong address = Layout.VirtBase; address < mappedEnd; address += Memory.PageSize)
        {
            bool isTable = address >= info->PtBase && address < info->PtBase + info->NrPtFrames * Memory.PageSize;
            ulong leaf = PageTable.Leaf(address);
            tables += isTable ? 1ul : 0;
            if (address == (ulong)Vcpu.Shared)
            {
                continue;
            }

            Check.Equal("frame", Memory.MfnOf(address), Pte.MfnOf(leaf));
            Check.Equal("present, writable", isTable ? Pte.Present : Pte.Present | Pte.Writable, leaf & 3);
            Check.Equal("bits beyond A and D", Pte.User | Pte.GuestKernel, leaf & ~Pte.FrameMask & ~0x63ul | leaf & Pte.GuestKernel);
        }

        Check.Equal("nr_pt_frames", 1 + 1 + 1 + (mappedEnd - Layout.VirtBase) / 0x200000, tables);
        for (int level = 2; level <= 4; level++)
        {
            ulong entry = *(ulong*)PageTable.EntryAddress(Layout.VirtBase, level);
            Check.Equal("upper entry present, writable, user", 7, entry & 7);
            ulong table = Memory.AddressOfMfn(Pte.MfnOf(entry));
            Check.True("upper entry points into the tables' pages", table > info->PtBase && table < stackEnd - 4096);
        }
    }

    static void TablesReadOnly()
    {
        ulong table = Vcpu.Start->PtBase;
        ulong before = *(ulong*)table;
        Check.Faulted("write to the L4", Probe.TryWrite(table, 0), 14, 3);
        Check.Equal("cr2", table, Trap.LastCr2);
        Check.Equal("L4 unchanged", before, *(ulong*)table);
        for (int level = 2; level <= 4; level++)
        {
            ulong entry = PageTable.EntryAddress(table, level);
            before = *(ulong*)entry;
            Check.Faulted("write to a used entry", Probe.TryWrite(entry, before), 14, 3);
            Check.Equal("cr2", entry, Trap.LastCr2);
        }
    }

    static void MfnList()
    {
        ulong* list = (ulong*)Vcpu.Start->MfnList;
        ulong bad = 0, doubled = 0;
        for (ulong pfn = 0; pfn < Vcpu.Start->NrPages; pfn++)
        {
            bad += list[pfn] == 0 || list[pfn] >> 40 != 0 ? 1ul : 0;
            doubled += pfn > 0 && list[pfn] == list[pfn - 1] ? 1ul : 0;
        }

        Check.Equal("entries out of range", 0, bad);
        Check.Equal("neighbours with one frame", 0, doubled);
    }

    static void MachineToPhysical()
    {
        ulong* list = (ulong*)Vcpu.Start->MfnList;
        ulong wrong = 0;
        for (ulong pfn = 0; pfn < Vcpu.Start->NrPages; pfn++)
        {
            wrong += Memory.PfnOfMfn(list[pfn]) != pfn ? 1ul : 0;
        }

        Check.Equal("frames whose entry is not their own pfn", 0, wrong);
        Check.Faulted("write", Probe.TryWrite(Layout.MachineToPhysical + list[0] * 8, 1), 14, 3);

        ulong* mapping = stackalloc ulong[3];
        Check.Ok("machphys_mapping", Hypercall.MemoryOp(12, mapping));
        Check.Value("v_start", mapping[0]);
        Check.Value("v_end", mapping[1]);
        Check.True("max_mfn covers this guest's frames", mapping[2] > list[0] && mapping[2] > list[Vcpu.Start->NrPages - 1]);
        Check.Equal("max_mfn is the machine's last frame", (ulong)Hypercall.MemoryOp(2, null) - 1, mapping[2]);
    }

    static void HypervisorHidden()
    {
        Check.True("read of the hypervisor's text", !Probe.TryRead(0xffff82d040200000, out _) && Trap.Last.Number == 14);
        Check.Equal("cr2", 0xffff82d040200000, Trap.LastCr2);
        Check.True("write", !Probe.TryWrite(0xffff82d040200000, 0) && Trap.Last.Number == 14);
        Check.True("jump", !Probe.RunAt(0xffff82d040200000) && Trap.Last.Number == 14);
    }
}
