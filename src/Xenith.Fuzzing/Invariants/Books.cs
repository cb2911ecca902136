// The counts of all frames, recomputed from nothing but what holds references: the entries of page tables that are in force, roots, pins, descriptor tables, grants in use, pages shared with the
// hypervisor. Page tables are read from memory as the CPU would read them, so whatever way an entry came to stand there, it is found.

using System;
using Xenith.Hypervisor;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Grants;
using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;

namespace Xenith.Fuzzing.Invariants;

/// <summary>Compares the frame table with what it should say.</summary>
internal sealed class Books
{
    private const uint FirstLdtSlot = 16, SlotsPerVcpu = 32;

    /// <summary>Owners of frames: nobody, and domains by id plus one. A world has few.</summary>
    private const int Owners = 64;

    private readonly Host _host;
    private readonly FrameTable _frames;
    private readonly uint[] _general, _types;
    private readonly PageType[] _wanted;
    private readonly ulong[] _reachers;
    private readonly bool[] _listed;
    private readonly ulong _ownAtFirst;

    /// <summary>Books of a host without domains.</summary>
    public Books(Host host)
    {
        _host = host;
        _frames = host.Memory.Frames;
        int count = (int)_frames.Count;
        _general = new uint[count];
        _types = new uint[count];
        _wanted = new PageType[count];
        _reachers = new ulong[count];
        _listed = new bool[count];
        Count(out _ownAtFirst, out _);
        _ownAtFirst -= InPools();
    }

    /// <summary>The domains whose page tables or grants let them reach a frame, as bits by id; valid after <see cref="FindMistake"/>.</summary>
    public ulong ReachersOf(Mfn frame) => _reachers[(int)frame.Value];

    /// <summary>Says what is wrong, or null.</summary>
    public string? FindMistake()
    {
        Array.Clear(_general);
        Array.Clear(_types);
        Array.Clear(_wanted);
        Array.Clear(_reachers);
        Array.Clear(_listed);
        string? mistake = null;
        for (ulong id = 0; id < _host.Domains.End && mistake is null; id++)
        {
            if (_host.Domains.Find(id) is Domain domain)
                mistake = AddDomain(domain);
        }
        for (ulong frame = 0; frame < _frames.Count && mistake is null; frame++)
            mistake = AddFrame(new Mfn(frame));
        Span<ulong> shared = stackalloc ulong[Owners];
        shared.Clear();
        ulong own = 0, free = 0;
        for (ulong number = 0; number < _frames.Count && mistake is null; number++)
        {
            Mfn frame = new(number);
            mistake = Compare(frame);
            ref FrameInfo info = ref _frames[frame];
            CountOne(info, ref own, ref free);
            if ((info.Count & FrameBits.Counted) != 0 && info.Owner < Owners)
                shared[(int)info.Owner]++;
        }
        return mistake ?? CompareTotals(own, free, shared);
    }

    private string? AddDomain(Domain domain)
    {
        string? mistake = AddPages(domain);
        foreach (Vcpu? vcpu in domain.Vcpus)
        {
            if (vcpu is not null)
                mistake ??= AddVcpu(vcpu);
        }
        if (!Peek.EoiFrame(domain.Pirqs).IsInvalid)
            mistake ??= AddType(Peek.EoiFrame(domain.Pirqs), PageType.Writable);
        return mistake ?? AddGrants(domain);
    }

    private string? AddPages(Domain domain)
    {
        ulong count = 0;
        for (Mfn frame = domain.Pages.First; !frame.IsInvalid; frame = domain.Pages.After(frame))
        {
            ref FrameInfo info = ref _frames[frame];
            if (_listed[(int)frame.Value])
                return $"frame {frame.Value:x} is on a page list twice";
            if (info.Owner != FrameBits.OwnerOf(domain) || (info.Count & FrameBits.Listed) == 0)
                return $"frame {frame.Value:x} is on the list of domain {domain.Id} and says {info.Count:x16}";
            _listed[(int)frame.Value] = true;
            if (++count > _frames.Count)
                return $"the page list of domain {domain.Id} goes round in a circle";
        }
        return count != domain.Pages.TotalPages ? $"domain {domain.Id} has {count} pages and counts {domain.Pages.TotalPages}" : null;
    }

