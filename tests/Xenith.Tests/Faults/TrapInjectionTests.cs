// A trap at every point of every call ends the domain that made it, and nothing else: no count is wrong afterwards, nothing is lost, nobody waits for ever.

using System.Text;
using Xunit;

namespace Xenith.Tests.Faults;

public sealed class TrapInjectionTests(ITestOutputHelper output)
{
    [Fact]
    public void A_trap_anywhere_ends_the_caller_and_leaves_nothing_behind()
    {
        int step = int.Parse(Environment.GetEnvironmentVariable("XENITH_FAULT_STEP") ?? "1", System.Globalization.CultureInfo.InvariantCulture);
        string filter = Environment.GetEnvironmentVariable("XENITH_FAULT_CALLS") ?? "";
        WovenAssemblies woven = WovenAssemblies.Instance;
        var run = woven.Method<Func<int, int, string>>(typeof(FaultRun), nameof(FaultRun.Run));
        long points = 0, commit = 0, traps = 0;
        var mistakes = new Dictionary<string, int>();
        for (int call = 0; call < FaultCalls.All.Count; call++)
        {
            if (!FaultCalls.All[call].Name.Contains(filter, StringComparison.Ordinal))
                continue;
            string[] parts = run(call, filter.Length == 1 && !FaultCalls.All[call].Name.StartsWith("pin") && !FaultCalls.All[call].Name.Contains("baseptr") && !FaultCalls.All[call].Name.Contains("unpin") && !FaultCalls.All[call].Name.Contains("link") && !FaultCalls.All[call].Name.Contains("_gdt") ? 4 : step).Split('\t');
            points += long.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture);
            commit += long.Parse(parts[2], System.Globalization.CultureInfo.InvariantCulture);
            traps += long.Parse(parts[3], System.Globalization.CultureInfo.InvariantCulture);
            output.WriteLine($"{parts[0]}: {parts[1]} points, {parts[2]} in [Commit], {(parts.Length - 4) / 2} mistakes");
            for (int i = 4; i < parts.Length; i += 2)
            {
                int site = int.Parse(parts[i], System.Globalization.CultureInfo.InvariantCulture);
                string where = site < 0 ? "" : $"{woven.Sites[site].Method} before {woven.Sites[site].Callee}";
                string what = $"{where}\n    {parts[0]}: {parts[i + 1]}";
                output.WriteLine(what);
                mistakes[what] = mistakes.GetValueOrDefault(what) + 1;
            }
        }

        output.WriteLine($"{points} calls into Machine and the ledger outside [Commit] methods, {traps} of them trapped; {commit} inside");
        var report = new StringBuilder();
        foreach ((string what, int count) in mistakes.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            report.AppendLine($"{count} x {what}");
        Assert.True(mistakes.Count == 0, $"{mistakes.Count} kinds of mistakes\n{report}");
    }
}
