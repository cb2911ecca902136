using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Events;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>
/// A vCPU's vcpu_info lies in shared_info at first, where there is room for 32. VCPUOP_register_vcpu_info moves it into a page of the guest, once: the page stays
/// writable memory of the domain as long as the domain lives.
/// </summary>
internal static class VcpuInfoPlace
{
    private const uint Size = 64;

    /// <summary>
    /// Moves it. <see cref="XenError.NoDeviceOrAddress"/> if it would not fit or would not be aligned, <see cref="XenError.Invalid"/> if it has moved before, if the
    /// vCPU is another that runs, or if the frame is not the domain's own writable memory.
    /// </summary>
    internal static XenError Move(Vcpu caller, Vcpu vcpu, ulong frame, uint offset)
    {
        if (offset > AddressSpace.PageSize - Size || (offset & 7) != 0)
            return XenError.NoDeviceOrAddress;
        if (!vcpu.InfoFrame.IsInvalid || (vcpu != caller && vcpu.Scheduling.IsUp))
            return XenError.Invalid;
        XenError error = GuestPages.KeepWritable(vcpu.Domain, frame, out Mfn page);
        if (error != XenError.None)
            return error;

        SharedArea info = SharedArea.Page(page).Slice(offset, Size);
        Copy(vcpu.Info, info);
        vcpu.Info = info;
        vcpu.InfoFrame = page;
        if (vcpu == caller)
            PvEvents.Watch(vcpu);
        EventChannels.MarkAllPending(vcpu);
        vcpu.Timers.RepublishTime();
        return XenError.None;
    }

    /// <summary>A vCPU that had none starts with events masked.</summary>
    private static void Copy(SharedArea from, SharedArea to)
    {
        for (uint offset = 0; offset < Size; offset += 8)
            to.Store64(offset, from.Exists ? from.Load64(offset) : offset == 0 ? 0x100UL : 0);
    }
}
