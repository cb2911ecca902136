namespace Xenith.Hypervisor;

/// <summary>The physical CPUs by number, the one that booted first.</summary>
public sealed class PcpuTable
{
    private readonly Pcpu?[] _byId = new Pcpu?[CpuSet.Capacity];
    private CpuSet _online;

    /// <summary>CPUs that run and take part in scheduling and flushes.</summary>
    public ref readonly CpuSet Online => ref _online;

    /// <summary>CPUs that have an object, online or not: numbers from here on are free.</summary>
    public uint End { get; private set; }

    /// <summary>The CPU with a number, or null.</summary>
    public Pcpu? Find(uint id) => id < (uint)_byId.Length ? _byId[(int)id] : null;

    /// <summary>Adds a CPU; it counts as online from <see cref="SetOnline"/> on.</summary>
    public void Add(Pcpu cpu)
    {
        _byId[(int)cpu.Id] = cpu;
        if (cpu.Id >= End)
            End = cpu.Id + 1;
    }

    /// <summary>Notes that a CPU has come online, or has gone.</summary>
    public void SetOnline(uint id, bool online)
    {
        if (online)
            _online.Add(id);
        else
            _online.Remove(id);
    }
}
