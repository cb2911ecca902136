// xen/domctl.h: events about a domain for somebody who watches it, and cache control.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Single-steps a vCPU. C: <c>struct xen_domctl_debug_op</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlDebugOp
{
    public uint Op;
    public uint Vcpu;
}

/// <summary>Opens or closes an event ring. C: <c>struct xen_domctl_vm_event_op</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 12)]
public struct DomctlVmEventOp
{
    [FieldOffset(0)] public uint Op;
    [FieldOffset(4)] public uint Mode;
    [FieldOffset(8)] public uint EnablePort;
    [FieldOffset(8)] public uint Version;
}

/// <summary>Switches memory sharing for a domain. C: <c>struct xen_domctl_mem_sharing_op</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlMemSharingOp
{
    public byte Op;
    public byte Enable;
}

/// <summary>Whether a monitor must be there. C: <c>struct xen_domctl_set_access_required</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlSetAccessRequired
{
    public byte AccessRequired;
}

/// <summary>Cache monitoring. C: <c>struct xen_domctl_psr_cmt_op</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlPsrCmtOp
{
    public uint Cmd;
    public uint Data;
}

/// <summary>Switches monitor events. C: <c>struct xen_domctl_monitor_op</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 24)]
public struct DomctlMonitorOp
{
    [FieldOffset(0)] public uint Op;
    [FieldOffset(4)] public uint Event;
    [FieldOffset(8)] public byte MovToCrIndex;
    [FieldOffset(9)] public byte MovToCrSync;
    [FieldOffset(10)] public byte MovToCrOnChangeOnly;
    [FieldOffset(11)] public byte MovToCrPad1;
    [FieldOffset(12)] public uint MovToCrPad2;
    [FieldOffset(16)] public ulong MovToCrBitmask;
    [FieldOffset(8)] public uint MovToMsrMsr;
    [FieldOffset(12)] public byte MovToMsrOnChangeOnly;
    [FieldOffset(8)] public byte GuestRequestSync;
    [FieldOffset(9)] public byte GuestRequestAllowUserspace;
    [FieldOffset(8)] public byte DebugExceptionSync;
    [FieldOffset(8)] public byte VmexitSync;
}

/// <summary>Cache and bandwidth allocation. C: <c>struct xen_domctl_psr_alloc</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlPsrAlloc
{
    public uint Cmd;
    public uint Target;
    public ulong Data;
}

/// <summary>Processor trace. C: <c>struct xen_domctl_vmtrace_op</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlVmTraceOp
{
    public uint Cmd;
    public uint Vcpu;
    public ulong Key;
    public ulong Value;
}
