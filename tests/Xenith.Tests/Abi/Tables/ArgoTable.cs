// Our names beside C's for xen/argo.h. AbiTable explains the format.

namespace Xenith.Tests.Abi;

internal static class ArgoTable
{
    public const string Rows = """
        header xen/argo.h
        value ArgoOp.RegisterRing = XEN_ARGO_OP_register_ring
        value ArgoOp.UnregisterRing = XEN_ARGO_OP_unregister_ring
        value ArgoOp.Sendv = XEN_ARGO_OP_sendv
        value ArgoOp.Notify = XEN_ARGO_OP_notify
        value ArgoRingFlags.Exists = XEN_ARGO_RING_EXISTS
        value ArgoRingFlags.Shared = XEN_ARGO_RING_SHARED
        value ArgoRingFlags.Empty = XEN_ARGO_RING_EMPTY
        value ArgoRingFlags.Sufficient = XEN_ARGO_RING_SUFFICIENT
        value ArgoRingFlags.Emsgsize = XEN_ARGO_RING_EMSGSIZE
        value ArgoRingFlags.Ebusy = XEN_ARGO_RING_EBUSY
        value ArgoConstants.DomidAny = XEN_ARGO_DOMID_ANY
        value ArgoConstants.MaxRingSize = XEN_ARGO_MAX_RING_SIZE
        value ArgoConstants.Maxiov = XEN_ARGO_MAXIOV
        value ArgoConstants.MsgSlotSize = XEN_ARGO_MSG_SLOT_SIZE
        value ArgoConstants.RegisterFlagFailExist = XEN_ARGO_REGISTER_FLAG_FAIL_EXIST
        struct ArgoIov = struct xen_argo_iov
            IovHnd = iov_hnd
            IovLen = iov_len
            Pad = pad
        struct ArgoAddr = both struct xen_argo_addr
            Aport = aport
            DomainId = domain_id
            Pad = pad
        struct ArgoSendAddr = both struct xen_argo_send_addr
            Src = src
            Dst = dst
        struct ArgoRing = both struct xen_argo_ring
            RxPtr = rx_ptr
            TxPtr = tx_ptr
            Reserved = reserved
        struct ArgoRegisterRing = both struct xen_argo_register_ring
            Aport = aport
            PartnerId = partner_id
            Pad = pad
            Len = len
        struct ArgoUnregisterRing = both struct xen_argo_unregister_ring
            Aport = aport
            PartnerId = partner_id
            Pad = pad
        struct ArgoRingDataEnt = both struct xen_argo_ring_data_ent
            Ring = ring
            Flags = flags
            Pad = pad
            SpaceRequired = space_required
            MaxMessageSize = max_message_size
        struct ArgoRingData = both struct xen_argo_ring_data
            Nent = nent
            Pad = pad
        struct ArgoRingMessageHeader = both struct xen_argo_ring_message_header
            Len = len
            Source = source
            MessageType = message_type
        """;
}
