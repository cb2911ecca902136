using System;
using System.Threading;
using Xenith.Abi;
using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;

namespace Xenith.Hypervisor.Domains;

/// <summary>
/// Domains that are made to be ended by a trap of ours, on the machine itself: each has one vCPU that makes one call, in which the hypervisor traps at a point of its choice
/// (<see cref="FaultInjection.Point"/>). dom0 asks for them one after the other. When one is gone, all references to all frames are counted anew and compared with what they were before, and so is the
/// number of free frames. Compiled in where <see cref="FaultInjection"/> is.
/// </summary>
internal static class FaultVictims
{
    /// <summary>The id that each of them has.</summary>
    internal const ushort Id = 600;

    private const ulong Base = 0xffff_ffff_8000_0000;

    // Pages of the domain, in the order of their addresses; then frames that it has not mapped.
    private const int Arguments = 0, Code = 1, Stack = 2, Data = 3, Descriptors = 6, MappedPages = 7, EmptySlot = 64;
    private const int Root = 7, L3 = 8, L2 = 9, L1 = 10, Spare = 11, ZeroL3 = 12, ZeroL2 = 13, ZeroL1 = 14, AllFrames = 15;

    /// <summary>The family that maps a page at address 0 and asks for a null reference: where the CPU has SMAP, which stops it.</summary>
    private const ulong NullFamily = 24;

    /// <summary>The grant that a domain makes to itself.</summary>
    private const uint Reference = 8;

    private const ulong Writable = PageFlags.Present | PageFlags.Writable | PageFlags.User, ReadOnly = PageFlags.Present | PageFlags.User;

    /// <summary>What is remembered meanwhile, in the memory of who asked.</summary>
    internal struct Progress
    {
        internal ulong Family, Point, Free, General, Types, IsCrashed;
    }

    /// <summary>Makes the domain and lets it run. <see cref="XenError.NotImplemented"/> if there is no family of that number.</summary>
    internal static XenError Begin(ulong family, ulong point, ulong progressAddress)
    {
        Host host = Host.Current;
        if (NameOf(family).Length == 0)
            return XenError.NotImplemented;
        Progress progress = new() { Family = family, Point = point, Free = host.Memory.Allocator.FreeFrames };
        CountReferences(host.Memory.Frames, out progress.General, out progress.Types);
        if (!GuestMemory.TryWrite(progressAddress, progress))
            return XenError.BadAddress;
        XenError error = DomainLife.Create(host, Id, false, 1, out Domain? made);
        if (error != XenError.None || made is not Domain domain)
            return error;
        error = DomainLife.AddVcpu(host, domain, 0, out Vcpu? first);
        if (error != XenError.None || first is not Vcpu vcpu)
            return error;
        // On the last CPU: dom0 is on the first.
        vcpu.Scheduling.SetAffinity(CpuSet.Of((uint)host.Pcpus.Online.Count - 1), CpuSet.All);
        domain.Pages.MaxPages = 32;
        Span<Mfn> frames = stackalloc Mfn[AllFrames];
        for (int i = 0; i < AllFrames; i++)
        {
            if (!domain.Pages.TryAllocate(0, AllocationFlags.Zeroed, out frames[i]))
                return XenError.NoMemory;
        }
        BuildTables(frames);
        if (family == NullFamily)
            MapZero(frames);
        if (family is 22 or 23)
        {
            error = Lend(domain, frames[Spare]);
            if (error != XenError.None)
                return error;
        }
        Program program = new(Frame.At(frames[Code]), Frame.At(frames[Arguments]));
        // A null reference traps by itself.
        program.Call(FaultInjection.Arm, family == NullFamily ? 0 : point);
        Write(ref program, family, frames);
        // sched_op shutdown, power off: the argument is a word of zeros.
        program.Call((ulong)HypercallNumber.SchedOp, (ulong)SchedOp.Shutdown, Page(Arguments) + 0x800);
        program.Loop();
        error = MmuOperations.PinInitialRoot(vcpu, frames[Root]);
        if (error != XenError.None)
            return error;
        vcpu.Pv.KernelSp = Page(Stack) + AddressSpace.PageSize;
        vcpu.Pv.KernelSs = Selectors.Ring3Data;
        ref GuestFrame registers = ref vcpu.Registers;
        (registers.Rip, registers.Rsp, registers.Rflags) = (Page(Code), vcpu.Pv.KernelSp, Rflags.Interrupt | Rflags.AlwaysOne);
        (registers.Cs, registers.Ss) = (Selectors.Ring3Code64, Selectors.Ring3Data);
        vcpu.IsInitialised = true;
        vcpu.Scheduling.Up();
        return XenError.None;
    }

