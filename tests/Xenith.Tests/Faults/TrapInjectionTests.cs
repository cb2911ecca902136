// A trap at every point of every call ends the domain that made it, and nothing else: no count is wrong afterwards, nothing is lost, nobody waits for ever.
//
// An ordinary run traps at one point in 37. XENITH_FAULT_STEP says which points (1 for all), XENITH_FAULT_SHARE which part of the calls (0/2, 1/2), XENITH_FAULT_CALLS those whose names contain a text.

using System.Globalization;
using System.Text;
using Xunit;

namespace Xenith.Tests.Faults;

// One of the two at a time: they share the copy of the hypervisor.
[Collection("traps")]
public sealed class TrapInjectionTests(ITestOutputHelper output)
{
    private const int SliceStep = 37;

    [Fact]
    public void A_trap_anywhere_ends_the_caller_and_leaves_nothing_behind()
    {
        int step = Environment.GetEnvironmentVariable("XENITH_FAULT_STEP") is string chosen ? int.Parse(chosen, CultureInfo.InvariantCulture) : SliceStep;
        string filter = Environment.GetEnvironmentVariable("XENITH_FAULT_CALLS") ?? "";
        string[] share = (Environment.GetEnvironmentVariable("XENITH_FAULT_SHARE") ?? "0/1").Split('/');
        int first = int.Parse(share[0], CultureInfo.InvariantCulture), every = int.Parse(share[1], CultureInfo.InvariantCulture);
        WovenAssemblies woven = WovenAssemblies.Instance;
        var run = woven.Method<Func<int, int, string>>(typeof(FaultRun), nameof(FaultRun.Run));
        long points = 0, commit = 0, traps = 0;
        var mistakes = new StringBuilder();
        for (int call = first; call < FaultCalls.All.Count; call += every)
        {
            if (!FaultCalls.All[call].Name.Contains(filter, StringComparison.Ordinal))
                continue;
            string[] parts = run(call, step).Split('\t');
            points += long.Parse(parts[1], CultureInfo.InvariantCulture);
            commit += long.Parse(parts[2], CultureInfo.InvariantCulture);
            traps += long.Parse(parts[3], CultureInfo.InvariantCulture);
            output.WriteLine($"{parts[0]}: {parts[1]} points, {parts[2]} in [Commit], {(parts.Length - 4) / 2} mistakes");
            for (int i = 4; i < parts.Length; i += 2)
            {
                int site = int.Parse(parts[i], CultureInfo.InvariantCulture);
                string where = site < 0 ? "" : $", in {woven.Sites[site].Method} before {woven.Sites[site].Callee}";
                string what = $"{parts[0]}: {parts[i + 1]}{where}";
                output.WriteLine(what);
                mistakes.AppendLine(what);
            }
        }

        output.WriteLine($"{points} calls into Machine and the ledger outside [Commit] methods, {traps} of them trapped; {commit} inside");
        Assert.True(mistakes.Length == 0, mistakes.ToString());
    }
}
