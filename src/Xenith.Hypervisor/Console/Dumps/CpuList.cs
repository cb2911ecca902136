namespace Xenith.Hypervisor.Console;

/// <summary>A set of CPUs as people write it: `0-3,7`.</summary>
internal static class CpuList
{
    internal static LogText Text(in CpuSet cpus)
    {
        LogText text = new(0, 0);
        bool first = true;
        for (uint cpu = cpus.Next(0); cpu < CpuSet.Capacity; cpu = cpus.Next(cpu + 1))
        {
            uint last = cpu;
            while (last + 1 < CpuSet.Capacity && cpus.Contains(last + 1))
                last++;
            if (!first)
                text.AppendLiteral(",");
            first = false;
            text.AppendFormatted(cpu);
            if (last != cpu)
            {
                text.AppendLiteral("-");
                text.AppendFormatted(last);
            }
            cpu = last;
        }
        return text;
    }
}
