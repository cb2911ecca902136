// Random tests run a part of their count on every day and all of it with './test --full hosted', which sets XENITH_FULL (src/Xenith.Cli/Testing/HostedTests.cs).

namespace Xenith.Tests;

internal static class FullCount
{
    private static readonly bool s_isFull = Environment.GetEnvironmentVariable("XENITH_FULL") == "1";

    /// <summary>How often a test tries today.</summary>
    public static int Or(int slice, int full) => s_isFull ? full : slice;
}
