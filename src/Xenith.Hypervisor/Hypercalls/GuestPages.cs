using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>Pages of a guest that the hypervisor keeps using after the call: it holds a reference, so that they stay the domain's, and of type writable, so that they become no page table.</summary>
internal static class GuestPages
{
    /// <summary>
    /// Takes the references on a page that a PV guest names by its machine frame. <see cref="XenError.Restart"/> if it is on its way to or from being a page table,
    /// <see cref="XenError.Invalid"/> if it is not the domain's or cannot be writable.
    /// </summary>
    internal static XenError KeepWritable(Domain domain, ulong frame, out Mfn page)
    {
        page = new Mfn(frame);
        XenError error = Host.Current.Memory.Types.TryGetWritable(page, domain);
        return error is XenError.None or XenError.Restart ? error : XenError.Invalid;
    }

    /// <summary>Gives the references back.</summary>
    internal static void Release(Mfn page) => Host.Current.Memory.Types.PutType(page);
}
