using System;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Xenith.Machine;

namespace Xenith.Hypervisor.Domains;

/// <summary>
/// Bugs on demand: hypercalls that trap or never end, so that tests can see what a trap does. Compiled in where XENITH_FAULTS is defined: in the hosted build, and in an image with
/// `-p:XenithChecks=true`. Elsewhere these numbers are unknown calls like any other.
/// </summary>
internal static class FaultInjection
{
    /// <summary>The numbers begin here.</summary>
    internal const uint First = 0x5e1f_0000;

    /// <summary>An index out of bounds.</summary>
    internal const uint Bounds = First + 1;

    /// <summary>The same while a lock is held.</summary>
    internal const uint WithLock = First + 2;

    /// <summary>A division by zero.</summary>
    internal const uint Division = First + 3;

    /// <summary>The same as <see cref="Bounds"/> in what the CPU takes for an interrupt handler.</summary>
    internal const uint InHandler = First + 4;

    /// <summary>Calls without end. Not hosted: the process would die.</summary>
    internal const uint StackOverflow = First + 5;

    /// <summary>A null reference: in reach of the guest, which owns address 0, where the CPU has no SMAP.</summary>
    internal const uint Null = First + 6;

    /// <summary>A read in the hypervisor's part of the address space where nothing is mapped. Not hosted.</summary>
    internal const uint Unmapped = First + 7;

    /// <summary>A change of CR4 that the CPU refuses: a general protection fault. Not hosted.</summary>
    internal const uint Protection = First + 8;

    /// <summary>Added to a number: the same in what the CPU takes for an interrupt handler.</summary>
    internal const uint ForNobody = 0x10;

    /// <summary>A loop without end, with interrupts on. Not hosted.</summary>
    internal const uint Stuck = First + 9;

    /// <summary>The same with interrupts off. Not hosted.</summary>
    internal const uint StuckWithoutInterrupts = First + 10;

    /// <summary>For dom0: makes a domain that is to end by a trap (<see cref="FaultVictims.Begin"/>), and sees it off (<see cref="FaultVictims.Poll"/>).</summary>
    internal const uint BeginVictim = First + 0x40, PollVictim = First + 0x41;

    /// <summary>For such a domain: from now on points are counted, and the one with this number, from 1, traps.</summary>
    internal const uint Arm = First + 0x42;

    /// <summary>No bug, but the place for it: <see cref="Memory.ReferenceAudit"/> looks for those that are there.</summary>
    internal const uint CountReferences = First + 0x50;

    /// <summary>Traps if the number of an unknown hypercall says so.</summary>
    [Conditional("XENITH_FAULTS")]
    internal static void OnCall(ulong number, ulong a1, ulong a2, ulong a3, ref long result)
    {
        switch (number)
        {
            case BeginVictim when Serving.Domain.Id == 0:
                result = FaultVictims.Begin(a1, a2, a3).ToResult();
                return;
            case PollVictim when Serving.Domain.Id == 0:
                result = FaultVictims.Poll(a1);
                return;
            case Arm when Serving.Domain.Id == FaultVictims.Id:
                Pcpu.Current.PointsToTrap = a1;
                result = 0;
                return;
        }
        if (number > First + ForNobody && number < First + 2 * ForNobody)
        {
            Pcpu.Current.IsInHandler = true;
            number -= ForNobody;
        }
        switch (number)
        {
            case Null:
                SpinLock.Scope nothing = default;
                nothing.Dispose();
                break;
            case Unmapped:
                _ = MmioRegion.AtMapped(AddressSpace.Image - AddressSpace.PageSize, AddressSpace.PageSize).Read32(0);
                break;
            case Protection:
                // Five levels of page tables cannot be switched on in 64-bit mode (SDM volume 2, MOV to control registers).
                Cpu.WriteCr4(Cpu.ReadCr4() ^ 1UL << 12);
                break;
            case Bounds:
                Trap(number);
                break;
            case WithLock:
                using (Host.Current.EventBindings.Lock.Enter())
                    Trap(number);
                break;
            case Division:
                _ = number / (number - Division);
                break;
            case InHandler:
                Pcpu.Current.IsInHandler = true;
                Trap(number);
                break;
            case StackOverflow:
                Deepen(number);
                break;
            case CountReferences:
                Memory.ReferenceAudit.Run(Host.Current);
                break;
            case Stuck:
                Spin();
                break;
            case StuckWithoutInterrupts:
                Cpu.DisableInterrupts();
                Spin();
                break;
        }
    }

    /// <summary>A point at which a domain that asked for it is trapped: where locks are taken and let go, where references come and go, where calls begin. Only in the image: hosted, points are woven in.</summary>
    [Conditional("XENITH_SELFTEST")]
    internal static void Point()
    {
        if (PerCpu.Context<object>() is Pcpu { PointsToTrap: not 0, IsOnWayOut: false } cpu && cpu.Served is Vcpu { Domain.Id: FaultVictims.Id } && --cpu.PointsToTrap == 0)
            Trap(Bounds);
    }

    /// <summary>The way out to a guest begins or ends: a trap there is not the domain's.</summary>
    [Conditional("XENITH_SELFTEST")]
    internal static void SetOnWayOut(Pcpu cpu, bool value) => cpu.IsOnWayOut = value;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Trap(ulong index)
    {
        ReadOnlySpan<byte> few = [1, 2];
        _ = few[unchecked((int)index)];
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Spin()
    {
        while (true)
            Cpu.Pause();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong Deepen(ulong depth) => unchecked(Deepen(depth + 1) * 3 + depth);
}
