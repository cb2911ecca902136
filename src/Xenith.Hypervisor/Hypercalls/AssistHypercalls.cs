using System.Runtime.CompilerServices;
using Xenith.Abi;
using Xenith.Hypervisor.Domains;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>vm_assist (21): behaviour that a guest switches on or off for itself (public/xen.h, VMASST_*).</summary>
internal static class AssistHypercalls
{
    /// <summary>
    /// What a 64-bit PV guest may switch. The types of 4 GiB segments have a meaning for 32-bit guests only, but 64-bit ones may set them, as with Xen.
    /// m2p_strict (32) asks that user page tables do not show the machine-to-physical table, which they never do here.
    /// </summary>
    internal const ulong Known = 1UL << (int)VmAssistType.FourGbSegments
        | 1UL << (int)VmAssistType.FourGbSegmentsNotify
        | 1UL << (int)VmAssistType.WritablePageTables
        | 1UL << (int)VmAssistType.PaeExtendedCr3
        | 1UL << (int)VmAssistType.ArchitecturalIopl
        | 1UL << (int)VmAssistType.RunstateUpdateFlag
        | 1UL << (int)VmAssistType.M2pStrict;

    /// <summary>(command, type).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static long VmAssist(ulong command, ulong type, ulong a3, ulong a4, ulong a5, uint number)
    {
        uint bit = unchecked((uint)type);
        if (bit >= 64 || (Known >> (int)bit & 1) == 0)
            return XenError.Invalid.ToResult();
        Domain domain = Serving.Domain;
        switch ((VmAssistCommand)unchecked((uint)command))
        {
            case VmAssistCommand.Enable:
                domain.VmAssist |= 1UL << (int)bit;
                return 0;
            case VmAssistCommand.Disable:
                domain.VmAssist &= ~(1UL << (int)bit);
                return 0;
            default:
                return XenError.NotImplemented.ToResult();
        }
    }
}
