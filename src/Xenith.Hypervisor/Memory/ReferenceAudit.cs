using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Grants;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;

namespace Xenith.Hypervisor.Memory;

/// <summary>
/// Counts the references to every frame anew, from nothing but what holds them: entries of page tables in force, roots, pins, descriptor tables, grants in use, pages shared with the hypervisor; and compares
/// with what the frame table says. A frame with two types, a page table that can be written and a reference too many or too few all show. It is asked for by <see cref="FaultInjection"/>, so it exists where
/// the bugs on demand do. Nobody else may run meanwhile: it takes no lock and looks at all memory in one go.
/// </summary>
internal ref struct ReferenceAudit
{
    /// <summary>Lines that are printed of what is wrong.</summary>
    private const uint MostLines = 10;

    private const uint FirstLdtSlot = 16, SlotsPerVcpu = 32;
    private const int TypesShift = 28, WantedShift = 56;
    private const ulong CountMask = (1UL << TypesShift) - 1;

    private readonly Host _host;
    private readonly FrameTable _frames;

    /// <summary>For each frame: general references in bits 0 to 27, those as a type in 28 to 55, and the type above.</summary>
    private readonly Table<ulong> _found;

    private uint _mistakes;

    private ReferenceAudit(Host host, Table<ulong> found)
    {
        _host = host;
        _frames = host.Memory.Frames;
        _found = found;
        for (ulong frame = 0; frame < found.Count; frame++)
            found[frame] = 0;
    }

    /// <summary>Counts, compares and prints what is wrong and how much that is. The number of mistakes, or all ones if there is no memory to count in.</summary>
    internal static uint Run(Host host)
    {
        ulong bytes = host.Memory.Frames.Count * sizeof(ulong);
        int order = 0;
        while ((ulong)AddressSpace.PageSize << order < bytes)
            order++;
        if (order > PageAllocator.MaxOrder || !host.Memory.Allocator.TryAllocate(order, AllocationFlags.None, out Mfn first))
        {
            host.Log.Always($"References: there is no memory to count in");
            return uint.MaxValue;
        }
        ReferenceAudit audit = new(host, Table<ulong>.Over(first.Address, host.Memory.Frames.Count));
        audit.Add();
        audit.Compare();
        host.Log.Always($"References: {host.Memory.Frames.Count} frames counted anew, {audit._mistakes} mistakes");
        host.Memory.Allocator.Free(first, order);
        return audit._mistakes;
    }

    private void Add()
    {
        for (ulong id = 0; id < _host.Domains.End; id++)
        {
            if (_host.Domains.Find(id) is Domain domain)
                AddDomain(domain);
        }
        for (ulong number = 0; number < _frames.Count; number++)
            AddFrame(new Mfn(number));
    }

    private void AddDomain(Domain domain)
    {
        foreach (Vcpu? vcpu in domain.Vcpus)
        {
            if (vcpu is not null)
                AddVcpu(vcpu);
        }
        if (!domain.Pirqs.EoiFrame.IsInvalid)
            AddType(domain.Pirqs.EoiFrame, PageType.Writable);
        for (uint reference = 0; domain.Grants.TryGetActive(reference, out ActiveGrant grant); reference++)
        {
            Mfn frame = new(grant.Frame);
            for (uint reader = 0; reader < grant.Readers; reader++)
                AddGeneral(frame);
            for (uint writer = 0; writer < grant.Writers; writer++)
                AddType(frame, PageType.Writable);
        }
    }

    private void AddVcpu(Vcpu vcpu)
    {
        PvVcpu pv = vcpu.Pv;
        if (!pv.KernelRoot.IsInvalid)
            AddType(pv.KernelRoot, PageType.L4);
        if (!pv.UserRoot.IsInvalid)
            AddType(pv.UserRoot, PageType.L4);
        if (!vcpu.InfoFrame.IsInvalid)
            AddType(vcpu.InfoFrame, PageType.Writable);
        for (uint page = 0; page * 512 < pv.GdtEntries; page++)
            AddType(new Mfn(pv.GdtFrames[(int)page]), PageType.SegmentDescriptors);
        PageTableView table = PageTableView.At(PageTableView.At(vcpu.Domain.Pv.PerDomainL2)[(int)(vcpu.Id / 16)].Frame);
        for (uint page = FirstLdtSlot; page < SlotsPerVcpu; page++)
        {
            PageTableEntry entry = table[(int)(vcpu.Id * SlotsPerVcpu + page & 511)];
            if (entry.IsPresent)
                AddType(entry.Frame, PageType.SegmentDescriptors);
        }
    }

    private void AddFrame(Mfn frame)
    {
        ref FrameInfo info = ref _frames[frame];
        if ((info.Count & FrameBits.Free) != 0)
            return;
        ulong bits = info.Type;
        PageType type = TypeBits.TypeOf(bits);
        if ((info.Count & FrameBits.Shared) != 0)
        {
            // The hypervisor's own use of what it shares.
            AddGeneral(frame);
            AddType(frame, type);
        }
        if (!TypeBits.IsTable(type) || !TypeBits.IsInForce(bits))
            return;
        if ((bits & TypeBits.Busy) != 0)
            Report($"References: frame {frame.Value:x} is busy while nobody works on it");
        if ((bits & TypeBits.Pinned) != 0)
            AddType(frame, type);
        AddEntries(frame, type, TypeBits.ReferencesOf(bits) != 0 ? 512 : TypeBits.EntriesOf(bits));
    }

    private void AddEntries(Mfn table, PageType type, int end)
    {
        PageTableView entries = PageTableView.At(table);
        for (int index = 0; index < end; index++)
        {
            PageTableEntry entry = entries[index];
            if (!entry.IsPresent || (type == PageType.L4 && EntryRules.IsHypervisorSlot(index)))
                continue;
            Mfn frame = entry.Frame;
            bool isMemory = _frames.Contains(frame) && _frames[frame].Owner != FrameBits.IoOwner;
            if (type == PageType.L1)
            {
                if (!isMemory)
                    continue;
                if (entry.IsWritable)
                    AddType(frame, PageType.Writable);
                else
                    AddGeneral(frame);
            }
            else if (!isMemory || entry.IsLarge || _frames[frame].Owner != _frames[table].Owner)
                Report($"References: entry {index} of frame {table.Value:x} is no table of the domain's: {entry.Bits:x16}");
            else if (frame != table)
                AddType(frame, type - 1);
            else if (entry.IsWritable)
                Report($"References: frame {table.Value:x} maps itself writable");
        }
    }

    private readonly void AddGeneral(Mfn frame) => _found[frame.Value]++;

    private void AddType(Mfn frame, PageType type)
    {
        if (!_frames.Contains(frame))
        {
            Report($"References: frame {frame.Value:x} is used and does not exist");
            return;
        }
        ref ulong found = ref _found[frame.Value];
        if (found >> TypesShift == 0)
            found |= (ulong)type << WantedShift;
        else if ((PageType)(int)(found >> WantedShift) != type)
            Report($"References: frame {frame.Value:x} is used as type {(int)(found >> WantedShift)} and as type {(int)type}");
        found += 1UL << TypesShift;
    }

    private void Compare()
    {
        for (ulong number = 0; number < _frames.Count; number++)
        {
            ref FrameInfo info = ref _frames[new Mfn(number)];
            if (info.Owner == FrameBits.IoOwner)
                continue;
            ulong found = _found[number], general = found & CountMask, types = found >> TypesShift & CountMask;
            if ((info.Count & FrameBits.Free) != 0 || info.Owner == 0)
            {
                if (found != 0)
                    Report($"References: frame {number:x} is nobody's and has {types} references as type {(int)(found >> WantedShift)} and {general} others");
                continue;
            }
            if (types != TypeBits.ReferencesOf(info.Type) || (types != 0 && (PageType)(int)(found >> WantedShift) != TypeBits.TypeOf(info.Type)))
                Report($"References: frame {number:x} says type {info.Type:x16}, and {types} refer to it as type {(int)(found >> WantedShift)}");
            general += (TypeBits.IsInForce(info.Type) ? 1u : 0u) + ((info.Count & FrameBits.Allocated) != 0 ? 1u : 0u);
            if (general != unchecked((uint)info.Count) || general == 0)
                Report($"References: frame {number:x} says {info.Count:x16}, and has {general} references");
        }
    }

    private void Report(Console.LogText text)
    {
        if (_mistakes++ < MostLines)
            _host.Log.Always(text);
    }
}
