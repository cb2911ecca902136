namespace Xenith.Hypervisor.Memory;

/// <summary>
/// Wishes of who allocates frames. Unless <see cref="Unscrubbed"/> is asked for, every frame comes filled with zeros: what its last user left there is nobody else's business.
/// </summary>
public readonly struct AllocationFlags
{
    private readonly byte _addressBits;
    private readonly byte _node;
    private readonly bool _exactNode;
    private readonly bool _unscrubbed;
    private readonly bool _claimed;

    private AllocationFlags(byte addressBits, byte node, bool exactNode, bool unscrubbed, bool claimed)
    {
        _addressBits = addressBits;
        _node = node;
        _exactNode = exactNode;
        _unscrubbed = unscrubbed;
        _claimed = claimed;
    }

    /// <summary>Any frames, zeroed.</summary>
    public static AllocationFlags None => default;

    /// <summary>The same as <see cref="None"/>; says that the caller relies on the zeros.</summary>
    public static AllocationFlags Zeroed => default;

    /// <summary>Any frames with whatever they hold: only for a caller that overwrites all of them before a guest can see them.</summary>
    public static AllocationFlags Unscrubbed => new(0, 0, false, true, false);

    /// <summary>Only machine addresses below 2 to the power of <paramref name="bits"/>; 0 for any.</summary>
    public AllocationFlags Below(int bits) => new((byte)bits, _node, _exactNode, _unscrubbed, _claimed);

    /// <summary>From a NUMA node if possible; if <paramref name="exact"/>, from no other.</summary>
    public AllocationFlags OnNode(int node, bool exact) => new(_addressBits, (byte)(node + 1), exact, _unscrubbed, _claimed);

    /// <summary>The frames have been claimed before (XENMEM_claim_pages): they may come out of what is set aside.</summary>
    public AllocationFlags FromClaim() => new(_addressBits, _node, _exactNode, _unscrubbed, true);

    /// <summary>Limit as a number of address bits; 0 for none.</summary>
    internal int AddressBits => _addressBits;

    /// <summary>Preferred node, or -1.</summary>
    internal int Node => _node - 1;

    internal bool IsExactNode => _exactNode;

    internal bool MayBeDirty => _unscrubbed;

    internal bool UsesClaim => _claimed;
}
