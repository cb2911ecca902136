using System.Globalization;

namespace Xenith.Cli.Emulation;

/// <summary>
/// The CPU time of a process whose number it wrote into a file. CPU time, unlike wall time, can be compared between runs on a
/// busy machine. /proc keeps it only while the process lives, so it is sampled.
/// </summary>
internal sealed class ProcessTimes(string pidFile)
{
    private const double TicksPerSecond = 100; // USER_HZ, fixed on x86.
    private string? stat;

    public double Seconds { get; private set; }

    public void Sample()
    {
        try
        {
            stat ??= $"/proc/{File.ReadAllText(pidFile).Trim()}/stat";
            // The name in parentheses may hold spaces; utime and stime are fields 14 and 15, the 12th and 13th after it.
            var fields = File.ReadAllText(stat).Split(") ")[^1].Split(' ');
            Seconds = fields[11..13].Sum(field => long.Parse(field, CultureInfo.InvariantCulture)) / TicksPerSecond;
        }
        catch (IOException)
        {
            // Not written yet, or gone.
        }
    }
}