    private string? AddVcpu(Vcpu vcpu)
    {
        PvVcpu pv = vcpu.Pv;
        string? mistake = null;
        if (!pv.KernelRoot.IsInvalid)
            mistake = AddType(pv.KernelRoot, PageType.L4);
        if (!pv.UserRoot.IsInvalid)
            mistake ??= AddType(pv.UserRoot, PageType.L4);
        if (!vcpu.InfoFrame.IsInvalid)
            mistake ??= AddType(vcpu.InfoFrame, PageType.Writable);
        for (uint page = 0; page * 512 < pv.GdtEntries; page++)
            mistake ??= AddType(new Mfn(pv.GdtFrames[(int)page]), PageType.SegmentDescriptors);
        Mfn table = PageTableView.At(vcpu.Domain.Pv.PerDomainL2)[(int)(vcpu.Id / 16)].Frame;
        for (uint page = FirstLdtSlot; page < SlotsPerVcpu; page++)
        {
            PageTableEntry entry = PageTableView.At(table)[(int)(vcpu.Id * SlotsPerVcpu + page) & 511];
            if (entry.IsPresent)
                mistake ??= AddType(entry.Frame, PageType.SegmentDescriptors);
        }
        return mistake;
    }

    /// <summary>Every use of a grant holds a reference to the frame.</summary>
    private string? AddGrants(Domain domain)
    {
        uint inUse = 0;
        for (uint page = 0; page < Peek.FrameCount(domain.Grants); page++)
        {
            Table<ActiveGrant> grants = Peek.ActiveGrants(domain.Grants)[page];
            for (ulong i = 0; i < grants.Count; i++)
            {
                ref ActiveGrant grant = ref grants[i];
                if (!grant.IsPinned)
                    continue;
                inUse++;
                _general[(int)grant.Frame] += grant.Readers;
                _reachers[(int)grant.Frame] |= Bit(grant.Grantee);
                for (int writer = 0; writer < grant.Writers; writer++)
                {
                    if (AddType(new Mfn(grant.Frame), PageType.Writable) is string mistake)
                        return mistake;
                }
            }
        }
        return inUse != Peek.GrantsInUse(domain.Grants) ? $"domain {domain.Id} has {inUse} grants in use and counts {Peek.GrantsInUse(domain.Grants)}" : null;
    }

    private string? AddFrame(Mfn frame)
    {
        ref FrameInfo info = ref _frames[frame];
        if ((info.Count & FrameBits.Free) != 0)
            return null;
        if ((info.Count & FrameBits.Shared) != 0)
        {
            // The hypervisor's own use of what it shares.
            _general[(int)frame.Value]++;
            if (AddType(frame, TypeBits.TypeOf(info.Type)) is string mistake)
                return mistake;
        }
        ulong bits = info.Type;
        if ((bits & TypeBits.Busy) != 0)
            return $"frame {frame.Value:x} is busy while nobody works on it";
        PageType type = TypeBits.TypeOf(bits);
        if (!TypeBits.IsTable(type) || !TypeBits.IsInForce(bits))
            return null;
        if ((bits & TypeBits.Pinned) != 0 && AddType(frame, type) is string pin)
            return pin;
        return AddEntries(frame, type, TypeBits.ReferencesOf(bits) != 0 ? 512 : TypeBits.EntriesOf(bits), Bit(info.Owner - 1));
    }

    private string? AddEntries(Mfn table, PageType type, int end, ulong reacher)
    {
        PageTableView entries = PageTableView.At(table);
        for (int index = 0; index < end; index++)
        {
            PageTableEntry entry = entries[index];
            if (!entry.IsPresent || (type == PageType.L4 && EntryRules.IsHypervisorSlot(index)))
                continue;
            if (!entry.IsUser)
                return $"entry {index} of frame {table.Value:x} has no U bit";
            Mfn frame = entry.Frame;
            if (!_frames.Contains(frame) || _frames[frame].Owner == FrameBits.IoOwner)
            {
                if (type != PageType.L1)
                    return $"entry {index} of frame {table.Value:x} makes a device a page table: {entry.Bits:x16}";
                continue;
            }
            _reachers[(int)frame.Value] |= reacher;
            if (type != PageType.L1)
            {
                if (entry.IsLarge)
                    return $"entry {index} of frame {table.Value:x} is a large page";
                if (frame == table)
                {
                    if (entry.IsWritable)
                        return $"frame {table.Value:x} maps itself writable";
                    continue;
                }
                if (_frames[frame].Owner != _frames[table].Owner)
                    return $"entry {index} of frame {table.Value:x} links frame {frame.Value:x}, which is another domain's";
                if (AddType(frame, type - 1) is string mistake)
                    return mistake;
            }
            else if (!entry.IsWritable)
                _general[(int)frame.Value]++;
            else if (AddType(frame, PageType.Writable) is string mistake)
                return mistake;
        }
        return null;
    }

    private string? AddType(Mfn frame, PageType type)
    {
        if (!_frames.Contains(frame))
            return $"frame {frame.Value:x} is used as {type} and does not exist";
        int at = (int)frame.Value;
        if (_types[at]++ == 0)
            _wanted[at] = type;
        return _wanted[at] == type ? null : $"frame {frame.Value:x} is used as {type} and as {_wanted[at]}";
    }

