namespace Xenith.Hypervisor.Console;

/// <summary>
/// How many messages may come: ten at once, and one more every five seconds, as in Xen. What is held back is counted, and the next message that passes says so.
/// </summary>
public struct RateLimit
{
    private const ulong Interval = 5_000_000_000;
    private const ulong Burst = 10;

    private ulong _spent;
    private ulong _last;
    private uint _missed;

    /// <summary>Asks for one message at a moment of system time; <paramref name="missed"/> were held back before one that passes.</summary>
    public bool MayPass(ulong now, out uint missed)
    {
        // The credit is kept as what is missing from it, so that a new limit is full.
        ulong passed = now > _last ? now - _last : 0;
        _spent = _spent > passed ? _spent - passed : 0;
        _last = now;
        missed = 0;
        if (_spent > (Burst - 1) * Interval)
        {
            if (_missed != uint.MaxValue)
                _missed++;
            return false;
        }
        _spent += Interval;
        missed = _missed;
        _missed = 0;
        return true;
    }
}
