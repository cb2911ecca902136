// Our names beside C's for xen/callback.h. AbiTable explains the format.

namespace Xenith.Tests.Abi;

internal static class CallbackTable
{
    public const string Rows = """
        header xen/callback.h
        value CallbackOp.Register = CALLBACKOP_register
        value CallbackOp.Unregister = CALLBACKOP_unregister
        value CallbackType.Event = CALLBACKTYPE_event
        value CallbackType.Failsafe = CALLBACKTYPE_failsafe
        value CallbackType.Syscall = CALLBACKTYPE_syscall
        value CallbackType.SysenterDeprecated = CALLBACKTYPE_sysenter_deprecated
        value CallbackType.Nmi = CALLBACKTYPE_nmi
        value CallbackType.Sysenter = CALLBACKTYPE_sysenter
        value CallbackType.Syscall32 = CALLBACKTYPE_syscall32
        value CallbackFlags.MaskEvents = CALLBACKF_mask_events
        struct CallbackRegister = struct callback_register
            Type = type
            Flags = flags
            Address = address
        struct CallbackUnregister = both struct callback_unregister
            Type = type
            Unused = _unused
        """;
}
