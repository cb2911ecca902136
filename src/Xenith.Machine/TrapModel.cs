namespace Xenith.Machine;

/// <summary>What becomes of the code that a trap ends.</summary>
internal static class TrapModel
{
    /// <summary>False: the stack is thrown away, and no `Dispose` on it runs.</summary>
    internal const bool RunsDispose = false;
}
