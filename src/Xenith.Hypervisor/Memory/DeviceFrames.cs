using System;
using System.Threading;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Memory;

/// <summary>
/// What a domain may map that is no RAM. The privileged domain may map every frame outside RAM, except the few whose registers are the hypervisor's own:
/// interrupt controllers now, IOMMUs later. Configuration space in memory and the tables of MSI-X in use may be read only. Other domains get none before devices can be assigned to them.
/// </summary>
public sealed class DeviceFrames
{
    private const int Capacity = 128;

    private readonly ulong[] _first = new ulong[Capacity];
    private readonly ulong[] _last = new ulong[Capacity];
    private readonly bool[] _readOnly = new bool[Capacity];
    private int _count;

    /// <summary>Ranges that are read-only for a while: first frame, and the number of frames in the upper bits. 0 where none is. A word each, so that who asks needs no lock.</summary>
    private readonly ulong[] _protected = new ulong[ProtectedCapacity];
    private const int ProtectedCapacity = 512, CountShift = 48;
    private const ulong FrameMask = (1UL << CountShift) - 1;
    private int _protectedEnd;

    /// <summary>Bits of a physical address on this machine; no frame lies beyond.</summary>
    public int AddressBits { get; set; } = 52;

    /// <summary>Keeps frames of the hypervisor's own devices from all guests.</summary>
    public void Deny(Mfn first, ulong count) => Add(first.Value, first.Value + count - 1, false);

    /// <summary>Lets guests read these frames only, whatever they ask for.</summary>
    public void MakeReadOnly(Mfn first, ulong count) => Add(first.Value, first.Value + count - 1, true);

    /// <summary>True if a frame is kept from guests altogether.</summary>
    internal bool IsDenied(Mfn frame)
    {
        for (int i = 0; i < _count; i++)
        {
            if (frame.Value >= _first[i] && frame.Value <= _last[i] && !_readOnly[i])
                return true;
        }
        return false;
    }

    /// <summary>
    /// Makes frames read-only for whoever maps them from now on, until <see cref="Unprotect"/> has been called as often. False if there is no room. The caller's lock keeps others out who change this.
    /// </summary>
    internal bool TryProtect(ulong first, ulong count)
    {
        for (int i = 0; i < ProtectedCapacity; i++)
        {
            if (_protected[i] != 0)
                continue;
            Volatile.Write(ref _protected[i], count << CountShift | first);
            if (i >= _protectedEnd)
                Volatile.Write(ref _protectedEnd, i + 1);
            return true;
        }
        return false;
    }

    /// <summary>Undoes one <see cref="TryProtect"/>.</summary>
    internal void Unprotect(ulong first, ulong count)
    {
        for (int i = 0; i < _protectedEnd; i++)
        {
            if (_protected[i] != (count << CountShift | first))
                continue;
            Volatile.Write(ref _protected[i], 0);
            return;
        }
    }

    private bool IsProtected(Mfn frame)
    {
        int end = Volatile.Read(ref _protectedEnd);
        for (int i = 0; i < end; i++)
        {
            ulong range = Volatile.Read(ref _protected[i]);
            if (frame.Value - Math.Min(frame.Value, range & FrameMask) < range >> CountShift && frame.Value >= (range & FrameMask))
                return true;
        }
        return false;
    }

    /// <summary>Whether a domain may map a frame outside RAM, and whether for reading only.</summary>
    internal bool IsPermitted(Domain domain, Mfn frame, out bool readOnly)
    {
        readOnly = false;
        if (!domain.IsPrivileged || frame.Value >> (AddressBits - AddressSpace.PageShift) != 0)
            return false;
        for (int i = 0; i < _count; i++)
        {
            if (frame.Value < _first[i] || frame.Value > _last[i])
                continue;
            if (!_readOnly[i])
                return false;
            readOnly = true;
        }
        if (!readOnly)
            readOnly = IsProtected(frame);
        return true;
    }

    private void Add(ulong first, ulong last, bool readOnly)
    {
        Invariant.Holds(_count < Capacity);
        int at = _count;
        while (at > 0 && _first[at - 1] > first)
        {
            _first[at] = _first[at - 1];
            _last[at] = _last[at - 1];
            _readOnly[at] = _readOnly[at - 1];
            at--;
        }
        _first[at] = first;
        _last[at] = last;
        _readOnly[at] = readOnly;
        _count++;
    }
}
