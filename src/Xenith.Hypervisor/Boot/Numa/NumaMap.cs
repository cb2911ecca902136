using System;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Boot;

/// <summary>
/// The nodes as they are being collected from firmware: numbers for proximity domains, memory sorted by address, CPUs. Whoever adds says when something does not fit, and then
/// the machine counts as one node: a wrong topology is worse than none.
/// </summary>
internal sealed class NumaMap
{
    private const int MostRanges = 2 * NumaTopology.MostNodes;
    private const int MostCpus = 4096;

    private readonly uint[] _domains = new uint[NumaTopology.MostNodes];
    private readonly NumaRange[] _ranges = new NumaRange[MostRanges];
    private readonly uint[] _apicIds = new uint[MostCpus];
    private readonly byte[] _nodeOfApic = new byte[MostCpus];
    private int _cpus;

    /// <summary>Nodes so far.</summary>
    internal int Nodes { get; private set; }

    /// <summary>Ranges of memory so far.</summary>
    internal int RangeCount { get; private set; }

    /// <summary>A range, by address.</summary>
    internal NumaRange Range(int index) => _ranges[index];

    /// <summary>The firmware's number of a node.</summary>
    internal uint DomainOf(int node) => _domains[node];

    /// <summary>The node of a proximity domain, a new one if there is none yet. False if there are too many.</summary>
    internal bool TryNode(uint domain, out byte node)
    {
        for (int i = 0; i < Nodes; i++)
        {
            node = (byte)i;
            if (_domains[i] == domain)
                return true;
        }
        node = (byte)(Nodes & 0xff);
        if (Nodes == NumaTopology.MostNodes)
            return false;
        _domains[Nodes] = domain;
        Nodes++;
        return true;
    }

    /// <summary>Notes a CPU. Those beyond the room count as unmentioned.</summary>
    internal void AddCpu(uint apicId, byte node)
    {
        if (_cpus == MostCpus)
            return;
        _apicIds[_cpus] = apicId;
        _nodeOfApic[_cpus] = node;
        _cpus++;
    }

    /// <summary>Notes memory. False if there is no room; <paramref name="rival"/> is the node of memory that it overlaps, or -1.</summary>
    internal bool TryAddRange(ulong start, ulong end, byte node, out int rival)
    {
        rival = -1;
        NumaRange range = new() { First = start / AddressSpace.PageSize, End = end / AddressSpace.PageSize, Node = node };
        if (range.First >= range.End)
            return true;
        int place = RangeCount;
        for (int i = 0; i < RangeCount; i++)
        {
            if (_ranges[i].First < range.End && range.First < _ranges[i].End)
            {
                rival = _ranges[i].Node;
                if (rival != node)
                    return false;
            }
        }
        if (RangeCount == MostRanges)
            return false;
        while (place > 0 && _ranges[place - 1].First > range.First)
        {
            _ranges[place] = _ranges[place - 1];
            place--;
        }
        _ranges[place] = range;
        RangeCount++;
        return true;
    }

    /// <summary>Joins ranges of one node that overlap. Those of different nodes do not.</summary>
    internal void Join()
    {
        int kept = 0;
        for (int i = 0; i < RangeCount; i++)
        {
            if (kept > 0 && _ranges[i].First < _ranges[kept - 1].End)
                _ranges[kept - 1].End = Math.Max(_ranges[kept - 1].End, _ranges[i].End);
            else
                _ranges[kept++] = _ranges[i];
        }
        RangeCount = kept;
    }

    /// <summary>Whether all frames from one to another are some node's.</summary>
    internal bool Covers(ulong first, ulong end)
    {
        for (int i = 0; i < RangeCount && first < end; i++)
        {
            if (_ranges[i].First <= first && first < _ranges[i].End)
                first = _ranges[i].End;
        }
        return first >= end;
    }

    /// <summary>Makes the topology of a machine with memory up to a frame.</summary>
    internal NumaTopology ToTopology(ulong frames)
    {
        NumaTopology topology = NumaTopology.Create(_ranges.AsSpan(0, RangeCount), _domains.AsSpan(0, Nodes), frames);
        topology.SetCpus(_apicIds.AsSpan(0, _cpus), _nodeOfApic.AsSpan(0, _cpus));
        return topology;
    }
}
