using System.Threading;
using Xenith.Hypervisor.Domains;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>
/// What is not written yet answers -ENOSYS, and the first caller of each is logged: so the log of a boot lists what that boot would have
/// liked to have. Calls and sub-operations that Xen itself does not know are refused without a word.
/// </summary>
public sealed class UnimplementedLog
{
    private const uint Calls = 64;
    private const uint Operations = 128;

    /// <summary>Stands for all that a 32-bit guest may ask of a call. No call has so many operations.</summary>
    internal const uint Any32Bit = Operations - 2;

    /// <summary>One bit for each sub-operation; those beyond the last share its bit.</summary>
    private readonly ulong[] _seen = new ulong[Calls * Operations / 64];

    /// <summary>True the first time that it is asked about a call (<paramref name="operation"/> 0 if it has none).</summary>
    public bool IsFirst(uint call, uint operation)
    {
        uint index = call % Calls * Operations + (operation < Operations ? operation : Operations - 1);
        ulong bit = 1UL << (int)(index % 64);
        return (Interlocked.Or(ref _seen[(int)(index / 64)], bit) & bit) == 0;
    }
}

/// <summary>The answer to what is not written.</summary>
internal static class NotWritten
{
    /// <summary>-ENOSYS for a whole call.</summary>
    internal static long Call(uint call, string name)
    {
        Host host = Host.Current;
        if (host.Unimplemented.IsFirst(call, 0))
            host.Log.Warning($"d{Serving.Domain.Id} made hypercall {name} ({call}), which is not implemented");
        return XenError.NotImplemented.ToResult();
    }

    /// <summary>-ENOSYS for every call of a 32-bit PV kernel.</summary>
    internal static long For32Bit(uint call)
    {
        Host host = Host.Current;
        if (host.Unimplemented.IsFirst(call, UnimplementedLog.Any32Bit))
            host.Log.Warning($"d{Serving.Domain.Id} made hypercall {call} as a 32-bit guest, which is not implemented");
        return XenError.NotImplemented.ToResult();
    }

    /// <summary>-ENOSYS for a sub-operation.</summary>
    internal static long Operation(uint call, string name, uint operation) => Operation(call, name, operation, XenError.NotImplemented);

    /// <summary>The same with another error: what a caller of Xen would see where a feature is missing.</summary>
    internal static long Operation(uint call, string name, uint operation, XenError answer)
    {
        Host host = Host.Current;
        if (host.Unimplemented.IsFirst(call, operation))
            host.Log.Warning($"d{Serving.Domain.Id} made hypercall {name} ({call}) with operation {operation}, which is not implemented");
        return answer.ToResult();
    }
}
