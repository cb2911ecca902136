namespace Xenith.Hypervisor.Interrupts;

/// <summary>
/// What dom0 has found on the PCI buses: its functions, and the windows of memory-mapped configuration space that its firmware keeps out of the way. The
/// hypervisor does not enumerate buses itself; what it does with a device later (messages, assignment) starts from here.
/// </summary>
public sealed class PciDevices
{
    private const int MaxFunctions = 1024;
    private const int MaxWindows = 8;

    private readonly SpinLock _lock = new(LockRank.Interrupts);
    private readonly Function[] _functions = new Function[MaxFunctions];
    private readonly Window[] _windows = new Window[MaxWindows];
    private int _count;
    private int _windowCount;

    /// <summary>Functions that are known.</summary>
    public int Count => _count;

    /// <summary>True if dom0 has reported a function.</summary>
    public bool Contains(ushort segment, byte bus, byte function)
    {
        using (_lock.Enter())
            return Find(Name(segment, bus, function)) >= 0;
    }

    /// <summary>Adds a function, or changes what is known of it (XEN_PCI_DEV_* of public/physdev.h).</summary>
    public XenError Add(ushort segment, byte bus, byte function, uint flags)
    {
        uint name = Name(segment, bus, function);
        using (_lock.Enter())
        {
            int at = Find(name);
            if (at < 0)
            {
                if (_count == MaxFunctions)
                    return XenError.NoMemory;
                at = _count++;
            }
            _functions[at].Name = name;
            _functions[at].Flags = flags;
            return XenError.None;
        }
    }

    /// <summary>Forgets a function.</summary>
    public XenError Remove(ushort segment, byte bus, byte function)
    {
        using (_lock.Enter())
        {
            int at = Find(Name(segment, bus, function));
            if (at < 0)
                return XenError.NoDevice;
            _count--;
            _functions[at] = _functions[_count];
            return XenError.None;
        }
    }

    /// <summary>Notes whether the firmware reserves a window: only then may it be used.</summary>
    public XenError SetWindow(ulong address, ushort segment, byte firstBus, byte lastBus, bool reserved)
    {
        using (_lock.Enter())
        {
            int at = 0;
            while (at < _windowCount && (_windows[at].Address != address || _windows[at].Segment != segment))
                at++;
            if (at == MaxWindows)
                return XenError.NoSpace;
            if (at == _windowCount)
                _windowCount++;
            _windows[at] = new Window { Address = address, Segment = segment, FirstBus = firstBus, LastBus = lastBus, IsReserved = reserved };
            return XenError.None;
        }
    }

    /// <summary>Debug key Q: a line for each function that is known.</summary>
    internal void Dump(Console.ConsoleLog log)
    {
        log.Always($"==== PCI devices ====");
        log.Always($"==== segment 0000 ====");
        for (int i = 0; i < _count; i++)
        {
            uint name = _functions[i].Name;
            log.Always($"{name >> 16:x4}:{name >> 8 & 0xff:x2}:{name >> 3 & 0x1f:x2}.{name & 7} - d0 - node -1");
        }
    }

    private static uint Name(ushort segment, byte bus, byte function) => (uint)segment << 16 | (uint)bus << 8 | function;

    private int Find(uint name)
    {
        for (int i = 0; i < _count; i++)
        {
            if (_functions[i].Name == name)
                return i;
        }
        return -1;
    }

    private struct Function
    {
        internal uint Name;
        internal uint Flags;
    }

    private struct Window
    {
        internal ulong Address;
        internal ushort Segment;
        internal byte FirstBus, LastBus;
        internal bool IsReserved;
    }
}
