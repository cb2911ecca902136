using Xenith.Cli.Testing;
using Xunit;

namespace Xenith.Cli.Tests;

public sealed class HostileTranscriptTests
{
    private const string Page = """
        # Safety
        | `not.here` | x |
        ### Where a hostile guest gets another answer than from Xen

        | attack | here | Xen 4.17 | why |
        |---|---|---|---|
        | `a.b`, `c.*` | 0 | -EINVAL | because |
        ## Next
        | `nor.here` | x |
        """;

    [Fact]
    public void Rows_of_the_table_are_explanations() => Assert.Equal(["a.b", "c.*"], HostileTranscript.Explained(Page));

    [Fact]
    public void Unexplained_differences_and_idle_explanations_are_found()
    {
        string[] theirs = ["ATTACK a.b: -EINVAL", "ATTACK c.x: 0x0", "ATTACK d: 0x0", "ATTACK e: 0x1"];
        Assert.Empty(HostileTranscript.Compare(["ATTACK a.b: 0x0", "ATTACK c.x: 0x1", "ATTACK d: 0x0", "ATTACK e: 0x1"], theirs, ["a.b", "c.*"]));
        Assert.Equal(["d: here 0x1, real Xen 0x0"], HostileTranscript.Compare(["ATTACK a.b: 0x0", "ATTACK c.x: 0x1", "ATTACK d: 0x1", "ATTACK e: 0x1"], theirs, ["a.b", "c.*"]));
        Assert.Equal(["e: here (none), real Xen 0x1"], HostileTranscript.Compare(["ATTACK a.b: 0x0", "ATTACK c.x: 0x1", "ATTACK d: 0x0"], theirs, ["a.b", "c.*"]));
        Assert.Equal(["docs/safety.md explains 'c.*', which is no difference"], HostileTranscript.Compare(["ATTACK a.b: 0x0", "ATTACK c.x: 0x0", "ATTACK d: 0x0", "ATTACK e: 0x1"], theirs, ["a.b", "c.*"]));
    }

    [Fact]
    public void A_crash_is_told_by_where_and_why()
    {
        string[] log =
        [
            "(XEN) d0v0 Unhandled: vec 6, #UD[0000]",
            "(XEN) Domain 0 (vcpu#0) crashed on cpu#0:",
            "(XEN) Hardware Dom0 crashed: rebooting machine in 5 seconds.",
        ];
        Assert.Equal("CRASH x: d0v0 crashed, unhandled vec 6, #UD, host ends", HostileTranscript.CrashIn("x", log));
        Assert.Equal("CRASH x: no crash", HostileTranscript.CrashIn("x", ["ATTACK a: 0x0"]));
    }
}
