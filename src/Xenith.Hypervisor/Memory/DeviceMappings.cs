using Xenith.Machine;

namespace Xenith.Hypervisor.Memory;

/// <summary>
/// Mappings of single pages of device registers that come and go while guests run: tables of MSI-X. The page table that holds them is made while booting, so nothing above it changes. A page that
/// nobody needs any more stays mapped until its slot is wanted for another; only then do TLBs have to be flushed.
/// </summary>
public sealed class DeviceMappings
{
    private const int Slots = 512;
    private const ulong Registers = PageFlags.Present | PageFlags.Writable | PageFlags.Accessed | PageFlags.Dirty | PageFlags.NoExecute | PageFlags.CacheDisable | PageFlags.WriteThrough;

    private readonly Mfn _table;
    private readonly ulong _address;
    private readonly ulong[] _frames = new ulong[Slots];
    private readonly uint[] _users = new uint[Slots];

    /// <summary>Uses the 512 entries of an L1 table, whose first maps an address.</summary>
    public DeviceMappings(Mfn table, ulong address)
    {
        _table = table;
        _address = address;
    }

    /// <summary>Maps a page, or finds it mapped. False if all slots are in use. The caller's lock keeps others out; no handler takes it.</summary>
    internal bool TryMap(MachineMemory memory, Mfn frame, out MmioRegion page)
    {
        int slot = -1;
        for (int i = 0; i < Slots; i++)
        {
            if (_frames[i] == frame.Value)
            {
                slot = i;
                break;
            }
            if (_users[i] == 0 && (slot < 0 || (_frames[slot] != 0 && _frames[i] == 0)))
                slot = i;
        }
        page = default;
        if (slot < 0)
            return false;
        if (_frames[slot] != frame.Value)
        {
            bool isReused = _frames[slot] != 0;
            _frames[slot] = frame.Value;
            ulong stamp = memory.Tlb.Now;
            PageTableView.At(_table).Write(slot, new PageTableEntry(frame, Registers));
            if (isReused)
                memory.Tlb.FlushSince(stamp);
        }
        _users[slot]++;
        page = MmioRegion.AtMapped(_address + (ulong)slot * AddressSpace.PageSize, AddressSpace.PageSize);
        return true;
    }

    /// <summary>Gives one use of a page back.</summary>
    internal void Release(Mfn frame)
    {
        for (int i = 0; i < Slots; i++)
        {
            if (_frames[i] == frame.Value && _users[i] != 0)
            {
                _users[i]--;
                return;
            }
        }
    }
}
