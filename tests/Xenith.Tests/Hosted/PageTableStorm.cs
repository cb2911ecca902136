// A dom0 that does everything wrong with a handful of its own pages: maps them here and there, writes page-table entries into them, makes
// them page tables of every level, links them into its live tables, takes everything back in any order, and flushes when it
// feels like it. Whatever it does, three things must hold after every hypercall; they are checked in Check.

using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;
using Xenith.Machine.Simulation;

namespace Xenith.Tests.Hosted;

internal sealed class PageTableStorm(HostedHypervisor hypervisor, int seed)
{
    private const int Slots = 16, LinkedTables = 4;
    private const ulong Arguments = TestKernel.VirtualStart + 0x3000;

    /// <summary>Virtual addresses that the storm may remap: pages of dom0's boot-time mapping that nothing lies in.</summary>
    private const ulong FirstSlot = TestKernel.VirtualBase + 0x1_0000;

    private readonly Random _random = new(seed);
    private readonly IReadOnlyList<SimulatedCpu> _cpus = hypervisor.Machine.Cpus;
    private readonly List<Mfn> _pool = [];
    private Mfn _upper;
    private ulong _linkedBase;

    /// <summary>Hypercalls that did what they were asked, by name: a storm of refusals tests nothing.</summary>
    public Dictionary<string, int> Successes { get; } = [];

    /// <summary>Makes the storm blow for some steps.</summary>
    public void Run(int steps)
    {
        for (ulong i = 0; i < Slots; i++)
            _pool.Add(hypervisor.FrameOf(0x10 + i));
        _upper = TableOf(FirstSlot, 2);
        _linkedBase = FirstUnusedPart();
        foreach (SimulatedCpu other in _cpus.Skip(1))
        {
            // Another vCPU of the guest in the same address space. What it does is touch memory: the hypervisor sees it only when it asks the CPU to flush.
            other.WriteCr3(hypervisor.Cpu.Cr3);
            Vcpu loaded = hypervisor.Host.Domains.Find(0)!.FindVcpu(other.Id)!;
            loaded.Scheduling.LoadedOn = (int)other.Id;
            hypervisor.Host.Pcpus.Find(other.Id)!.Loaded = loaded;
        }

        for (int step = 0; step < steps; step++)
        {
            string action = Act();
            Check($"seed {seed}, step {step}: {action}");
        }
    }

    private string Act() => _random.Next(12) switch
    {
        0 or 1 => Remap(),
        2 => UpdateEntry(),
        3 => Pin(),
        4 => LinkTable(),
        5 or 6 => Write(),
        7 or 8 => Touch(),
        9 => Protect(),
        10 => Release(),
        _ => Flush(),
    };

    private string Remap()
    {
        ulong address = FirstSlot + (ulong)_random.Next(Slots) * AddressSpace.PageSize;
        var entry = RandomEntry();
        UpdateVaMappingFlags flush = _random.Next(3) == 0 ? (UpdateVaMappingFlags)_random.Next(3) : UpdateVaMappingFlags.None;
        return Call("update_va_mapping", HypercallNumber.UpdateVaMapping, address, entry.Bits, (ulong)flush);
    }

    private string UpdateEntry()
    {
        ulong at = Any().Address + (ulong)_random.Next(4) * 8;
        hypervisor.Write(Arguments, new MmuUpdate { Ptr = at | (uint)_random.Next(4), Val = RandomEntry().Bits });
        return Call("mmu_update", HypercallNumber.MmuUpdate, Arguments, 1, 0, DomainIds.Self);
    }

    private string Pin()
    {
        var command = (MmuExtCommand)_random.Next((int)MmuExtCommand.UnpinTable + 1);
        if (_random.Next(3) == 0)
            command = _random.Next(2) == 0 ? MmuExtCommand.PinL1Table : MmuExtCommand.UnpinTable;
        hypervisor.Write(Arguments, new MmuExtOp { Cmd = (uint)command, Mfn = Any().Value });
        return Call(command.ToString(), HypercallNumber.MmuExtOp, Arguments, 1, 0, DomainIds.Self);
    }

    private string LinkTable()
    {
        ulong address = _linkedBase + ((ulong)_random.Next(LinkedTables) << 21);
        ulong at = _upper.Address + (ulong)AddressSpace.TableIndex(address, 2) * 8;
        PageTableEntry entry = _random.Next(3) == 0 ? default : new PageTableEntry(Any(), 7);
        hypervisor.Write(Arguments, new MmuUpdate { Ptr = at, Val = entry.Bits });
        return Call("link", HypercallNumber.MmuUpdate, Arguments, 1, 0, DomainIds.Self);
    }

