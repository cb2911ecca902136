// xen/hvm/hvm_op.h: calls of and about HVM guests.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Operations of hvm_op (<c>HVMOP_*</c>).</summary>
public enum HvmOp : uint
{
    SetParam = 0,
    GetParam = 1,
    FlushTlbs = 5,
    PageTableDying = 9,
    GetTime = 10,
    XenTrace = 11,
    SetMemAccess = 12,
    GetMemAccess = 13,
    GetMemType = 15,
    SetEvtchnUpcallVector = 23,
    GuestRequestVmEvent = 24,
    Altp2m = 25,
}

/// <summary>Sub-operations of altp2m: several views of a guest's memory.</summary>
public enum Altp2mOp : uint
{
    GetDomainState = 1,
    SetDomainState = 2,
    VcpuEnableNotify = 3,
    CreateP2m = 4,
    DestroyP2m = 5,
    SwitchP2m = 6,
    SetMemAccess = 7,
    ChangeGfn = 8,
    SetMemAccessMulti = 9,
    SetSuppressVe = 10,
    GetSuppressVe = 11,
    GetMemAccess = 12,
    VcpuDisableNotify = 13,
    GetP2mIdx = 14,
    SetSuppressVeMulti = 15,
    SetVisibility = 16,
}

/// <summary>What a guest frame is.</summary>
public enum HvmMemType : ushort
{
    RamRw = 0,
    RamRo = 1,
    MmioDm = 2,
    Unused = 3,
    IoReqServer = 4,
}

/// <summary>Versions and kinds of buffered requests.</summary>
public static class HvmOpConstants
{
    public const uint IoreqsrvBufIoReqOff = 0;
    public const uint IoreqsrvBufIoReqLegacy = 1;
    public const uint IoreqsrvBufIoReqAtomic = 2;
    public const uint Altp2mInterfaceVersion = 1;
}

/// <summary>One parameter, set or read. C: <c>struct xen_hvm_param</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmParam
{
    public ushort Domid;
    public ushort Pad;
    /// <summary><see cref="HvmParamIndex"/>.</summary>
    public uint Index;
    public ulong Value;
}

/// <summary>
/// Whether a page's faults go to the monitor instead of the guest. C: <c>struct xen_hvm_altp2m_suppress_ve</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmAltp2mSuppressVe
{
    public ushort View;
    public byte SuppressVe;
    public byte Pad1;
    public uint Pad2;
    public ulong Gfn;
}

/// <summary>The same for a range. C: <c>struct xen_hvm_altp2m_suppress_ve_multi</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmAltp2mSuppressVeMulti
{
    public ushort View;
    public byte SuppressVe;
    public byte Pad1;
    public int FirstError;
    public ulong FirstGfn;
    public ulong LastGfn;
    public ulong FirstErrorGfn;
}

/// <summary>A page table will be freed (shadow paging). C: <c>struct xen_hvm_pagetable_dying</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmPageTableDying
{
    public ushort Domid;
    public Inline3<ushort> Pad;
    public ulong Gpa;
}

/// <summary>System time. C: <c>struct xen_hvm_get_time</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmGetTime
{
    public ulong Now;
}

/// <summary>A trace record from a guest. C: <c>struct xen_hvm_xentrace</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmXenTrace
{
    public ushort Event;
    public ushort ExtraBytes;
    public Inline28<byte> Extra;
}

/// <summary>Asks what a frame is. C: <c>struct xen_hvm_get_mem_type</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmGetMemType
{
    public ushort Domid;
    public ushort MemType;
    public Inline2<ushort> Pad;
    public ulong Pfn;
}

/// <summary>Vector at which a vCPU takes events. C: <c>struct xen_hvm_evtchn_upcall_vector</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmEvtchnUpcallVector
{
    public uint Vcpu;
    public byte Vector;
}

/// <summary>Switches views on or off. C: <c>struct xen_hvm_altp2m_domain_state</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmAltp2mDomainState
{
    public byte State;
}

/// <summary>Page for exceptions that the guest takes itself. C: <c>struct xen_hvm_altp2m_vcpu_enable_notify</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmAltp2mVcpuEnableNotify
{
    public uint VcpuId;
    public uint Pad;
    public ulong Gfn;
}

/// <summary>Ends that. C: <c>struct xen_hvm_altp2m_vcpu_disable_notify</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmAltp2mVcpuDisableNotify
{
    public uint VcpuId;
}

/// <summary>A view. C: <c>struct xen_hvm_altp2m_view</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmAltp2mView
{
    public ushort View;
    public ushort HvmMemDefaultAccess;
}

/// <summary>Rights to a page in a view. C: <c>struct xen_hvm_altp2m_mem_access</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmAltp2mMemAccess
{
    public ushort View;
    public ushort Access;
    public uint Pad;
    public ulong Gfn;
}

/// <summary>Rights to many pages in a view. C: <c>struct xen_hvm_altp2m_set_mem_access_multi</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmAltp2mSetMemAccessMulti
{
    public ushort View;
    public ushort Pad;
    public uint Nr;
    public ulong Opaque;
    public GuestHandle<ulong> PfnList;
    public GuestHandle<byte> AccessList;
}

/// <summary>Another frame at a place of a view. C: <c>struct xen_hvm_altp2m_change_gfn</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmAltp2mChangeGfn
{
    public ushort View;
    public ushort Pad1;
    public uint Pad2;
    public ulong OldGfn;
    public ulong NewGfn;
}

/// <summary>Asks for a vCPU's view. C: <c>struct xen_hvm_altp2m_get_vcpu_p2m_idx</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmAltp2mGetVcpuP2mIdx
{
    public uint VcpuId;
    public ushort Altp2mIdx;
}

/// <summary>Whether the guest may switch to a view. C: <c>struct xen_hvm_altp2m_set_visibility</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmAltp2mSetVisibility
{
    public ushort Altp2mIdx;
    public byte Visible;
    public byte Pad;
}

/// <summary>The argument of altp2m. C: <c>struct xen_hvm_altp2m_op</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 80)]
public struct HvmAltp2mOpArgs
{
    [FieldOffset(0)] public uint Version;
    [FieldOffset(4)] public uint Cmd;
    [FieldOffset(8)] public ushort Domain;
    [FieldOffset(10)] public ushort Pad1;
    [FieldOffset(12)] public uint Pad2;
    [FieldOffset(16)] public HvmAltp2mDomainState DomainState;
    [FieldOffset(16)] public HvmAltp2mVcpuEnableNotify EnableNotify;
    [FieldOffset(16)] public HvmAltp2mView View;
    [FieldOffset(16)] public HvmAltp2mMemAccess MemAccess;
    [FieldOffset(16)] public HvmAltp2mChangeGfn ChangeGfn;
    [FieldOffset(16)] public HvmAltp2mSetMemAccessMulti SetMemAccessMulti;
    [FieldOffset(16)] public HvmAltp2mSuppressVe SuppressVe;
    [FieldOffset(16)] public HvmAltp2mSuppressVeMulti SuppressVeMulti;
    [FieldOffset(16)] public HvmAltp2mVcpuDisableNotify DisableNotify;
    [FieldOffset(16)] public HvmAltp2mGetVcpuP2mIdx GetVcpuP2mIdx;
    [FieldOffset(16)] public HvmAltp2mSetVisibility SetVisibility;
}