    /// <summary>1 as long as the domain is there: it is destroyed once it has ended. Then 2 if a trap at a point ended it, 0 if there are no more points, or an error if something is not as it was before.</summary>
    internal static long Poll(ulong progressAddress)
    {
        Host host = Host.Current;
        if (!GuestMemory.TryRead(progressAddress, out Progress progress))
            return XenError.BadAddress.ToResult();
        if (host.Domains.Find(Id) is Domain domain)
        {
            if (!domain.IsShutDown)
                return 1;
            if (domain.IsSuspect)
                progress.IsCrashed = 1;
            StepBudget budget = StepBudget.ForCaller();
            DomainLife.Destroy(domain, ref budget);
            return GuestMemory.TryWrite(progressAddress, progress) ? 1 : XenError.BadAddress.ToResult();
        }
        if (host.Reaper.IsBusy)
            return 1;
        ulong references = CountReferences(host.Memory.Frames, out ulong general, out ulong types);
        long lost = unchecked((long)(progress.Free - host.Memory.Allocator.FreeFrames));
        bool right = general == progress.General && types == progress.Types && lost == 0;
        string how = progress.IsCrashed != 0 ? "trapped" : "not trapped";
        string books = right ? "as before" : "WRONG";
        host.Log.Always($"Fault test: {NameOf(progress.Family)}, point {progress.Point}: {how}; {references} references counted anew: {books}; {lost} frames lost");
        return !right ? XenError.Invalid.ToResult() : progress.IsCrashed != 0 && progress.Family != NullFamily ? 2 : 0;
    }

    /// <summary>
    /// Adds up, over all frames, how far their counts differ from the references that there are: entries of page tables in force, pins, owners. Each frame has a weight of its own, so sums are equal only if
    /// every frame's are. What else holds references (roots, descriptor tables, pages shared with the hypervisor) does not change while dom0 waits. Returns how many were counted.
    /// </summary>
    private static ulong CountReferences(FrameTable frames, out ulong general, out ulong types)
    {
        general = types = 0;
        ulong counted = 0;
        for (ulong at = 1; at < frames.Count; at++)
        {
            Mfn frame = new(at);
            ref FrameInfo info = ref frames[frame];
            ulong count = Volatile.Read(ref info.Count), bits = Volatile.Read(ref info.Type);
            if ((count & FrameBits.Free) != 0 || info.Owner == 0 || info.Owner == FrameBits.IoOwner)
                continue;
            unchecked
            {
                ulong own = ((count & FrameBits.Allocated) != 0 ? 1UL : 0) + (TypeBits.IsInForce(bits) ? 1UL : 0);
                ulong pin = (bits & TypeBits.Pinned) != 0 ? 1UL : 0;
                general += Weight(frame) * ((uint)count - own);
                types += Weight(frame) * (TypeBits.ReferencesOf(bits) - pin);
                counted += own + pin;
            }
            if (TypeBits.IsTable(TypeBits.TypeOf(bits)) && TypeBits.IsInForce(bits))
                counted += CountEntries(frames, frame, (int)TypeBits.TypeOf(bits), TypeBits.ReferencesOf(bits) != 0 ? 512 : TypeBits.EntriesOf(bits), ref general, ref types);
        }
        return counted;
    }

