// The same for the calls that the fuzzer makes, in the states that its sequences lead to.
//
// An ordinary run makes a few sequences and traps at one point in 37. XENITH_FAULT_STEP says which points (1 for all), XENITH_FAULT_SEQUENCES how many sequences, XENITH_FAULT_SHARE which part of them (0/2,
// 1/2), XENITH_FAULT_FIRST with which they begin.

using System.Globalization;
using System.Text;
using Xunit;

namespace Xenith.Tests.Faults;

// One of the two at a time: they share the copy of the hypervisor.
[Collection("traps")]
public sealed class CorpusTrapTests(ITestOutputHelper output)
{
    private const int SliceStep = 37, SliceSequences = 12;

    [Fact]
    public void A_trap_anywhere_in_what_the_fuzzer_does_ends_the_caller_and_leaves_nothing_behind()
    {
        int step = Number("XENITH_FAULT_STEP", SliceStep), sequences = Number("XENITH_FAULT_SEQUENCES", SliceSequences), begin = Number("XENITH_FAULT_FIRST", 0);
        string[] share = (Environment.GetEnvironmentVariable("XENITH_FAULT_SHARE") ?? "0/1").Split('/');
        int first = int.Parse(share[0], CultureInfo.InvariantCulture), every = int.Parse(share[1], CultureInfo.InvariantCulture);
        WovenAssemblies woven = WovenAssemblies.Instance;
        var run = woven.Method<Func<int, int, string>>(typeof(CorpusRun), nameof(CorpusRun.Run));
        long[] sums = new long[6];
        var mistakes = new StringBuilder();
        for (int sequence = begin + first; sequence < begin + sequences; sequence += every)
        {
            string[] parts = run(sequence, step).Split('\t');
            for (int i = 0; i < sums.Length; i++)
                sums[i] += long.Parse(parts[i], CultureInfo.InvariantCulture);
            for (int i = sums.Length; i < parts.Length; i += 2)
            {
                int site = int.Parse(parts[i], CultureInfo.InvariantCulture);
                string where = site < 0 ? "" : $", in {woven.Sites[site].Method} before {woven.Sites[site].Callee}";
                output.WriteLine($"{parts[i + 1]}{where}");
                mistakes.AppendLine(CultureInfo.InvariantCulture, $"{parts[i + 1]}{where}");
            }
        }

        output.WriteLine(
            $"{sequences / every} sequences, {sums[0]} calls, {sums[1]} of them on ways of their own: {sums[2]} calls into Machine and the ledger outside [Commit] methods, {sums[4]} of them trapped ({sums[5]} while dom0 was served); {sums[3]} inside");
        Assert.True(mistakes.Length == 0, mistakes.ToString());
    }

    private static int Number(string name, int otherwise) => Environment.GetEnvironmentVariable(name) is string text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
