// What must hold after every step, whatever guests do.

using System.Collections.Generic;
using Xenith.Fuzzing.Worlds;
using Xenith.Hypervisor;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;
using Xenith.Machine.Simulation;

namespace Xenith.Fuzzing.Invariants;

/// <summary>Checks a world.</summary>
public sealed class Audit
{
    private readonly FuzzWorld _world;

    internal Audit(FuzzWorld world) => _world = world;

    /// <summary>All of it. Says what is wrong, or null.</summary>
    public string? FindMistake()
    {
        if (_world.Trap is { } trap)
            return $"the hypervisor trapped: {trap}";
        foreach (SimulatedCpu cpu in _world.Machine.Cpus)
        {
            if (cpu.Ledger.Depth != 0)
                return $"something is left in the ledger of CPU {cpu.Id}: {cpu.Ledger.ItemAt(0)}";
        }
        string? mistake = _world.Books.FindMistake();
        foreach (SimulatedCpu cpu in _world.Machine.Cpus)
            mistake ??= FindStaleTranslation(cpu);
        return mistake;
    }

    /// <summary>
    /// What a CPU remembers came from the page tables of the domain that it has loaded. A frame that is another's by now must not be reached by it, one that is a page table not be
    /// written, and one that the guest can write not be walked.
    /// </summary>
    private string? FindStaleTranslation(SimulatedCpu cpu)
    {
        if (cpu.Context is not Pcpu { Loaded: Vcpu { Domain: Domain domain } })
            return null;
        FrameTable frames = _world.Host.Memory.Frames;
        foreach (KeyValuePair<ulong, Translation> page in (Dictionary<ulong, Translation>)cpu.Tlb.Pages)
        {
            Translation seen = page.Value;
            if (!seen.User || !frames.Contains(seen.Frame))
                continue;
            ref FrameInfo info = ref frames[seen.Frame];
            if ((info.Count & FrameBits.Managed) == 0 || (info.Count & FrameBits.Free) != 0)
                continue;
            if (info.Owner == 0)
                return $"CPU {cpu.Id} reaches frame {seen.Frame.Value:x} of the hypervisor at {page.Key << 12:x}";
            // dom0 may look at anybody's memory, and a foreign page that it mapped stays its owner's.
            if (info.Owner != FrameBits.OwnerOf(domain) && domain.Id != 0 && (_world.Books.ReachersOf(seen.Frame) & 1UL << domain.Id) == 0)
                return $"CPU {cpu.Id} reaches frame {seen.Frame.Value:x} of domain {info.Owner - 1} at {page.Key << 12:x} for domain {domain.Id}";
            PageType type = TypeBits.TypeOf(info.Type);
            if (seen.Writable && type is not (PageType.None or PageType.Writable) && TypeBits.IsInForce(info.Type))
                return $"CPU {cpu.Id} can write frame {seen.Frame.Value:x} at {page.Key << 12:x}, which is {type}";
        }
        foreach (TableReference table in ((Dictionary<(int, ulong), TableReference>)cpu.Tlb.Tables).Values)
        {
            if (!frames.Contains(table.Table))
                continue;
            ref FrameInfo info = ref frames[table.Table];
            if (!table.User || (info.Count & FrameBits.Managed) == 0 || (info.Count & FrameBits.Free) != 0)
                continue;
            if (info.Owner != FrameBits.OwnerOf(domain))
                return $"CPU {cpu.Id} walks frame {table.Table.Value:x} for domain {domain.Id}, which is domain {(int)info.Owner - 1}'s";
            if (TypeBits.TypeOf(info.Type) == PageType.Writable && TypeBits.IsInForce(info.Type))
                return $"CPU {cpu.Id} walks frame {table.Table.Value:x}, which the guest can write";
        }
        return null;
    }
}
