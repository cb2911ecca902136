using System.Runtime.CompilerServices;
using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>What a vCPU's multicall is at.</summary>
public sealed class MulticallState
{
    private Inline4<ulong> _arguments;
    private uint _changed;

    /// <summary>True from the first entry to the last: a multicall cannot contain another.</summary>
    public bool IsActive { get; internal set; }

    /// <summary>Set by <see cref="Continuation"/> when the entry has to be made again.</summary>
    internal bool Stopped { get; private set; }

    /// <summary>The entry has to be made again, with another first argument and those that were changed.</summary>
    internal void Stop(ulong a1)
    {
        Change(0, a1);
        Stopped = true;
    }

    /// <summary>Notes an argument, counted from 0, that the entry is to have next time.</summary>
    internal void Change(int index, ulong value)
    {
        _arguments[index] = value;
        _changed |= 1u << index;
    }

    /// <summary>Puts the changed arguments into the entry, and forgets them.</summary>
    internal void Apply(ref MulticallEntry entry)
    {
        for (int i = 0; i < 4; i++)
        {
            if ((_changed >> i & 1) != 0)
                entry.Args[i] = _arguments[i];
        }
        _changed = 0;
        Stopped = false;
    }
}

/// <summary>
/// multicall (13): a list of calls in the guest's memory (public/xen.h, struct multicall_entry). Each entry is copied in, made as if the guest had
/// made it alone, with the same checks, and its result written back. Between entries the call can stop; what is left is the rest of the list.
/// </summary>
internal static class MulticallHypercall
{
    private const ulong EntrySize = 64, ResultOffset = 8;

    /// <summary>(list, number of entries).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static long Multicall<TCaller>(ulong list, ulong countArgument, ulong a3, ulong a4, ulong a5, uint number) where TCaller : struct, ICaller
    {
        Vcpu vcpu = Serving.Vcpu;
        MulticallState state = vcpu.Multicall;
        if (state.IsActive)
            return XenError.Invalid.ToResult();
        if (!AddressSpace.IsGuestAddress(list))
            return XenError.BadAddress.ToResult();

        state.IsActive = true;
        uint count = unchecked((uint)countArgument);
        long result = 0;
        for (ulong at = list; count != 0; at = unchecked(at + EntrySize), count--)
        {
            if (at != list && Continuation.IsDue(vcpu))
                return StopBefore(state, number, at, count);
            if (!GuestMemory.TryRead(at, out MulticallEntry entry))
            {
                result = XenError.BadAddress.ToResult();
                break;
            }
            long answer = HypercallTable.Call<TCaller>(entry.Args[0], entry.Args[1], entry.Args[2], entry.Args[3], entry.Args[4], entry.Op);
            if (state.Stopped)
            {
                entry.Result = unchecked((ulong)answer);
                state.Apply(ref entry);
                if (GuestMemory.TryWrite(at, entry))
                    return StopBefore(state, number, at, count);
                result = XenError.BadAddress.ToResult();
                break;
            }
            bool written = GuestMemory.TryWrite(unchecked(at + ResultOffset), unchecked((ulong)answer));
            // After IRET the guest is elsewhere: the rest of the list is not made, and the call returns what the guest wants in RAX.
            bool returns = entry.Op == (ulong)HypercallNumber.Iret;
            if (returns || !written)
            {
                result = returns ? answer : XenError.BadAddress.ToResult();
                break;
            }
        }
        state.IsActive = false;
        return result;
    }

    private static long StopBefore(MulticallState state, uint number, ulong at, uint count)
    {
        state.IsActive = false;
        return Continuation.Again(number, at, count);
    }
}
