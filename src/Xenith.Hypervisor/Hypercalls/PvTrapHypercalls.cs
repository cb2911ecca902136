using System.Runtime.CompilerServices;
using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>Hypercalls by which a PV kernel says where it wants to be entered: trap table, callbacks, kernel stack, NMI.</summary>
internal static partial class PvHypercalls
{
    private const ulong TrapInfoSize = 16;

    /// <summary>
    /// set_trap_table (0): gates to set (public/xen.h, struct trap_info), up to one with address 0. Gates that are not named stay. A null list clears all.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long SetTrapTable(ulong list, ulong a2, ulong a3, ulong a4, ulong a5, uint number)
    {
        Vcpu vcpu = Serving.Vcpu;
        if (list == 0)
        {
            vcpu.Pv.Traps = default;
            return 0;
        }
        for (ulong at = list; ; at = unchecked(at + TrapInfoSize))
        {
            if (at != list && Continuation.IsDue(vcpu))
                return Continuation.Again(number, at);
            if (!GuestMemory.TryRead(at, out TrapInfo entry))
                return XenError.BadAddress.ToResult();
            if (entry.Address == 0)
                return 0;
            if (!AddressSpace.IsCanonical(entry.Address))
                return XenError.Invalid.ToResult();
            ref TrapGate gate = ref vcpu.Pv.Traps[entry.Vector];
            gate.Address = entry.Address;
            gate.Cs = (ushort)(entry.Cs | 3);
            gate.Flags = entry.Flags;
        }
    }

    /// <summary>stack_switch (3): (SS, RSP) of the stack on which the kernel is entered from user mode.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long StackSwitch(ulong ss, ulong sp, ulong a3, ulong a4, ulong a5, uint number)
    {
        PvVcpu pv = Serving.Vcpu.Pv;
        pv.KernelSs = (ss & 0xffff) | 3;
        pv.KernelSp = sp;
        return 0;
    }

    /// <summary>set_callbacks (4), the old form: (event, failsafe, syscall). Like Xen it says nothing of an address that cannot be one, and leaves that callback as it was.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long SetCallbacks(ulong eventAddress, ulong failsafe, ulong syscall, ulong a4, ulong a5, uint number)
    {
        Vcpu vcpu = Serving.Vcpu;
        if (AddressSpace.IsCanonical(eventAddress))
            Register(vcpu, CallbackType.Event, eventAddress, false);
        if (AddressSpace.IsCanonical(failsafe))
            Register(vcpu, CallbackType.Failsafe, failsafe, false);
        if (AddressSpace.IsCanonical(syscall))
            Register(vcpu, CallbackType.Syscall, syscall, false);
        return 0;
    }

    /// <summary>callback_op (30): (command, argument), see public/callback.h.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long CallbackOp(ulong command, ulong argument, ulong a3, ulong a4, ulong a5, uint number)
    {
        Vcpu vcpu = Serving.Vcpu;
        switch ((CallbackOp)unchecked((uint)command))
        {
            case Abi.CallbackOp.Register:
                if (!GuestMemory.TryRead(argument, out CallbackRegister callback))
                    return XenError.BadAddress.ToResult();
                if (!AddressSpace.IsCanonical(callback.Address))
                    return XenError.Invalid.ToResult();
                bool masks = (callback.Flags & (ushort)CallbackFlags.MaskEvents) != 0;
                return Register(vcpu, (CallbackType)callback.Type, callback.Address, masks).ToResult();
            case Abi.CallbackOp.Unregister:
                if (!GuestMemory.TryRead(argument, out CallbackUnregister unregister))
                    return XenError.BadAddress.ToResult();
                return Unregister(vcpu, (CallbackType)unregister.Type).ToResult();
            default:
                return XenError.NotImplemented.ToResult();
        }
    }

    /// <summary>nmi_op (28): (command, argument), see public/nmi.h.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long NmiOp(ulong command, ulong argument, ulong a3, ulong a4, ulong a5, uint number)
    {
        Vcpu vcpu = Serving.Vcpu;
        switch ((NmiOp)unchecked((uint)command))
        {
            case Abi.NmiOp.RegisterCallback:
                if (!GuestMemory.TryRead(argument, out NmiCallback callback))
                    return XenError.BadAddress.ToResult();
                if (!AddressSpace.IsCanonical(callback.HandlerAddress))
                    return XenError.Invalid.ToResult();
                return Register(vcpu, CallbackType.Nmi, callback.HandlerAddress, false).ToResult();
            case Abi.NmiOp.UnregisterCallback:
                return Unregister(vcpu, CallbackType.Nmi).ToResult();
            default:
                return XenError.NotImplemented.ToResult();
        }
    }

    private static XenError Register(Vcpu vcpu, CallbackType type, ulong address, bool masksEvents)
    {
        PvVcpu pv = vcpu.Pv;
        switch (type)
        {
            case CallbackType.Event:
                pv.EventCallback = address;
                PvEvents.Watch(vcpu);
                return XenError.None;
            case CallbackType.Failsafe:
                pv.FailsafeCallback = address;
                pv.FailsafeMasksEvents = masksEvents;
                return XenError.None;
            case CallbackType.Syscall:
                pv.SyscallCallback = address;
                pv.SyscallMasksEvents = masksEvents;
                return XenError.None;
            case CallbackType.Syscall32:
                pv.Syscall32Callback = address;
                pv.Syscall32MasksEvents = masksEvents;
                return XenError.None;
            case CallbackType.Sysenter:
                pv.SysenterCallback = address;
                pv.SysenterMasksEvents = masksEvents;
                return XenError.None;
            case CallbackType.Nmi:
                pv.Traps[ExceptionVector.Nmi] = new TrapGate { Address = address, Cs = Selectors.Ring3Code64 };
                return XenError.None;
            default:
                return XenError.NotImplemented;
        }
    }

    /// <summary>A kernel cannot live without the callbacks that it has once registered; only the NMI's can be taken back.</summary>
    private static XenError Unregister(Vcpu vcpu, CallbackType type)
    {
        switch (type)
        {
            case CallbackType.Nmi:
                vcpu.Pv.Traps[ExceptionVector.Nmi] = default;
                return XenError.None;
            case CallbackType.Event:
            case CallbackType.Failsafe:
            case CallbackType.Syscall:
            case CallbackType.Syscall32:
            case CallbackType.Sysenter:
            case CallbackType.SysenterDeprecated:
                return XenError.Invalid;
            default:
                return XenError.NotImplemented;
        }
    }
}
