using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Events;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>
/// Nothing in the hypervisor is preempted, so a long call stops at a legal state by itself, changes the guest's argument registers to say
/// what is left, and winds the guest back onto its SYSCALL: the guest makes the call again without knowing it, after whatever waited has been done.
/// A call inside a multicall changes its entry instead, and the multicall is what stops (<see cref="MulticallHypercall"/>).
/// </summary>
internal static class Continuation
{
    /// <summary>SYSCALL, VMCALL and VMMCALL: 0F 05, 0F 01 C1 and 0F 01 D9; a PV guest uses the first.</summary>
    private const ulong SyscallLength = 2;

    /// <summary>True if a call of this vCPU that has done some of its work should stop: something else waits for the CPU, or the guest has an event to take.</summary>
    internal static bool IsDue(Vcpu vcpu) => Pcpu.Current.ShouldPreempt || HasDeliverableEvent(vcpu);

    /// <summary>True if an event is pending and the guest does not mask events (vcpu_info, first two bytes: upcall_pending and upcall_mask).</summary>
    internal static bool HasDeliverableEvent(Vcpu vcpu) => EventChannels.IsDeliverable(vcpu.Info);

    /// <summary>Makes the guest call <paramref name="number"/> again with another first argument. Return the result from the handler.</summary>
    internal static long Again(uint number, ulong a1)
    {
        MulticallState multicall = Serving.Vcpu.Multicall;
        if (multicall.IsActive)
            multicall.Stop(a1);
        else
        {
            Rewind();
            PerCpu.Frame.Rdi = a1;
        }
        return number;
    }

    /// <summary>Makes the guest call again with other first and second arguments.</summary>
    internal static long Again(uint number, ulong a1, ulong a2)
    {
        MulticallState multicall = Serving.Vcpu.Multicall;
        if (multicall.IsActive)
            multicall.Change(1, a2);
        else
            PerCpu.Frame.Rsi = a2;
        return Again(number, a1);
    }

    /// <summary>Makes the guest call again with three other arguments.</summary>
    internal static long Again(uint number, ulong a1, ulong a2, ulong a3)
    {
        MulticallState multicall = Serving.Vcpu.Multicall;
        if (multicall.IsActive)
            multicall.Change(2, a3);
        else
            PerCpu.Frame.Rdx = a3;
        return Again(number, a1, a2);
    }

    /// <summary>Makes the guest call again with four other arguments.</summary>
    internal static long Again(uint number, ulong a1, ulong a2, ulong a3, ulong a4)
    {
        MulticallState multicall = Serving.Vcpu.Multicall;
        if (multicall.IsActive)
            multicall.Change(3, a4);
        else
            PerCpu.Frame.R10 = a4;
        return Again(number, a1, a2, a3);
    }

    private static void Rewind()
    {
        ref GuestFrame frame = ref PerCpu.Frame;
        frame.Rip = unchecked(frame.Rip - SyscallLength);
    }
}