    private static ulong CountEntries(FrameTable frames, Mfn table, int level, int end, ref ulong general, ref ulong types)
    {
        ulong counted = 0;
        PageTableView view = PageTableView.At(table);
        for (int index = 0; index < end; index++)
        {
            PageTableEntry entry = view[index];
            if (!entry.IsPresent || (level == 4 && EntryRules.IsHypervisorSlot(index)) || !frames.Contains(entry.Frame) || frames[entry.Frame].Owner == FrameBits.IoOwner
                || (level != 1 && entry.Frame == table))
                continue;
            counted++;
            unchecked
            {
                if (level != 1 || entry.IsWritable)
                    types -= Weight(entry.Frame);
                else
                    general -= Weight(entry.Frame);
            }
        }
        return counted;
    }

    private static ulong Weight(Mfn frame)
    {
        unchecked
        {
            ulong weight = (frame.Value + 1) * 0x9e37_79b9_7f4a_7c15;
            return (weight ^ weight >> 29) * 0xbf58_476d_1ce4_e5b9 | 1;
        }
    }

    private static ulong Page(int number) => Base + (ulong)number * AddressSpace.PageSize;

    private static void BuildTables(ReadOnlySpan<Mfn> frames)
    {
        PageTableView l1 = PageTableView.At(frames[L1]);
        for (int i = 0; i < MappedPages; i++)
            l1.Write(i, new PageTableEntry(frames[i], i == Descriptors ? ReadOnly : Writable));
        l1.Write(MappedPages, new PageTableEntry(frames[L1], ReadOnly));
        PageTableView.At(frames[Root]).Write(AddressSpace.TableIndex(Base, 4), new PageTableEntry(frames[L3], Writable));
        PageTableView.At(frames[L3]).Write(AddressSpace.TableIndex(Base, 3), new PageTableEntry(frames[L2], Writable));
        PageTableView.At(frames[L2]).Write(AddressSpace.TableIndex(Base, 2), new PageTableEntry(frames[L1], Writable));
    }

    /// <summary>A page of the domain's at address 0, that it may write.</summary>
    private static void MapZero(ReadOnlySpan<Mfn> frames)
    {
        PageTableView.At(frames[Root]).Write(0, new PageTableEntry(frames[ZeroL3], Writable));
        PageTableView.At(frames[ZeroL3]).Write(0, new PageTableEntry(frames[ZeroL2], Writable));
        PageTableView.At(frames[ZeroL2]).Write(0, new PageTableEntry(frames[ZeroL1], Writable));
        PageTableView.At(frames[ZeroL1]).Write(0, new PageTableEntry(frames[Data], Writable));
    }

    /// <summary>A grant of the domain's to itself: its entry <see cref="Reference"/> lets it use the frame.</summary>
    private static XenError Lend(Domain domain, Mfn frame)
    {
        XenError error = domain.Grants.Grow(1);
        if (error != XenError.None)
            return error;
        SharedArea entries = SharedArea.Page(domain.Grants.FrameAt(0));
        entries.Store32(Reference * 8 + 4, (uint)frame.Value);
        entries.Store32(Reference * 8, (uint)GrantEntryFlags.PermitAccess | (uint)Id << 16);
        return XenError.None;
    }

    /// <summary>What the families are called; empty for none.</summary>
    private static string NameOf(ulong family) => family switch
    {
        0 => "set_trap_table",
        1 => "mmu_update",
        2 => "set_gdt",
        3 => "stack_switch",
        4 => "set_callbacks",
        5 => "update_descriptor",
        6 => "memory_op: decrease_reservation",
        7 => "memory_op: increase_reservation",
        8 => "multicall",
        9 => "update_va_mapping",
        10 => "xen_version",
        11 => "console_io",
        12 => "grant_table_op: setup_table",
        13 => "vm_assist",
        14 => "vcpu_op: set_singleshot_timer",
        15 => "mmuext_op: pin",
        16 => "sched_op: watchdog",
        17 => "callback_op",
        18 => "event_channel_op: alloc_unbound",
        19 => "physdev_op: set_iopl",
        20 => "an emulated instruction",
        21 => "a store into a page table",
        22 => "grant_table_op: map and unmap",
        23 => "grant_table_op: copy",
        NullFamily when (Cpu.ReadCr4() & Cr4.Smap) != 0 => "a null reference with page 0 mapped",
        _ => "",
    };

