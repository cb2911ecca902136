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

    /// <summary>Added to a number: the same in what the CPU takes for an interrupt handler.</summary>
    internal const uint ForNobody = 0x10;

    /// <summary>A loop without end, with interrupts on. Not hosted.</summary>
    internal const uint Stuck = First + 9;

    /// <summary>The same with interrupts off. Not hosted.</summary>
    internal const uint StuckWithoutInterrupts = First + 10;

    /// <summary>No bug, but the place for it: <see cref="Memory.ReferenceAudit"/> looks for those that are there.</summary>
    internal const uint CountReferences = First + 0x40;

    /// <summary>Traps if the number of an unknown hypercall says so.</summary>
    [Conditional("XENITH_FAULTS")]
    internal static void OnCall(ulong number)
    {
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
