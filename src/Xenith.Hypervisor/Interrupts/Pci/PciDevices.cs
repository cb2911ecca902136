using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Paravirtual;

namespace Xenith.Hypervisor.Interrupts;

/// <summary>
/// What dom0 has found on the PCI buses. The hypervisor does not enumerate buses itself; what it does with a function later (messages, assignment) starts from here.
/// </summary>
public sealed class PciDevices
{
    private const int MaxFunctions = 512;

    private readonly PciFunction[] _functions = new PciFunction[MaxFunctions];
    private readonly PairedPorts _ports;
    private int _end;

    /// <summary>No function is known.</summary>
    internal PciDevices(PairedPorts ports)
    {
        _ports = ports;
        Windows = new PciWindows();
        Configuration = new PciConfiguration(ports, Windows);
        for (int i = 0; i < MaxFunctions; i++)
            _functions[i] = new PciFunction();
    }

    /// <summary>Configuration space in memory.</summary>
    public PciWindows Windows { get; private set; }

    /// <summary>Configuration space of all functions.</summary>
    public PciConfiguration Configuration { get; private set; }

    /// <summary>Mappings of MSI-X tables; null until the boot has made them.</summary>
    public DeviceMappings? Mappings { get; private set; }

    /// <summary>Functions that are known.</summary>
    public int Count { get; private set; }

    /// <summary>Held while functions come and go, and while their messages are set up. Not taken by handlers.</summary>
    internal SpinLock Lock { get; } = new(LockRank.PciDevices);

    /// <summary>Takes what the boot has mapped.</summary>
    public void Use(PciWindows windows, DeviceMappings? mappings)
    {
        Windows = windows;
        Mappings = mappings;
        Configuration = new PciConfiguration(_ports, windows);
    }

    /// <summary>True if dom0 has reported a function.</summary>
    public bool Contains(ushort segment, byte bus, byte function)
    {
        using (Lock.Enter())
            return Find(new PciSbdf(segment, bus, function)) is not null;
    }

    /// <summary>
    /// Adds a function, or changes what is known of it (XEN_PCI_DEV_* of public/physdev.h). Its memory regions are measured the first time only: a driver may use it later.
    /// <see cref="XenError.NoMemory"/> if there are too many.
    /// </summary>
    internal XenError Add(PciSbdf sbdf, uint flags)
    {
        using (Lock.Enter())
        {
            if (Find(sbdf) is PciFunction known)
            {
                known.Flags = flags;
                return XenError.None;
            }
            int at = 0;
            while (at < _end && _functions[at].IsKnown)
                at++;
            if (at == MaxFunctions)
                return XenError.NoMemory;
            if (at == _end)
                _end++;
            _functions[at].Learn(Configuration, sbdf, flags);
            Count++;
            return XenError.None;
        }
    }

    /// <summary>Forgets a function. Messages of it that are in use end. <see cref="XenError.NoDevice"/> if it is not known.</summary>
    internal XenError Remove(PciSbdf sbdf)
    {
        using (Lock.Enter())
        {
            if (Find(sbdf) is not PciFunction function)
                return XenError.NoDevice;
            MessageSetup.ReleaseAll(this, function);
            function.Forget();
            Count--;
            return XenError.None;
        }
    }

    /// <summary>Debug key Q: a line for each function that is known, with the numbers of its messages.</summary>
    internal void Dump(Console.ConsoleLog log)
    {
        log.Always($"==== PCI devices ====");
        log.Always($"==== segment 0000 ====");
        for (int i = 0; i < _end; i++)
        {
            PciFunction function = _functions[i];
            if (!function.IsKnown)
                continue;
            PciSbdf sbdf = function.Sbdf;
            Console.LogText line = new(0, 0);
            line.AppendFormatted(sbdf.Segment, "x4");
            line.AppendFormatted(':');
            line.AppendFormatted(sbdf.Bus, "x2");
            line.AppendFormatted(':');
            line.AppendFormatted(sbdf.Device, "x2");
            line.AppendFormatted('.');
            line.AppendFormatted(sbdf.Function);
            line.AppendLiteral(" - d0 - node -1 ");
            MessageSetup.List(Host.Current.Interrupts, function, ref line);
            log.Always(line);
        }
    }

    /// <summary>A function, or null. The lock is held.</summary>
    internal PciFunction? Find(PciSbdf sbdf)
    {
        for (int i = 0; i < _end; i++)
        {
            if (_functions[i].IsKnown && _functions[i].Sbdf.Bits == sbdf.Bits)
                return _functions[i];
        }
        return null;
    }
}
