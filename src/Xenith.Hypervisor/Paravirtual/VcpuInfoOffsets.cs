namespace Xenith.Hypervisor.Paravirtual;

/// <summary>Offsets in vcpu_info (public/xen.h), which the guest shares with us.</summary>
internal static class VcpuInfoOffsets
{
    internal const uint UpcallPending = 0;
    internal const uint UpcallMask = 1;
    internal const uint Cr2 = 16;
}
