using Xenith.Machine;

namespace Xenith.Hypervisor.Pools;

/// <summary>
/// The root of a group of objects that come and go while the machine runs: a domain or a vCPU with all that hangs from it. Its memory comes from a pool and never becomes anything
/// else, so a reference to one that is no more finds another of its kind, and the generation tells.
/// </summary>
public abstract class Pooled
{
    internal Pooled? NextFree;

    /// <summary>The first of the frames that the group lies in; invalid if no pool made it.</summary>
    internal Mfn Block = Mfn.Invalid;

    /// <summary>How often an object has been made in this place, this one included.</summary>
    public uint Generation { get; internal set; }
}
