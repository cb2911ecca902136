// Memory as code on the CPU sees it: by virtual address, through the translation caches. The hypervisor's GuestMemory uses it for a guest's
// pointers; a test uses it to be the guest.

using System;
using System.Runtime.CompilerServices;
using System.Threading;

namespace Xenith.Machine.Simulation;

public sealed unsafe partial class SimulatedCpu
{
    /// <summary>Translates an address; false if the access faults. The fault's address is then in CR2.</summary>
    public bool TryTranslate(ulong address, AccessKind kind, AccessMode mode, out ulong machineAddress, out uint error)
    {
        if (!AddressSpace.IsCanonical(address))
        {
            machineAddress = 0;
            error = 0;
            return false;
        }

        if (PageWalker.TryTranslate(this, address, kind, mode, out machineAddress, out error))
            return true;
        Cr2 = address;
        return false;
    }

    /// <summary>Reads a value as ring 3 would; false on a fault.</summary>
    public bool TryReadAsUser<T>(ulong address, out T value) where T : unmanaged
    {
        T copy = default;
        bool done = TryCopy(address, (byte*)&copy, (ulong)sizeof(T), AccessKind.Read, AccessMode.User);
        value = done ? copy : default;
        return done;
    }

    /// <summary>Writes a value as ring 3 would; false on a fault.</summary>
    public bool TryWriteAsUser<T>(ulong address, T value) where T : unmanaged =>
        TryCopy(address, (byte*)&value, (ulong)sizeof(T), AccessKind.Write, AccessMode.User);

    /// <summary>
    /// Copies between the process's memory and an address of the CPU, page by page as `rep movs` does: on a fault, what lies before it is done.
    /// Up to eight bytes are one access and happen whole or not at all.
    /// </summary>
    internal bool TryCopy(ulong address, byte* ours, ulong length, AccessKind kind, AccessMode mode)
    {
        ulong last = unchecked(address + length - 1);
        if (length is > 0 and <= 8 && last >> AddressSpace.PageShift != address >> AddressSpace.PageShift && !TryTranslate(last, kind, mode, out _, out _))
            return false;
        while (length > 0)
        {
            if (!TryTranslate(address, kind, mode, out ulong machine, out _))
                return false;
            ulong part = Math.Min(length, AddressSpace.PageSize - (address & (AddressSpace.PageSize - 1)));
            CopyPart(machine, ours, part, kind);
            ours += part;
            address = unchecked(address + part);
            length -= part;
        }

        return true;
    }

    /// <summary>Where there is no RAM, reads give ones and writes are lost: a guest may map such addresses and then see what is there.</summary>
    private void CopyPart(ulong machine, byte* ours, ulong length, AccessKind kind)
    {
        if (!Machine.Memory.Contains(machine, length))
        {
            if (kind != AccessKind.Write)
                new Span<byte>(ours, (int)length).Fill(0xff);
            return;
        }

        byte* theirs = Machine.Memory.Pointer(machine, length);
        if (kind == AccessKind.Write)
            Buffer.MemoryCopy(ours, theirs, length, length);
        else
            Buffer.MemoryCopy(theirs, ours, length, length);
    }

    /// <summary>LOCK CMPXCHG at an aligned address; <paramref name="expected"/> gets what was there.</summary>
    internal bool TryCompareExchange(ulong address, ref ulong expected, ulong value, AccessMode mode)
    {
        if (!TryTranslate(address, AccessKind.Write, mode, out ulong machine, out _))
            return false;
        expected = Interlocked.CompareExchange(ref Unsafe.AsRef<ulong>(Machine.Memory.Pointer(machine, 8)), value, expected);
        return true;
    }
}