    /// <summary>The call, and the structure that it takes.</summary>
    private static void Write(ref Program program, ulong family, scoped ReadOnlySpan<Mfn> frames)
    {
        ulong arguments = Page(Arguments), map = new PageTableEntry(frames[Spare], Writable).Bits;
        switch (family)
        {
            case 0:
                program.Call((ulong)HypercallNumber.SetTrapTable, arguments);
                break;
            case 1:
                program.Put(0, frames[L1].Address + EmptySlot * 8);
                program.Put(8, map);
                program.Call((ulong)HypercallNumber.MmuUpdate, arguments, 1, 0, DomainIds.Self);
                break;
            case 2:
                program.Put(0, frames[Descriptors].Value);
                program.Call((ulong)HypercallNumber.SetGdt, arguments, 16);
                break;
            case 3:
                program.Call((ulong)HypercallNumber.StackSwitch, Selectors.Ring3Data, Page(Stack) + 0x800);
                break;
            case 4:
                program.Call((ulong)HypercallNumber.SetCallbacks, Page(Code), Page(Code), Page(Code));
                break;
            case 5:
                program.Call((ulong)HypercallNumber.UpdateDescriptor, frames[Spare].Address + 8, 0x00cf_fb00_0000_ffff);
                break;
            case 6:
            case 7:
                program.Put(0, arguments + 0x100);
                program.Put(8, 1);
                program.Put(16, 0);
                program.Put(24, DomainIds.Self);
                program.Put(0x100, frames[Spare].Value);
                program.Call((ulong)HypercallNumber.MemoryOp, (ulong)(family == 6 ? MemoryOp.DecreaseReservation : MemoryOp.IncreaseReservation), arguments);
                break;
            case 8:
                program.Put(0, (ulong)HypercallNumber.UpdateVaMapping);
                program.Put(16, Page(EmptySlot));
                program.Put(24, map);
                program.Call((ulong)HypercallNumber.Multicall, arguments, 1);
                break;
            case 9:
                program.Call((ulong)HypercallNumber.UpdateVaMapping, Page(EmptySlot), map, 2);
                break;
            case 10:
                program.Call((ulong)HypercallNumber.XenVersion, (ulong)XenVersionOp.GetFeatures, arguments);
                break;
            case 11:
                program.Put(0, 0x0a_65_72_65_68);
                program.Call((ulong)HypercallNumber.ConsoleIo, 0, 5, arguments);
                break;
            case 12:
                program.Put(0, DomainIds.Self | 1UL << 32);
                program.Put(16, arguments + 0x100);
                program.Call((ulong)HypercallNumber.GrantTableOp, (ulong)GrantTableOp.SetupTable, arguments, 1);
                break;
            case 13:
                program.Call((ulong)HypercallNumber.VmAssist, 0, (ulong)VmAssistType.WritablePageTables);
                break;
            case 14:
                program.Put(0, ulong.MaxValue >> 2);
                program.Call((ulong)HypercallNumber.VcpuOp, (ulong)VcpuOp.SetSingleshotTimer, 0, arguments);
                break;
            case 15:
                program.Put(0, (ulong)MmuExtCommand.PinL1Table);
                program.Put(8, frames[Spare].Value);
                program.Call((ulong)HypercallNumber.MmuExtOp, arguments, 1, 0, DomainIds.Self);
                break;
            case 16:
                program.Put(0, 30UL << 32);
                program.Call((ulong)HypercallNumber.SchedOp, (ulong)SchedOp.Watchdog, arguments);
                break;
            case 17:
                program.Put(0, (ulong)CallbackType.Event);
                program.Put(8, Page(Code));
                program.Call((ulong)HypercallNumber.CallbackOp, (ulong)CallbackOp.Register, arguments);
                break;
            case 18:
                program.Put(0, DomainIds.Self);
                program.Call((ulong)HypercallNumber.EventChannelOp, (ulong)EventChannelOp.AllocUnbound, arguments);
                break;
            case 19:
                program.Put(0, 1);
                program.Call((ulong)HypercallNumber.PhysdevOp, (ulong)PhysdevOp.SetIopl, arguments);
                break;
            case 20:
                // MOV RAX, CR3.
                program.Bytes([0x0f, 0x20, 0xd8]);
                break;
            case 21:
                // The assist makes L1 tables writable; MOV [RDI], RAX.
                program.Call((ulong)HypercallNumber.VmAssist, 0, (ulong)VmAssistType.WritablePageTables);
                program.Load(0xb8, map);
                program.Load(0xbf, Page(MappedPages) + EmptySlot * 8);
                program.Bytes([0x48, 0x89, 0x07]);
                break;
            case 22:
                // The first handle that a domain gets is 0.
                program.Put(0, Page(EmptySlot));
                program.Put(8, (uint)GrantMapFlags.HostMap | (ulong)Reference << 32);
                program.Put(16, Id);
                program.Call((ulong)HypercallNumber.GrantTableOp, (ulong)GrantTableOp.MapGrantRef, arguments, 1);
                program.Put(0x100, Page(EmptySlot));
                program.Call((ulong)HypercallNumber.GrantTableOp, (ulong)GrantTableOp.UnmapGrantRef, arguments + 0x100, 1);
                break;
            case 23:
                program.Put(0, Reference);
                program.Put(8, Id);
                program.Put(16, frames[Data].Value);
                program.Put(24, DomainIds.Self);
                program.Put(32, 64 | (ulong)GrantCopyFlags.SourceGref << 16);
                program.Call((ulong)HypercallNumber.GrantTableOp, (ulong)GrantTableOp.Copy, arguments, 1);
                break;
            case NullFamily:
                // The domain can write there itself: MOV RDI, 0; MOV [RDI], RDI.
                program.Load(0xbf, 0);
                program.Bytes([0x48, 0x89, 0x3f]);
                program.Call(FaultInjection.Null);
                break;
        }
    }

