using System.Runtime.CompilerServices;
using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>What a vCPU's multicall is at.</summary>
public sealed class MulticallState
{
    /// <summary>The entry that is being served: a copy, taken once.</summary>
    internal MulticallEntry Entry;

    /// <summary>True from the first entry to the last: a multicall cannot contain another.</summary>
    public bool IsActive { get; internal set; }

    /// <summary>Set by <see cref="Continuation"/> when the entry has to be made again.</summary>
    internal bool Stopped { get; private set; }

    internal void Stop() => Stopped = true;

    internal void Begin(in MulticallEntry entry)
    {
        Entry = entry;
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
        ulong at = list;
        while (count != 0)
        {
            if (at != list && Continuation.IsDue(vcpu))
                return StopBefore(state, number, at, count);
            Outcome outcome = MakeOne<TCaller>(state, at, out result);
            if (outcome == Outcome.Again)
                return StopBefore(state, number, at, count);
            if (outcome != Outcome.Next)
                break;
            at = unchecked(at + EntrySize);
            count--;
        }
        state.IsActive = false;
        return result;
    }

    private enum Outcome
    {
        Next,
        Again,
        End,
    }

    /// <summary>Makes the call of one entry. <paramref name="result"/> is the multicall's own result so far: 0, an error, or what IRET wants in RAX.</summary>
    private static Outcome MakeOne<TCaller>(MulticallState state, ulong at, out long result) where TCaller : struct, ICaller
    {
        result = XenError.BadAddress.ToResult();
        if (!GuestMemory.TryRead(at, out MulticallEntry entry))
            return Outcome.End;
        state.Begin(in entry);
        long answer = HypercallTable.Call<TCaller>(entry.Args[0], entry.Args[1], entry.Args[2], entry.Args[3], entry.Args[4], entry.Op);

        if (state.Stopped)
        {
            state.Entry.Result = unchecked((ulong)answer);
            return GuestMemory.TryWrite(at, state.Entry) ? Outcome.Again : Outcome.End;
        }
        bool written = GuestMemory.TryWrite(unchecked(at + ResultOffset), unchecked((ulong)answer));
        if (entry.Op == (ulong)HypercallNumber.Iret)
        {
            // The guest is elsewhere now: the rest of the list is not made.
            result = answer;
            return Outcome.End;
        }
        if (!written)
            return Outcome.End;
        result = 0;
        return Outcome.Next;
    }

    private static long StopBefore(MulticallState state, uint number, ulong at, uint count)
    {
        state.IsActive = false;
        return Continuation.Again(number, at, count);
    }
}
