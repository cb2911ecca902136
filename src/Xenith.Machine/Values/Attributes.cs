using System;

namespace Xenith.Machine;

/// <summary>
/// Marks a method that changes shared data under a lock and therefore must not trap: it indexes, divides and dereferences nothing
/// that can fail. The build checks in the disassembly that no throw helper is reached from it.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CommitAttribute : Attribute
{
}