    private string? Compare(Mfn frame)
    {
        int at = (int)frame.Value;
        ref FrameInfo info = ref _frames[frame];
        ulong count = info.Count;
        uint types = _types[at], others = _general[at];
        if ((count & FrameBits.Listed) != 0 && !_listed[at])
            return $"frame {frame.Value:x} is on no page list and says {count:x16}";
        if ((count & FrameBits.Free) != 0 || info.Owner == 0)
        {
            string what = (count & FrameBits.Free) != 0 ? "free" : "the hypervisor's own";
            return types + others != 0 ? $"frame {frame.Value:x} is {what} and has {types} references as {_wanted[at]} and {others} others" : null;
        }
        if (info.Owner == FrameBits.IoOwner)
            return null;
        if (types != TypeBits.ReferencesOf(info.Type))
            return $"frame {frame.Value:x} has {TypeBits.ReferencesOf(info.Type)} references as {TypeBits.TypeOf(info.Type)}, not {types}";
        if (types != 0 && TypeBits.TypeOf(info.Type) != _wanted[at])
            return $"frame {frame.Value:x} is {TypeBits.TypeOf(info.Type)}, not {_wanted[at]}";
        uint general = others + (TypeBits.IsInForce(info.Type) ? 1u : 0u) + ((count & FrameBits.Allocated) != 0 ? 1u : 0u);
        if (general != unchecked((uint)count))
            return $"frame {frame.Value:x} of domain {info.Owner - 1} has {unchecked((uint)count)} references, not {general}";
        return general == 0 ? $"frame {frame.Value:x} of domain {info.Owner - 1} has no references and is not free" : null;
    }

    /// <summary>Nothing is lost: every frame is free, a domain's, or in a use of the hypervisor's that is known.</summary>
    private string? CompareTotals(ulong own, ulong free, ReadOnlySpan<ulong> sharedBy)
    {
        if (free != _host.Memory.Allocator.FreeFrames)
            return $"{free} frames are free and the allocator counts {_host.Memory.Allocator.FreeFrames}";
        ulong expected = _ownAtFirst + InPools();
        for (ulong id = 0; id < _host.Domains.End; id++)
        {
            if (_host.Domains.Find(id) is not Domain domain)
                continue;
            expected += OwnFramesOf(domain);
            ulong shared = sharedBy[(int)FrameBits.OwnerOf(domain)];
            if (shared != domain.Pages.SharedPages)
                return $"domain {id} shares {shared} frames with the hypervisor and counts {domain.Pages.SharedPages}";
            if (domain.State == DomainState.Dead && domain.Pages.TotalPages + shared == 0 && Peek.GrantsInUse(domain.Grants) == 0)
                return $"domain {id} is dead, has nothing that others use, and is still there";
        }
        return own != expected ? $"the hypervisor has {own} frames and uses {expected}" : null;
    }

    private void Count(out ulong own, out ulong free)
    {
        own = free = 0;
        for (ulong frame = 0; frame < _frames.Count; frame++)
            CountOne(_frames[new Mfn(frame)], ref own, ref free);
    }

    private static void CountOne(in FrameInfo info, ref ulong own, ref ulong free)
    {
        if ((info.Count & FrameBits.Free) != 0)
            free++;
        else if ((info.Count & FrameBits.Managed) != 0 && info.Owner == 0)
            own++;
    }

    private ulong InPools() => (ulong)_host.Pools.Domains.Capacity + _host.Pools.Vcpus.Capacity + _host.Pools.SchedulingDomains.Capacity + _host.Pools.SchedulingUnits.Capacity + _host.Pools.DomainTableParts.Capacity;

    private static ulong OwnFramesOf(Domain domain)
    {
        // The tables of slot 260.
        ulong frames = 2 + ((ulong)domain.Vcpus.Length + 15) / 16;
        foreach (Vcpu? vcpu in domain.Vcpus)
        {
            if (vcpu is not null && !vcpu.VectorArea.IsInvalid)
                frames++;
        }
        foreach (Table<ulong> part in Peek.Frames(domain.Events))
        {
            if (part.Count != 0)
                frames++;
        }
        frames += 2 * (Peek.FrameCount(domain.Grants) + Peek.FramesToFree(domain.Grants));
        frames += Peek.FrameCount(domain.Grants.Mappings);
        foreach (Table<Mfn> part in Peek.Directory(domain.Grants.Mappings))
        {
            if (part.Count != 0)
                frames++;
        }
        if (!Peek.Frames(domain.MemoryMap).IsInvalid)
            frames += 8;
        return frames + (Peek.Frames(domain.Pv.Ports).IsInvalid ? 0UL : 2);
    }

    private static ulong Bit(ulong domain) => domain < 64 ? 1UL << (int)domain : 0;
}
