namespace Xenith.Machine;

/// <summary>What becomes of the code that a trap ends.</summary>
internal static class TrapModel
{
    /// <summary>True: a trap is an exception, and leaves scopes by way of their `Dispose`. <see cref="Ledger.Trapped"/> tells them to do nothing.</summary>
    internal const bool RunsDispose = true;
}
