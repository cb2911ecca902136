using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>Pages of a guest that the hypervisor keeps using after the call: it holds a reference, so that they stay the domain's, and of type writable, so that they become no page table.</summary>
internal static class GuestPages
{
    /// <summary>Takes the references on a page that a PV guest names by its machine frame. False if it is not the domain's or cannot be writable.</summary>
    internal static bool TryKeepWritable(Domain domain, ulong frame, out Mfn page)
    {
        page = new Mfn(frame);
        return Host.Current.Memory.Types.TryGetWritable(page, domain) == XenError.None;
    }

    /// <summary>Gives the references back.</summary>
    internal static void Release(Mfn page) => Host.Current.Memory.Types.PutType(page);
}
