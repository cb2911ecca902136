// Our names beside C's for xen/nmi.h. AbiTable explains the format.

namespace Xenith.Tests.Abi;

internal static class NmiTable
{
    public const string Rows = """
        header xen/nmi.h
        value NmiOp.RegisterCallback = XENNMI_register_callback
        value NmiOp.UnregisterCallback = XENNMI_unregister_callback
        value NmiReason.IoError = XEN_NMIREASON_io_error
        value NmiReason.PciSerr = XEN_NMIREASON_pci_serr
        value NmiReason.Unknown = XEN_NMIREASON_unknown
        struct NmiCallback = struct xennmi_callback
            HandlerAddress = handler_address
            Pad = pad
        """;
}
