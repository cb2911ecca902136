// The counts of all frames, recomputed from nothing but what the page tables and the other holders say.

using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;
using Xenith.Machine.Simulation;

namespace Xenith.Tests.Memory;

/// <summary>Compares the frame table with what it should say. Entries are looked for at a few indices only: the tests use no others.</summary>
internal sealed class FrameBooks(MemoryScene scene, IReadOnlyList<int> indices)
{
    private readonly Dictionary<ulong, uint> _general = [];
    private readonly Dictionary<ulong, uint> _types = [];
    private readonly Dictionary<ulong, PageType> _wanted = [];

    /// <summary>Says what is wrong, or null. <paramref name="held"/> are general references, <paramref name="typed"/> type references that the test itself holds.</summary>
    public string? FindMistake(IEnumerable<Mfn> frames, IEnumerable<Mfn> held, IEnumerable<(Mfn Frame, PageType Type)> typed)
    {
        _general.Clear();
        _types.Clear();
        _wanted.Clear();
        string? mistake = null;
        foreach (Mfn frame in held)
            Add(_general, frame);
        foreach ((Mfn frame, PageType type) in typed)
            mistake ??= AddType(frame, type);
        foreach (Domain domain in new[] { scene.Domain, scene.Other })
        {
            foreach (Vcpu? vcpu in domain.Vcpus)
            {
                foreach (Mfn root in new[] { vcpu!.Pv.KernelRoot, vcpu.Pv.UserRoot })
                    mistake ??= root.IsInvalid ? null : AddType(root, PageType.L4);
            }
        }

        Mfn[] all = [.. frames];
        foreach (Mfn frame in all)
            mistake ??= AddEntries(frame);
        foreach (Mfn frame in all)
            mistake ??= Compare(frame);
        return mistake ?? FindStaleTranslation(all);
    }

    private string? AddEntries(Mfn table)
    {
        ulong bits = scene.Info(table).Type;
        PageType type = TypeBits.TypeOf(bits);
        if ((bits & TypeBits.Busy) != 0)
            return $"frame {table.Value:x} is busy while nobody works on it";
        if (!TypeBits.IsTable(type) || !TypeBits.IsInForce(bits))
            return null;
        if ((bits & TypeBits.Pinned) != 0 && AddType(table, type) is string wrong)
            return wrong;
        int end = TypeBits.ReferencesOf(bits) != 0 ? 512 : TypeBits.EntriesOf(bits);
        foreach (int index in indices)
        {
            PageTableEntry entry = PageTableView.At(table)[index];
            if (index >= end || !entry.IsPresent || (type == PageType.L4 && EntryRules.IsHypervisorSlot(index)))
                continue;
            if (!entry.IsUser)
                return $"entry {index} of frame {table.Value:x} has no U bit";
            if (type != PageType.L1 && entry.Frame == table)
            {
                if (entry.IsWritable)
                    return $"frame {table.Value:x} maps itself writable";
                continue;
            }
            string? mistake = null;
            if (type != PageType.L1)
                mistake = AddType(entry.Frame, type - 1);
            else if (entry.IsWritable)
                mistake = AddType(entry.Frame, PageType.Writable);
            else
                Add(_general, entry.Frame);
            if (mistake is not null)
                return mistake;
        }

        return null;
    }

    private string? AddType(Mfn frame, PageType type)
    {
        Add(_types, frame);
        if (_wanted.TryAdd(frame.Value, type) || _wanted[frame.Value] == type)
            return null;
        return $"frame {frame.Value:x} is used as {type} and as {_wanted[frame.Value]}";
    }

    private string? Compare(Mfn frame)
    {
        ref FrameInfo info = ref scene.Info(frame);
        uint types = _types.GetValueOrDefault(frame.Value);
        uint others = _general.GetValueOrDefault(frame.Value);
        // The allocator keeps other things in the type word.
        if ((info.Count & FrameBits.Free) != 0)
            return types + others != 0 ? $"frame {frame.Value:x} is free and has {types} and {others} references" : null;
        if (types != TypeBits.ReferencesOf(info.Type))
            return $"frame {frame.Value:x} has {TypeBits.ReferencesOf(info.Type)} references as {TypeBits.TypeOf(info.Type)}, not {types}";
        if (types != 0 && TypeBits.TypeOf(info.Type) != _wanted[frame.Value])
            return $"frame {frame.Value:x} is {TypeBits.TypeOf(info.Type)}, not {_wanted[frame.Value]}";
        uint general = others + (TypeBits.IsInForce(info.Type) ? 1u : 0u) + ((info.Count & FrameBits.Allocated) != 0 ? 1u : 0u);
        if (general != unchecked((uint)info.Count))
            return $"frame {frame.Value:x} has {unchecked((uint)info.Count)} references, not {general}";
        return general == 0 ? $"frame {frame.Value:x} has no references and is not free" : null;
    }

    /// <summary>Only the first domain's guest has touched memory: whatever the TLB still reaches must be its own, and no table may be written or data walked through it.</summary>
    private string? FindStaleTranslation(Mfn[] frames)
    {
        HashSet<ulong> ours = [.. frames.Select(frame => frame.Value)];
        foreach (Translation page in scene.Cpu.Tlb.Pages.Values)
        {
            if (!ours.Contains(page.Frame.Value))
                continue;
            ref FrameInfo info = ref scene.Info(page.Frame);
            if (info.Owner == FrameBits.OwnerOf(scene.Other))
                return $"frame {page.Frame.Value:x} is another domain's and in the TLB";
            bool table = TypeBits.TypeOf(info.Type) is not (PageType.None or PageType.Writable) && TypeBits.IsInForce(info.Type);
            if (page.Writable && table)
                return $"frame {page.Frame.Value:x} is {TypeBits.TypeOf(info.Type)} and writable through the TLB";
        }

        foreach (TableReference table in scene.Cpu.Tlb.Tables.Values)
        {
            if (!ours.Contains(table.Table.Value))
                continue;
            ref FrameInfo info = ref scene.Info(table.Table);
            if (info.Owner == FrameBits.OwnerOf(scene.Other))
                return $"frame {table.Table.Value:x} is another domain's and walked as a table";
            if (TypeBits.TypeOf(info.Type) == PageType.Writable && TypeBits.IsInForce(info.Type))
                return $"frame {table.Table.Value:x} is writable and walked as a table";
        }

        return null;
    }

    private static void Add(Dictionary<ulong, uint> counts, Mfn frame) => counts[frame.Value] = counts.GetValueOrDefault(frame.Value) + 1;
}
