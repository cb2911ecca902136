using System;
using System.Runtime.CompilerServices;

namespace Xenith.Machine;

/// <summary>
/// The only door to memory at an address that the running PV guest names. Each method checks the range, then copies once with a
/// page-fault fixup; false means that the guest could not have done the same access itself.
/// </summary>
public static unsafe class GuestMemory
{
    /// <summary>Reads a value at a guest address.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryRead<T>(ulong address, out T value) where T : unmanaged
    {
        Unsafe.SkipInit(out value);
        bool ok = false;
        if (AddressSpace.IsGuestRange(address, (ulong)sizeof(T)))
        {
            fixed (T* to = &value)
                ok = (sizeof(T) == 8 ? Asm.guest_read64(address, (ulong*)to)
                    : sizeof(T) == 4 ? Asm.guest_read32(address, (uint*)to)
                    : sizeof(T) == 16 ? Asm.guest_read128(address, to)
                    : Asm.guest_copy(to, (void*)address, (ulong)sizeof(T))) != 0;
        }
        if (!ok)
            value = default;
        return ok;
    }

    /// <summary>Writes a value at a guest address.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryWrite<T>(ulong address, T value) where T : unmanaged =>
        AddressSpace.IsGuestRange(address, (ulong)sizeof(T))
        && (sizeof(T) == 8
            ? Asm.guest_write64(address, *(ulong*)&value) != 0
            : Asm.guest_copy((void*)address, &value, (ulong)sizeof(T)) != 0);

    /// <summary>Reads bytes at a guest address.</summary>
    public static bool TryRead(ulong address, Span<byte> to)
    {
        fixed (byte* p = to)
            return AddressSpace.IsGuestRange(address, (ulong)to.Length) && Asm.guest_copy(p, (void*)address, (ulong)to.Length) != 0;
    }

    /// <summary>Writes bytes at a guest address.</summary>
    public static bool TryWrite(ulong address, ReadOnlySpan<byte> from)
    {
        fixed (byte* p = from)
            return AddressSpace.IsGuestRange(address, (ulong)from.Length) && Asm.guest_copy((void*)address, p, (ulong)from.Length) != 0;
    }

    /// <summary>Writes several 64-bit words at a guest address: an exception frame.</summary>
    public static bool TryWrite(ulong address, ReadOnlySpan<ulong> from)
    {
        fixed (ulong* p = from)
            return AddressSpace.IsGuestRange(address, (ulong)from.Length * 8) && Asm.guest_copy((void*)address, p, (ulong)from.Length * 8) != 0;
    }

    /// <summary>Reads several 64-bit words at a guest address: a list of requests.</summary>
    public static bool TryRead(ulong address, Span<ulong> to)
    {
        fixed (ulong* p = to)
            return AddressSpace.IsGuestRange(address, (ulong)to.Length * 8) && Asm.guest_copy(p, (void*)address, (ulong)to.Length * 8) != 0;
    }

    /// <summary>
    /// Writes what a 64-bit PV kernel finds on its stack at an exception: RCX and R11 of a frame, then its RIP, CS and RFLAGS as given, its RSP and SS.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryPushFrame(ulong bottom, ref GuestFrame frame, ulong cs, ulong flags) =>
        AddressSpace.IsGuestRange(bottom, 7 * 8) && Asm.guest_push_frame(bottom, ref frame, cs, flags) != 0;

    /// <summary>The same with an error code between R11 and RIP.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryPushFrame(ulong bottom, ref GuestFrame frame, ulong cs, ulong flags, ulong error) =>
        AddressSpace.IsGuestRange(bottom, 8 * 8) && Asm.guest_push_frame_with_error(bottom, ref frame, cs, flags, error) != 0;

    /// <summary>Reads element <paramref name="index"/> of an array that starts at a guest address.</summary>
    public static bool TryRead<T>(ulong address, ulong index, out T value) where T : unmanaged =>
        TryRead(unchecked(address + index * (ulong)sizeof(T)), out value);

    /// <summary>Writes element <paramref name="index"/> of an array that starts at a guest address.</summary>
    public static bool TryWrite<T>(ulong address, ulong index, T value) where T : unmanaged =>
        TryWrite(unchecked(address + index * (ulong)sizeof(T)), value);
}
