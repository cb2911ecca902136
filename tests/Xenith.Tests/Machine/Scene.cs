// Page tables for tests of the simulated machine: one address space of our own with a page mapped here and there.

using Xenith.Machine;
using Xenith.Machine.Simulation;

namespace Xenith.Tests.Machine;

/// <summary>A machine, its first CPU entered, and an address space that the test builds.</summary>
internal sealed class Scene : IDisposable
{
    public const ulong Flags = PageFlags.Present | PageFlags.Writable | PageFlags.User;

    private readonly SimulatedCpu.Scope _scope;
    private ulong _nextFrame = 0x800;

    public Scene(int cpus = 1)
    {
        Machine = new SimulatedMachine(cpus: cpus);
        _scope = Cpu0.Enter();
        Root = NewFrame();
        Cpu0.WriteCr3(Root.Address);
    }

    public SimulatedMachine Machine { get; }

    public SimulatedCpu Cpu0 => Machine.Cpus[0];

    public Mfn Root { get; }

    /// <summary>A zeroed frame that nothing uses.</summary>
    public Mfn NewFrame() => new(_nextFrame++);

    /// <summary>Maps a page, making tables as needed; returns the frame of the L1 table.</summary>
    public Mfn Map(ulong address, Mfn frame, ulong flags = Flags)
    {
        Mfn table = TableFor(address, 1);
        Write(table, address, 1, new PageTableEntry(frame, flags));
        return table;
    }

    /// <summary>The table of a level that maps an address, made if it is missing.</summary>
    public Mfn TableFor(ulong address, int level)
    {
        Mfn table = Root;
        for (int at = 4; at > level; at--)
        {
            PageTableEntry entry = Read(table, address, at);
            if (!entry.IsPresent)
            {
                entry = new PageTableEntry(NewFrame(), Flags);
                Write(table, address, at, entry);
            }

            table = entry.Frame;
        }

        return table;
    }

    public PageTableEntry Read(Mfn table, ulong address, int level) => PageTableView.At(table)[AddressSpace.TableIndex(address, level)];

    public void Write(Mfn table, ulong address, int level, PageTableEntry entry) => PageTableView.At(table).Write(AddressSpace.TableIndex(address, level), entry);

    public void Dispose()
    {
        _scope.Dispose();
        Machine.Dispose();
    }
}
