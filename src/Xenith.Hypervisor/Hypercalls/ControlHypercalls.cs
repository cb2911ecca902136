using System.Runtime.CompilerServices;
using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>
/// The control domain's calls, and the rarer ones that are not written: sysctl (35), domctl (36), kexec_op (37), hypfs_op (42), hvm_op (34), dm_op (41), xenpmu_op (40),
/// xenoprof_op (31), mca (48). What can be checked is checked in Xen's order, so that a caller without the right or with another version of
/// the tools learns just that.
/// </summary>
internal static class ControlHypercalls
{
    private const uint MachineCheckInterface = 0x01ec_c003;

    /// <summary>(address of struct xen_sysctl).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static long Sysctl(ulong argument, ulong a2, ulong a3, ulong a4, ulong a5, uint number)
    {
        if (!GuestMemory.TryRead(argument, out Abi.Sysctl op))
            return XenError.BadAddress.ToResult();
        if (op.InterfaceVersion != SysctlConstants.InterfaceVersion)
            return XenError.AccessDenied.ToResult();
        return Privileged(number, "sysctl", op.Cmd, op.Cmd <= (uint)SysctlOp.GetCpuPolicy);
    }

    /// <summary>(address of struct xen_domctl).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static long Domctl(ulong argument, ulong a2, ulong a3, ulong a4, ulong a5, uint number)
    {
        if (!GuestMemory.TryRead(argument, out Abi.Domctl op))
            return XenError.BadAddress.ToResult();
        if (op.InterfaceVersion != DomctlConstants.InterfaceVersion)
            return XenError.AccessDenied.ToResult();
        bool namesNoDomain = (DomctlOp)op.Cmd is DomctlOp.CreateDomain or DomctlOp.GetDomainInfo or DomctlOp.GdbsxGuestMemIo;
        if (!namesNoDomain && DomainLookup.Find(op.Domain) is null)
            return XenError.NoSuchDomain.ToResult();
        return Privileged(number, "domctl", op.Cmd, op.Cmd <= (uint)DomctlOp.SetPagingMempoolSize || op.Cmd >= (uint)DomctlOp.GdbsxGuestMemIo);
    }

    /// <summary>(command, argument).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static long KexecOp(ulong command, ulong argument, ulong a3, ulong a4, ulong a5, uint number) =>
        Privileged(number, "kexec_op", unchecked((uint)command), true);

    /// <summary>(command, path, its length, buffer, its length).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static long HypfsOp(ulong command, ulong path, ulong pathLength, ulong buffer, ulong bufferLength, uint number) =>
        Privileged(number, "hypfs_op", unchecked((uint)command), true);

    /// <summary>mca: (address of struct xen_mc).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static long MachineCheck(ulong argument, ulong a2, ulong a3, ulong a4, ulong a5, uint number)
    {
        if (!Serving.Domain.IsPrivileged)
            return XenError.NotPermitted.ToResult();
        if (!GuestMemory.TryRead(argument, out ulong head))
            return XenError.BadAddress.ToResult();
        if (head >> 32 != MachineCheckInterface)
            return XenError.AccessDenied.ToResult();
        return NotWritten.Operation(number, "mca", unchecked((uint)head));
    }

    /// <summary>(command, argument).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static long HvmOp(ulong command, ulong argument, ulong a3, ulong a4, ulong a5, uint number) =>
        NotWritten.Operation(number, "hvm_op", unchecked((uint)command));

    /// <summary>(domain, number of buffers, buffers).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static long DmOp(ulong domain, ulong count, ulong buffers, ulong a4, ulong a5, uint number) => NotWritten.Call(number, "dm_op");

    /// <summary>(command, argument).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static long XenoprofOp(ulong command, ulong argument, ulong a3, ulong a4, ulong a5, uint number) =>
        NotWritten.Operation(number, "xenoprof_op", unchecked((uint)command));

    /// <summary>(command, argument): performance counters for guests are off, as they are in Xen unless asked for.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static long PmuOp(ulong command, ulong argument, ulong a3, ulong a4, ulong a5, uint number) => XenError.NotSupported.ToResult();

    /// <summary>-EPERM for others than the control domain; -ENOSYS, with a word in the log for operations that Xen knows.</summary>
    private static long Privileged(uint number, string name, uint operation, bool isKnown)
    {
        if (!Serving.Domain.IsPrivileged)
            return XenError.NotPermitted.ToResult();
        return isKnown ? NotWritten.Operation(number, name, operation) : XenError.NotImplemented.ToResult();
    }
}
