// Our names beside C's for xen/io/xs_wire.h, xen/io/console.h. AbiTable explains the format.

namespace Xenith.Tests.Abi;

internal static class IoRingsTable
{
    public const string Rows = """
        header xen/io/xs_wire.h
        header xen/io/console.h
        value XenstoreMessage.Control = XS_CONTROL
        value XenstoreMessage.Directory = XS_DIRECTORY
        value XenstoreMessage.Read = XS_READ
        value XenstoreMessage.GetPerms = XS_GET_PERMS
        value XenstoreMessage.Watch = XS_WATCH
        value XenstoreMessage.Unwatch = XS_UNWATCH
        value XenstoreMessage.TransactionStart = XS_TRANSACTION_START
        value XenstoreMessage.TransactionEnd = XS_TRANSACTION_END
        value XenstoreMessage.Introduce = XS_INTRODUCE
        value XenstoreMessage.Release = XS_RELEASE
        value XenstoreMessage.GetDomainPath = XS_GET_DOMAIN_PATH
        value XenstoreMessage.Write = XS_WRITE
        value XenstoreMessage.Mkdir = XS_MKDIR
        value XenstoreMessage.Rm = XS_RM
        value XenstoreMessage.SetPerms = XS_SET_PERMS
        value XenstoreMessage.WatchEvent = XS_WATCH_EVENT
        value XenstoreMessage.Error = XS_ERROR
        value XenstoreMessage.IsDomainIntroduced = XS_IS_DOMAIN_INTRODUCED
        value XenstoreMessage.Resume = XS_RESUME
        value XenstoreMessage.SetTarget = XS_SET_TARGET
        value XenstoreMessage.ResetWatches = XS_RESET_WATCHES
        value XenstoreMessage.DirectoryPart = XS_DIRECTORY_PART
        value XenstoreConstants.RingSize = XENSTORE_RING_SIZE
        value XenstoreConstants.PayloadMax = XENSTORE_PAYLOAD_MAX
        value XenstoreConstants.AbsPathMax = XENSTORE_ABS_PATH_MAX
        value XenstoreConstants.RelPathMax = XENSTORE_REL_PATH_MAX
        value XenstoreConstants.ServerFeatureReconnection = XENSTORE_SERVER_FEATURE_RECONNECTION
        value XenstoreConstants.ServerFeatureError = XENSTORE_SERVER_FEATURE_ERROR
        value XenstoreConstants.Connected = XENSTORE_CONNECTED
        value XenstoreConstants.Reconnect = XENSTORE_RECONNECT
        value XenstoreConstants.ErrorNone = XENSTORE_ERROR_NONE
        value XenstoreConstants.ErrorComm = XENSTORE_ERROR_COMM
        value XenstoreConstants.ErrorRingidx = XENSTORE_ERROR_RINGIDX
        value XenstoreConstants.ErrorProto = XENSTORE_ERROR_PROTO
        struct XenconsInterface = both struct xencons_interface
            In = in
            Out = out
            InCons = in_cons
            InProd = in_prod
            OutCons = out_cons
            OutProd = out_prod
        struct XsdSockmsg = both struct xsd_sockmsg
            Type = type
            ReqId = req_id
            TxId = tx_id
            Len = len
        struct XenstoreDomainInterface = both struct xenstore_domain_interface
            Req = req
            Rsp = rsp
            ReqCons = req_cons
            ReqProd = req_prod
            RspCons = rsp_cons
            RspProd = rsp_prod
            ServerFeatures = server_features
            Connection = connection
            Error = error
        """;
}
