using Xenith.Machine;

namespace Xenith.Hypervisor.Interrupts;

/// <summary>
/// Gives out the device vectors of all CPUs. The upper four bits of a vector are its priority (SDM vol. 3, 11.8.3), and a local APIC keeps two interrupts of one priority at most,
/// so consecutive requests get vectors of different priorities.
/// </summary>
internal sealed class VectorAllocator
{
    private const int Classes = (Vectors.LastDevice - Vectors.FirstDevice + 1) / 16;
    private const int Count = Classes * 16;

    /// <summary>Numbers that a PV guest's processes use with INT: no device gets them, so no mistake can confuse the two.</summary>
    private const byte LinuxSystemCall = 0x80, ObsoleteHypercall = 0x82;

    private readonly SpinLock _lock = new(LockRank.InterruptVectors);
    private int _cursor;

    /// <summary>Gives an interrupt a vector of a CPU.</summary>
    internal bool TryTake(uint irq, CpuVectors cpu, out byte vector)
    {
        using (_lock.EnterInterruptSafe())
        {
            if (!TryFind(cpu, cpu, out vector))
                return false;
            cpu.Give(vector, irq);
            return true;
        }
    }

    /// <summary>
    /// Gives an interrupt that has vector <paramref name="present"/> of one CPU a vector of another: the same number if it is free there, else one that is free on both, which it
    /// then has on both. So the way from one to the other is never longer than one change of the vector and one of the CPU, each legal by itself.
    /// </summary>
    internal bool TryTakeForMove(uint irq, CpuVectors from, byte present, CpuVectors to, out byte vector)
    {
        using (_lock.EnterInterruptSafe())
        {
            vector = present;
            if (!to.IsFree(present))
            {
                if (!TryFind(from, to, out vector))
                    return false;
                from.Give(vector, irq);
            }
            to.Give(vector, irq);
            return true;
        }
    }

    /// <summary>Takes a vector back.</summary>
    internal void Free(CpuVectors cpu, byte vector)
    {
        using (_lock.EnterInterruptSafe())
            cpu.Free(vector);
    }

    private bool TryFind(CpuVectors first, CpuVectors second, out byte vector)
    {
        for (int i = 0; i < Count; i++)
        {
            _cursor = _cursor + 1 < Count ? _cursor + 1 : 0;
            vector = (byte)(Vectors.FirstDevice + _cursor % Classes * 16 + _cursor / Classes);
            if (vector is not (LinuxSystemCall or ObsoleteHypercall) && first.IsFree(vector) && second.IsFree(vector))
                return true;
        }
        vector = 0;
        return false;
    }
}
