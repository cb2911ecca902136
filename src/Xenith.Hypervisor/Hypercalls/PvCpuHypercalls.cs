using System.Runtime.CompilerServices;
using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>Hypercalls for CPU state that a PV kernel cannot touch itself: TS, debug registers, segment bases, descriptor tables.</summary>
internal static partial class PvHypercalls
{
    /// <summary>fpu_taskswitch (5): sets (not 0) or clears CR0.TS.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long FpuTaskSwitch(ulong set, ulong a2, ulong a3, ulong a4, ulong a5, uint number)
    {
        PvControlRegisters.SetTaskSwitched(Serving.Vcpu, unchecked((uint)set) != 0);
        return 0;
    }

    /// <summary>set_debugreg (8): (number, value).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long SetDebugRegister(ulong register, ulong value, ulong a3, ulong a4, ulong a5, uint number) =>
        PvDebugRegisters.Write(Serving.Vcpu.Pv, unchecked((uint)register), value).ToResult();

    /// <summary>get_debugreg (9): (number); the value, or -ENODEV.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long GetDebugRegister(ulong register, ulong a2, ulong a3, ulong a4, ulong a5, uint number) =>
        PvDebugRegisters.TryRead(Serving.Vcpu.Pv, unchecked((uint)register), out ulong value)
            ? unchecked((long)value)
            : XenError.NoDevice.ToResult();

    /// <summary>
    /// set_segment_base (25): (which, base or selector). The caller is in kernel mode, so its own GS base is the active one and its processes' the inactive one. A
    /// selector that cannot be loaded becomes null, without an error: its descriptor may just have been taken away.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long SetSegmentBase(ulong which, ulong value, ulong a3, ulong a4, ulong a5, uint number)
    {
        SegmentBase register = (SegmentBase)unchecked((uint)which);
        if (register == SegmentBase.GsUserSel)
        {
            GuestSelectors.Load(Serving.Vcpu, SegmentRegister.Gs, unchecked((ushort)value));
            return 0;
        }
        if (!AddressSpace.IsCanonical(value))
            return XenError.Invalid.ToResult();
        switch (register)
        {
            case SegmentBase.Fs:
                Segments.FsBase = value;
                return 0;
            case SegmentBase.GsUser:
                Segments.InactiveGsBase = value;
                return 0;
            case SegmentBase.GsKernel:
                Segments.GsBase = value;
                return 0;
            default:
                return XenError.Invalid.ToResult();
        }
    }

    /// <summary>set_gdt (2): (list of frames, number of descriptors).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long SetGdt(ulong list, ulong countArgument, ulong a3, ulong a4, ulong a5, uint number)
    {
        uint count = unchecked((uint)countArgument);
        if (count > Selectors.GuestEntries)
            return XenError.Invalid.ToResult();
        uint pages = (count + DescriptorTables.EntriesPerPage - 1) / DescriptorTables.EntriesPerPage;
        GdtFrames frames = default;
        for (uint i = 0; i < pages; i++)
        {
            if (!GuestMemory.TryRead(list, i, out ulong frame))
                return XenError.BadAddress.ToResult();
            frames[(int)i] = frame;
        }
        return DescriptorTables.SetGdt(Serving.Vcpu, ref frames, count).ToResult();
    }

    /// <summary>update_descriptor (10): (machine address of a descriptor, its new value).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long UpdateDescriptor(ulong address, ulong descriptor, ulong a3, ulong a4, ulong a5, uint number) =>
        DescriptorTables.UpdateDescriptor(Serving.Domain, address, descriptor).ToResult();
}
