namespace Xenith.Cli;

/// <summary>
/// A failure that the user can understand: one line for standard error and the exit status that goes with it.
/// Anything else that escapes is a fault of the tool itself and is shown with its stack.
/// </summary>
internal sealed class ToolException(int status, string message) : Exception(message)
{
    public int Status { get; } = status;

    /// <summary>The request itself is wrong: a bad option value, a file that is not there.</summary>
    public static ToolException Usage(string message) => new(ExitStatus.Usage, message);

    /// <summary>The request was fine; what it needed could not be had.</summary>
    public static ToolException Failure(string message) => new(ExitStatus.Failure, message);
}

/// <summary>Exit statuses that the tool gives on its own account; others are those of the commands run in dom0.</summary>
internal static class ExitStatus
{
    public const int Success = 0;
    public const int Failure = 1;
    public const int Usage = 2;

    /// <summary>The time limit was reached, as <c>timeout(1)</c> says it.</summary>
    public const int TimedOut = 124;

    /// <summary>The machine ended in another way than the orderly one: a crash, a reset, an emulator that died.</summary>
    public const int Crashed = 125;
}
