using System.Globalization;

namespace Xenith.Cli.Emulation;

/// <summary>
/// The CPU time of an emulator: of this process, or of its only child where it is a guard around one. CPU time, unlike wall time,
/// can be compared between runs on a busy machine. /proc keeps it only while the process lives, so it is sampled.
/// </summary>
/// <param name="process">The number of the process that was started.</param>
/// <param name="guarded">It is a guard, and the emulator is its child.</param>
internal sealed class ProcessTimes(int process, bool guarded)
{
    private const double TicksPerSecond = 100; // USER_HZ, fixed on x86.
    private string? stat;

    public double Seconds { get; private set; }

    public void Sample()
    {
        try
        {
            stat ??= Place();
            if (stat is null)
                return;
            // The name in parentheses may hold spaces; utime and stime are fields 14 and 15, the 12th and 13th after it.
            var fields = File.ReadAllText(stat).Split(") ")[^1].Split(' ');
            Seconds = fields[11..13].Sum(field => long.Parse(field, CultureInfo.InvariantCulture)) / TicksPerSecond;
        }
        catch (IOException)
        {
            // It is gone.
        }
    }

    private string? Place()
    {
        if (!guarded)
            return $"/proc/{process}/stat";
        var child = File.ReadAllText($"/proc/{process}/task/{process}/children").Trim();
        return child.Length == 0 ? null : $"/proc/{child}/stat";
    }
}
