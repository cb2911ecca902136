using System;
using Xenith.Machine;

namespace Xenith.Hypervisor.Interrupts;

/// <summary>
/// The part of a physical interrupt that chooses which CPU takes it, and under which vector.
///
/// To move, the interrupt first gets a vector of the new CPU, of the same number if possible; then the source is told. An interrupt that is on its way or waits in the old CPU's APIC at
/// that moment still finds its vector there, for that stays until a millisecond later the old CPU has looked that none waits any more. So none is lost, and none comes that nobody knows.
/// A source whose message cannot be changed at once is led over a vector that means this interrupt on both CPUs.
/// </summary>
public abstract partial class Irq
{
    private const ulong OldVectorsLive = 1_000_000;

    /// <summary>A vCPU that changes its CPU again and again is followed not more often than this, in nanoseconds.</summary>
    private const ulong Rest = 10_000_000;

    private Pcpu? _cpu, _oldCpu, _wanted;
    private byte _oldVector, _secondOldVector;
    private ulong _movedAt;

    /// <summary>The vector that it has on <see cref="Cpu"/>; 0 if it has none yet.</summary>
    public byte Vector { get; private set; }

    /// <summary>The CPU that takes it, once it has a vector.</summary>
    public Pcpu? Cpu => Vector == 0 ? null : _cpu;

    /// <summary>A move has been asked for and has to wait: for the end of the last, or for a guest.</summary>
    public bool IsMovePending => _wanted is not null;

    /// <summary>The last move's old vectors are still kept.</summary>
    public bool HasOldVectors => _oldCpu is not null;

    /// <summary>Which CPUs were asked for last: Xen's listing shows it.</summary>
    public CpuSet Affinity { get; private set; } = CpuSet.All;

    /// <summary>Makes a CPU take it from now on, or as soon as possible. <see cref="XenError.NoSpace"/> if that CPU has no vector left.</summary>
    internal XenError SetCpu(Pcpu cpu)
    {
        using (Lock.EnterInterruptSafe())
            return MoveTo(cpu);
    }

    /// <summary>The same for callers that hold the lock. An interrupt without a vector gets its first.</summary>
    private protected XenError MoveTo(Pcpu target)
    {
        Affinity = CpuSet.Of(target.Id);
        if (Vector == 0)
            return Assign(target);
        if (_cpu == target || _cpu is not Pcpu from)
        {
            _wanted = null;
            return XenError.None;
        }
        if (_oldCpu is not null || !CanMoveNow)
        {
            _wanted = target;
            return XenError.None;
        }
        if (!Controllers.Allocator.TryTakeForMove(Number, from.Vectors, Vector, target.Vectors, out byte vector))
            return XenError.NoSpace;
        _wanted = null;
        _oldCpu = from;
        _oldVector = Vector;
        _secondOldVector = vector != Vector ? vector : (byte)0;
        _movedAt = target.Host.Time.Now;
        _cpu = target;
        Vector = vector;
        WriteRoute(vector, target.ApicId);
        Pcpu.Current.InterruptTimer.SetBy(_movedAt + OldVectorsLive);
        return XenError.None;
    }

    /// <summary>True if the last move is long enough ago to make another that nobody has asked for.</summary>
    private protected bool HasRested(ulong now) => _movedAt == 0 || now - Math.Min(now, _movedAt) >= Rest;

    /// <summary>Goes on with a move that had to wait.</summary>
    private protected void ContinueMove()
    {
        if (_wanted is not Pcpu wanted)
            return;
        // Without a vector left there it stays where it is; so it does if the CPU has gone offline meanwhile.
        if (wanted.Host.Pcpus.Online.Contains(wanted.Id))
            MoveTo(wanted);
        else
            _wanted = null;
    }

    /// <summary>Gives its vectors back. The source is masked.</summary>
    private protected void Unassign()
    {
        if (Vector == 0 || _cpu is not Pcpu cpu)
            return;
        Controllers.Allocator.Free(cpu.Vectors, Vector);
        FreeOldVectors();
        _wanted = null;
        Vector = 0;
        Affinity = CpuSet.All;
    }

    /// <summary>
    /// Gives the old vectors of a move back, if this is their CPU, or asks their CPU to. True if that has to be asked for again: the time is not over, or an interrupt waits for such a vector.
    /// </summary>
    internal bool Sweep(Pcpu here, ulong now)
    {
        if (_oldCpu is null)
            return false;
        using (Lock.EnterInterruptSafe())
        {
            if (_oldCpu is not Pcpu old)
                return false;
            if (now - Math.Min(now, _movedAt) < OldVectorsLive)
                return true;
            if (old != here)
            {
                old.Vectors.RequestSweep();
                old.Raise(PendingWork.Deferred);
                return false;
            }
            LocalApic apic = Controllers.LocalApic;
            if (apic.IsRequested(_oldVector) || (_secondOldVector != 0 && apic.IsRequested(_secondOldVector)))
                return true;
            FreeOldVectors();
            ContinueMove();
            return false;
        }
    }

    /// <summary>
    /// Leaves a CPU that goes offline, which is the one that runs this. With <paramref name="force"/> it goes at once, whatever waits for its old vectors. True if it has left.
    /// </summary>
    internal bool Leave(Pcpu cpu, Pcpu target, bool force, out bool broken)
    {
        broken = false;
        using (Lock.EnterInterruptSafe())
        {
            if (_oldCpu == cpu && force)
                FreeOldVectors();
            if (_wanted == cpu)
                _wanted = null;
            if (Vector == 0 || _cpu != cpu)
                return _oldCpu != cpu;
            if (_oldCpu is not null && force)
                FreeOldVectors();
            broken = Affinity.Contains(cpu.Id) && GuestCount != 0;
            MoveTo(target);
            if (force && _cpu == cpu)
            {
                // The source cannot be moved by the rules: silence it, so that it starts afresh on the new CPU.
                WriteMask(true);
                if (!Controllers.Allocator.TryTakeForMove(Number, cpu.Vectors, Vector, target.Vectors, out byte vector))
                    return false;
                Controllers.Allocator.Free(cpu.Vectors, Vector);
                if (vector != Vector)
                    Controllers.Allocator.Free(cpu.Vectors, vector);
                _wanted = null;
                _cpu = target;
                Vector = vector;
                WriteRoute(vector, target.ApicId);
                UpdateMask();
            }
            else if (force)
                FreeOldVectors();
            return _cpu != cpu && _oldCpu != cpu;
        }
    }

    private XenError Assign(Pcpu target)
    {
        if (!Controllers.Allocator.TryTake(Number, target.Vectors, out byte vector))
            return XenError.NoSpace;
        _cpu = target;
        Vector = vector;
        WriteRoute(vector, target.ApicId);
        return XenError.None;
    }

    private void FreeOldVectors()
    {
        if (_oldCpu is not Pcpu old)
            return;
        Controllers.Allocator.Free(old.Vectors, _oldVector);
        if (_secondOldVector != 0)
            Controllers.Allocator.Free(old.Vectors, _secondOldVector);
        _oldCpu = null;
    }
}
