// Guest memory of the simulated machine: the same range check as on the metal, then an access through the page tables and the
// translation caches of the CPU that runs this.

using System;
using Xenith.Machine.Simulation;

namespace Xenith.Machine;

/// <summary>
/// The only door to memory at an address that the running PV guest names. Each method checks the range, then copies once; false means
/// that the guest could not have done the same access itself.
/// </summary>
public static unsafe class GuestMemory
{
    /// <summary>Reads a value at a guest address.</summary>
    public static bool TryRead<T>(ulong address, out T value) where T : unmanaged
    {
        T copy = default;
        bool ok = TryCopy(address, (byte*)&copy, (ulong)sizeof(T), AccessKind.Read);
        value = copy;
        return ok;
    }

    /// <summary>Writes a value at a guest address.</summary>
    public static bool TryWrite<T>(ulong address, T value) where T : unmanaged => TryCopy(address, (byte*)&value, (ulong)sizeof(T), AccessKind.Write);

    /// <summary>Reads bytes at a guest address.</summary>
    public static bool TryRead(ulong address, Span<byte> to)
    {
        fixed (byte* p = to)
            return TryCopy(address, p, (ulong)to.Length, AccessKind.Read);
    }

    /// <summary>Writes bytes at a guest address.</summary>
    public static bool TryWrite(ulong address, ReadOnlySpan<byte> from)
    {
        fixed (byte* p = from)
            return TryCopy(address, p, (ulong)from.Length, AccessKind.Write);
    }

    /// <summary>Writes several 64-bit words at a guest address: an exception frame.</summary>
    public static bool TryWrite(ulong address, ReadOnlySpan<ulong> from)
    {
        fixed (ulong* p = from)
            return TryCopy(address, (byte*)p, (ulong)from.Length * 8, AccessKind.Write);
    }

    /// <summary>Reads several 64-bit words at a guest address: a list of requests.</summary>
    public static bool TryRead(ulong address, Span<ulong> to)
    {
        fixed (ulong* p = to)
            return TryCopy(address, (byte*)p, (ulong)to.Length * 8, AccessKind.Read);
    }

    /// <summary>
    /// Writes what a 64-bit PV kernel finds on its stack at an exception: RCX and R11 of a frame, then its RIP, CS and RFLAGS as given, its RSP and SS.
    /// </summary>
    public static bool TryPushFrame(ulong bottom, ref GuestFrame frame, ulong cs, ulong flags) =>
        TryWrite(bottom, (ReadOnlySpan<ulong>)[frame.Rcx, frame.R11, frame.Rip, cs, flags, frame.Rsp, frame.Ss]);

    /// <summary>The same with an error code between R11 and RIP.</summary>
    public static bool TryPushFrame(ulong bottom, ref GuestFrame frame, ulong cs, ulong flags, ulong error) =>
        TryWrite(bottom, (ReadOnlySpan<ulong>)[frame.Rcx, frame.R11, error, frame.Rip, cs, flags, frame.Rsp, frame.Ss]);

    /// <summary>Reads element <paramref name="index"/> of an array that starts at a guest address.</summary>
    public static bool TryRead<T>(ulong address, ulong index, out T value) where T : unmanaged =>
        TryRead(unchecked(address + index * (ulong)sizeof(T)), out value);

    /// <summary>Writes element <paramref name="index"/> of an array that starts at a guest address.</summary>
    public static bool TryWrite<T>(ulong address, ulong index, T value) where T : unmanaged =>
        TryWrite(unchecked(address + index * (ulong)sizeof(T)), value);

    private static bool TryCopy(ulong address, byte* ours, ulong length, AccessKind kind) =>
        AddressSpace.IsGuestRange(address, length) && SimulatedCpu.Current.TryCopy(address, ours, length, kind, AccessMode.SupervisorForGuest);
}
