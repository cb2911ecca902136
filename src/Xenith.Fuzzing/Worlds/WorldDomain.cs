// A domain of the world: made as a toolstack would make one, with page tables over a small arena, trap handlers, and a grant table that it has mapped.

using System;
using Xenith.Fuzzing.Calls;
using Xenith.Hypervisor;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;

namespace Xenith.Fuzzing.Worlds;

/// <summary>A domain, its frames by slot and its vCPUs.</summary>
internal sealed class WorldDomain
{
    /// <summary>Where the arena of every domain begins.</summary>
    public const ulong Base = 0xffff_ffff_8000_0000;

    /// <summary>Pages that a domain may have: a few more than it starts with.</summary>
    private const ulong MostPages = 40;

    private const ulong Page = PageFlags.Present | PageFlags.Writable, Table = PageFlags.Present | PageFlags.Writable | PageFlags.User;

    private readonly Mfn[] _slots = new Mfn[FuzzArena.AllSlots];
    private int _learned;

    public WorldDomain(Host host, ushort id, uint vcpus)
    {
        Check(DomainLife.Create(host, id, id == 0, vcpus, out Domain? made));
        Domain = made!;
        Handle = Domain.Handle;
        Domain.Pages.MaxPages = MostPages;
        if (id == 0 && !Domain.Pv.Ports.AllowAllButOwn(host))
            throw new InvalidOperationException("no memory for dom0's ports");
        for (int slot = 0; slot < FuzzArena.Slots; slot++)
        {
            if (!Domain.Pages.TryAllocate(0, AllocationFlags.Zeroed, out _slots[slot]))
                throw new InvalidOperationException("no memory for a domain");
            host.Memory.M2P.Set(_slots[slot], (ulong)slot);
        }
        for (int slot = FuzzArena.Slots; slot < FuzzArena.AllSlots; slot++)
            _slots[slot] = _slots[FuzzArena.FirstData];
        Check(Domain.Grants.Grow(1));
        BuildTables();
        WriteCode();
        for (uint i = 0; i < vcpus; i++)
        {
            Check(DomainLife.AddVcpu(host, Domain, i, out Vcpu? vcpu));
            Prepare(vcpu!, i == 0);
        }
    }

    public Domain Domain { get; }

    public DomainHandle Handle { get; }

    /// <summary>Frame of a slot. A frame that was given back keeps its slot: that is how a guest comes to name one that is another's.</summary>
    public Mfn FrameOf(int slot) => _slots[slot % FuzzArena.AllSlots];

    /// <summary>Notes the number of a frame that the domain was given.</summary>
    public void Learn(Mfn frame) => _slots[FuzzArena.Slots + _learned++ % (FuzzArena.AllSlots - FuzzArena.Slots)] = frame;

    /// <summary>Address of a page of the arena.</summary>
    public static ulong AddressOf(int page) => unchecked(Base + (ulong)page * AddressSpace.PageSize);

    private void BuildTables()
    {
        PageTableView l1 = PageTableView.At(_slots[FuzzArena.L1]);
        for (int page = 0; page < FuzzArena.Slots; page++)
            l1.Write(page, new PageTableEntry(_slots[page], page <= FuzzArena.L1 ? PageFlags.Present : Page));
        l1.Write(FuzzArena.SharedInfo, new PageTableEntry(Domain.SharedInfoFrame, Page));
        l1.Write(FuzzArena.GrantTable, new PageTableEntry(Domain.Grants.FrameAt(0), Page));
        Link(FuzzArena.L2, 2, FuzzArena.L1);
        Link(FuzzArena.L3, 3, FuzzArena.L2);
        Link(FuzzArena.Root, 4, FuzzArena.L3);
        Link(FuzzArena.UserRoot, 4, FuzzArena.L3);
    }

    private void Link(int table, int level, int lower) =>
        PageTableView.At(_slots[table]).Write(AddressSpace.TableIndex(Base, level), new PageTableEntry(_slots[lower], Table));

    private void WriteCode()
    {
        Frame code = Frame.At(_slots[FuzzArena.Code]);
        ReadOnlySpan<byte> bytes = FuzzInstructions.Bytes;
        for (int i = 0; i < bytes.Length; i++)
            code.Write(i, bytes[i]);
        code.Write(FuzzArena.Syscall, (ushort)0x050f);
    }

    private void Prepare(Vcpu vcpu, bool first)
    {
        if (first)
            Check(MmuOperations.PinInitialRoot(vcpu, _slots[FuzzArena.Root]));
        else
            Check(MmuOperations.SetKernelRoot(vcpu, _slots[FuzzArena.Root]));
        for (int vector = 0; vector < 256; vector++)
            vcpu.Pv.Traps[vector] = new TrapGate { Address = AddressOf(FuzzArena.Code) + FuzzArena.Handler, Cs = Selectors.Ring3Code64, Flags = 3 };
        vcpu.Pv.SyscallCallback = AddressOf(FuzzArena.Code) + FuzzArena.Handler;
        vcpu.Pv.KernelSp = AddressOf(FuzzArena.Stack) + FuzzArena.StackTop;
        vcpu.Pv.KernelSs = Selectors.Ring3Data;
        vcpu.Registers.Cs = Selectors.Ring3Code64;
        vcpu.Registers.Ss = Selectors.Ring3Data;
        vcpu.Registers.Rflags = Rflags.Interrupt | Rflags.AlwaysOne;
        vcpu.Registers.Rip = AddressOf(FuzzArena.Code);
        vcpu.Registers.Rsp = vcpu.Pv.KernelSp;
        vcpu.IsInitialised = true;
        // Not before the world lets it run.
        vcpu.Scheduling.Pause();
        vcpu.Scheduling.Up();
    }

    private static void Check(XenError error)
    {
        if (error != XenError.None)
            throw new InvalidOperationException($"a domain cannot be made: {error}");
    }
}
