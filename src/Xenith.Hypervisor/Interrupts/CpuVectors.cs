using System.Threading;

namespace Xenith.Hypervisor.Interrupts;

/// <summary>
/// Which physical interrupt each vector of one CPU belongs to. Every CPU has vectors of its own, so the same number can mean different interrupts on different CPUs, and a host has
/// some two hundred for each CPU rather than for all. Handlers read the table without a lock; changes are made by <see cref="VectorAllocator"/>.
/// </summary>
public sealed class CpuVectors
{
    private readonly ushort[] _owners = new ushort[256];
    private int _isSweepDue;

    /// <summary>Number of the interrupt that a vector belongs to. False if it belongs to none.</summary>
    public bool TryGet(byte vector, out uint irq)
    {
        uint owner = Volatile.Read(ref _owners[vector]);
        irq = owner == 0 ? 0 : owner - 1;
        return owner != 0;
    }

    /// <summary>True if no interrupt has the vector.</summary>
    public bool IsFree(byte vector) => Volatile.Read(ref _owners[vector]) == 0;

    internal void Give(byte vector, uint irq) => Volatile.Write(ref _owners[vector], (ushort)(irq + 1));

    internal void Free(byte vector) => Volatile.Write(ref _owners[vector], 0);

    /// <summary>Asks this CPU to give back vectors that interrupts have moved away from; see <see cref="Irq"/>.</summary>
    internal void RequestSweep() => Volatile.Write(ref _isSweepDue, 1);

    /// <summary>True once for each request.</summary>
    internal bool TakeSweep() => Interlocked.Exchange(ref _isSweepDue, 0) != 0;
}