    /// <summary>Takes every writable mapping of a page away without a flush, and makes it a page table at once.</summary>
    private string Protect()
    {
        Mfn frame = Any();
        for (ulong slot = 0; slot < Slots; slot++)
        {
            ulong address = FirstSlot + slot * AddressSpace.PageSize;
            PageTableEntry entry = PageTableView.At(TableOf(FirstSlot, 1))[AddressSpace.TableIndex(address, 1)];
            if (!entry.IsPresent || entry.Frame != frame || !entry.IsWritable)
                continue;
            for (ulong word = 0; word < 4; word++)
                AnyCpu().TryWriteAsUser(address + word * 8, 0UL);
            hypervisor.Call(HypercallNumber.UpdateVaMapping, address, entry.Without(PageFlags.Writable).Bits);
        }

        hypervisor.Write(Arguments, new MmuExtOp { Cmd = (uint)MmuExtCommand.PinL1Table, Mfn = frame.Value });
        return Call("protect", HypercallNumber.MmuExtOp, Arguments, 1, 0, DomainIds.Self);
    }

    /// <summary>Takes a page table out of use everywhere without a flush, and maps it writable at once.</summary>
    private string Release()
    {
        Mfn frame = Any();
        for (ulong part = 0; part < LinkedTables; part++)
        {
            ulong address = _linkedBase + (part << 21);
            int index = AddressSpace.TableIndex(address, 2);
            if (PageTableView.At(_upper)[index].Frame != frame)
                continue;
            AnyCpu().TryReadAsUser(address, out ulong _);
            hypervisor.Write(Arguments, new MmuUpdate { Ptr = _upper.Address + (ulong)index * 8 });
            hypervisor.Call(HypercallNumber.MmuUpdate, Arguments, 1, 0, DomainIds.Self);
        }

        hypervisor.Write(Arguments, new MmuExtOp { Cmd = (uint)MmuExtCommand.UnpinTable, Mfn = frame.Value });
        hypervisor.Call(HypercallNumber.MmuExtOp, Arguments, 1, 0, DomainIds.Self);
        return Call("release", HypercallNumber.UpdateVaMapping, FirstSlot + (ulong)_random.Next(Slots) * AddressSpace.PageSize, new PageTableEntry(frame, 7).Bits);
    }

    /// <summary>A write that the page tables may allow or not.</summary>
    private string Write()
    {
        ulong address = AnyAddress() + (ulong)_random.Next(4) * 8;
        ulong value = _random.Next(3) == 0 ? 0 : RandomEntry().Bits;
        if (AnyCpu().TryWriteAsUser(address, value))
            Count("write");
        return $"write 0x{value:x} to 0x{address:x}";
    }

    private string Touch()
    {
        ulong address = AnyAddress();
        if (AnyCpu().TryReadAsUser(address, out ulong _))
            Count("read");
        return $"read 0x{address:x}";
    }

    private string Flush()
    {
        var command = _random.Next(2) == 0 ? MmuExtCommand.TlbFlushLocal : MmuExtCommand.InvlpgLocal;
        hypervisor.Write(Arguments, new MmuExtOp { Cmd = (uint)command, LinearAddr = AnyAddress() });
        return Call(command.ToString(), HypercallNumber.MmuExtOp, Arguments, 1, 0, DomainIds.Self);
    }

    private string Call(string name, HypercallNumber number, ulong a1, ulong a2, ulong a3 = 0, ulong a4 = 0)
    {
        long result = hypervisor.Call(number, a1, a2, a3, a4);
        if (result == 0)
            Count(name);
        return $"{name} = {result}";
    }

    private void Count(string name) => Successes[name] = Successes.GetValueOrDefault(name) + 1;

    private SimulatedCpu AnyCpu() => _cpus[_random.Next(_cpus.Count)];

    private Mfn Any() => _pool[_random.Next(_pool.Count)];

    private ulong AnyAddress() => _random.Next(2) == 0
        ? FirstSlot + (ulong)_random.Next(Slots) * AddressSpace.PageSize
        : _linkedBase + ((ulong)_random.Next(LinkedTables) << 21) + (ulong)_random.Next(4) * AddressSpace.PageSize;

    private PageTableEntry RandomEntry() => _random.Next(8) switch
    {
        0 => default,
        1 or 2 => new PageTableEntry(Any(), PageFlags.Present | PageFlags.User),
        3 => new PageTableEntry(Any(), (ulong)_random.Next(256) | PageFlags.Present),
        4 => new PageTableEntry(new Mfn((ulong)_random.NextInt64(1L << 40)), PageFlags.Present | PageFlags.Writable | PageFlags.User),
        _ => new PageTableEntry(Any(), PageFlags.Present | PageFlags.Writable | PageFlags.User),
    };