    /// <summary>Writes the domain's instructions and arguments (SDM volume 2: MOV r64, imm64 is REX.W B8+r).</summary>
    private ref struct Program
    {
        private readonly Frame _code;
        private readonly Frame _arguments;
        private int _at;

        internal Program(Frame code, Frame arguments)
        {
            _code = code;
            _arguments = arguments;
        }

        /// <summary>A word of the arguments.</summary>
        internal readonly void Put(int offset, ulong value) => _arguments.Write(offset, value);

        internal void Bytes(scoped ReadOnlySpan<byte> bytes)
        {
            for (int i = 0; i < bytes.Length; i++)
                _code.Write(_at++, bytes[i]);
        }

        /// <summary>Loads one of the first eight registers.</summary>
        internal void Load(byte opcode, ulong value)
        {
            Bytes([0x48, opcode]);
            Immediate(value);
        }

        /// <summary>A hypercall.</summary>
        internal void Call(ulong number, ulong a1 = 0, ulong a2 = 0, ulong a3 = 0, ulong a4 = 0)
        {
            Load(0xb8, number);
            Load(0xbf, a1);
            Load(0xbe, a2);
            Load(0xba, a3);
            Bytes([0x49, 0xba]);
            Immediate(a4);
            Bytes([0x0f, 0x05]);
        }

        /// <summary>Goes round in a circle.</summary>
        internal void Loop() => Bytes([0xeb, 0xfe]);

        private void Immediate(ulong value)
        {
            for (int i = 0; i < 64; i += 8)
                _code.Write(_at++, unchecked((byte)(value >> i)));
        }
    }
}