    private Mfn TableOf(ulong address, int level)
    {
        Mfn table = new PageTableEntry(hypervisor.Cpu.Cr3).Frame;
        for (int at = 4; at > level; at--)
            table = PageTableView.At(table)[AddressSpace.TableIndex(address, at)].Frame;
        return table;
    }

    /// <summary>The first part of the address space below the same L2 table that has no L1 tables yet.</summary>
    private ulong FirstUnusedPart()
    {
        ulong address = TestKernel.VirtualBase;
        while (PageTableView.At(_upper)[AddressSpace.TableIndex(address, 2)].IsPresent)
            address += 2UL << 20;
        return address;
    }

    private void Check(string what)
    {
        MachineMemory memory = hypervisor.Host.Memory;
        foreach (SimulatedCpu cpu in _cpus)
            CheckTranslations(memory, cpu, what);
        foreach (Mfn frame in _pool)
            CheckTable(memory, frame, what);
    }

    private static void CheckTranslations(MachineMemory memory, SimulatedCpu cpu, string what)
    {
        foreach ((ulong page, Translation translation) in cpu.Tlb.Pages)
        {
            // No CPU may still be able to write what is a page table now.
            if (translation.Writable && translation.User && memory.Frames.Contains(translation.Frame) && IsTable(memory, translation.Frame))
                throw new BrokenPromise($"{what}: page 0x{page << 12:x} is writable through the TLB of CPU {cpu.Id}, and its frame {translation.Frame.Value:x} is a page table");
        }

        foreach (((int level, ulong _), TableReference reference) in cpu.Tlb.Tables)
        {
            // No CPU may still walk what the guest can write now.
            if (memory.Frames.Contains(reference.Table) && TypeOf(memory, reference.Table) == PageType.Writable)
                throw new BrokenPromise($"{what}: CPU {cpu.Id} walks frame {reference.Table.Value:x} as a level {level} table, and the guest can write it");
        }
    }

    /// <summary>A table that is in force maps nothing writable that is a table, and nothing that is not the guest's.</summary>
    private void CheckTable(MachineMemory memory, Mfn frame, string what)
    {
        if (!IsTable(memory, frame))
            return;
        PageTableView table = PageTableView.At(frame);
        for (int i = 0; i < 512; i++)
        {
            PageTableEntry entry = table[i];
            if (!entry.IsPresent || (TypeOf(memory, frame) == PageType.L4 && i is >= AddressSpace.FirstHypervisorSlot and < AddressSpace.EndHypervisorSlot))
                continue;
            bool isLeaf = TypeOf(memory, frame) == PageType.L1;
            if (!memory.Frames.Contains(entry.Frame))
            {
                // A device: dom0 may map those, but no address that the CPU does not have.
                if (!isLeaf || entry.Frame.Value >> (hypervisor.Machine.PhysicalAddressBits - AddressSpace.PageShift) != 0)
                    throw new BrokenPromise($"{what}: entry {i} of table {frame.Value:x} points nowhere: {entry.Bits:x}");
                continue;
            }

            if (isLeaf && entry.IsWritable && TypeOf(memory, entry.Frame) != PageType.Writable)
                throw new BrokenPromise($"{what}: entry {i} of table {frame.Value:x} maps frame {entry.Frame.Value:x} writable, which is {TypeOf(memory, entry.Frame)}");
            // A table may map itself, for reading: Linux and BSD once found their page tables that way.
            bool isItself = entry.Frame == frame && !entry.IsWritable;
            if (!isLeaf && !isItself && TypeOf(memory, entry.Frame) != TypeOf(memory, frame) - 1)
                throw new BrokenPromise($"{what}: entry {i} of table {frame.Value:x} links frame {entry.Frame.Value:x}, which is {TypeOf(memory, entry.Frame)}");
        }
    }

    private static bool IsTable(MachineMemory memory, Mfn frame) => TypeBits.IsTable(TypeOf(memory, frame));

    /// <summary>The type that is in force, or none.</summary>
    private static PageType TypeOf(MachineMemory memory, Mfn frame)
    {
        ulong bits = memory.Frames[frame].Type;
        return TypeBits.ReferencesOf(bits) != 0 ? TypeBits.TypeOf(bits) : PageType.None;
    }
}

/// <summary>Something that must hold whatever a guest does did not.</summary>
internal sealed class BrokenPromise(string what) : Exception(what);
