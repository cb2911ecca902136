using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace Xenith.Machine;

/// <summary>
/// This CPU's record. Everything of the hypervisor hangs from its context object, so no mutable static is needed and the whole
/// record costs one AND and one load to reach.
/// </summary>
public static unsafe class PerCpu
{
    // Offsets are shared with native/entry.S.
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal struct Record
    {
        [FieldOffset(0)] public object Context;
        [FieldOffset(8)] public Ledger Ledger;
        [FieldOffset(16)] public uint Work;
        [FieldOffset(20)] public uint WayOut;
        [FieldOffset(24)] public ulong VcpuInfo;
        [FieldOffset(32)] public byte UserMode;
        [FieldOffset(33)] public byte TaskSwitched;
        [FieldOffset(36)] public uint Id;
        [FieldOffset(40)] public ulong IdleVcpuInfo;
        [FieldOffset(48)] public ulong TrapDepth;
        [FieldOffset(56)] public ulong GdtFrame;
        [FieldOffset(64)] public fixed byte Tss[104];
        [FieldOffset(176)] public fixed byte PseudoDescriptor[16];

        // For native/guarded.S: the root that the hypervisor works on, the one that the guest runs on if that is another, and the CPU's own.
        [FieldOffset(192)] public ulong Root;
        [FieldOffset(200)] public ulong GuestRoot;
        [FieldOffset(208)] public ulong OwnRoot;
        [FieldOffset(216)] public byte RootChanged;
        [FieldOffset(217)] public byte Guards;
        [FieldOffset(218)] public ushort VerwSelector;
        [FieldOffset(220)] public uint SpecCtrl;
    }

    internal static Record* Current
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            ulong local;
            return (Record*)((ulong)&local & CpuBlock.Mask);
        }
    }

    /// <summary>The object that the hypervisor keeps per CPU.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Context<T>() where T : class => Unsafe.As<T>(Current->Context);

    /// <summary>Sets this CPU's context object; once, at its start.</summary>
    public static void SetContext(object context) => Current->Context = context;

    /// <summary>Number of this CPU, 0 for the one that booted.</summary>
    public static uint Id => Current->Id;

    /// <summary>What the code on this CPU holds now.</summary>
    public static Ledger Ledger => Current->Ledger;

    /// <summary>Reasons for the slow way out, see <see cref="PendingWork"/>.</summary>
    public static uint Work => Volatile.Read(ref Current->Work);

    /// <summary>Adds reasons. Safe in interrupt handlers.</summary>
    public static void RaiseWork(uint bits) => Interlocked.Or(ref Current->Work, bits);

    /// <summary>How the hypercall in progress is to be left, see <see cref="Machine.WayOut"/>; 0 for the short way. The way out clears it.</summary>
    public static uint WayOut
    {
        get => Current->WayOut;
        set => Current->WayOut = value;
    }

    /// <summary>Takes some of the reasons: returns those of <paramref name="bits"/> that were set, and clears them.</summary>
    public static uint TakeWork(uint bits) => Interlocked.And(ref Current->Work, ~bits) & bits;

    /// <summary>
    /// Registers of the guest that entered the hypervisor. After a hypercall only the argument registers, RIP, RFLAGS and RSP are
    /// valid (see <see cref="GuestFrame"/>).
    /// </summary>
    public static ref GuestFrame Frame
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref *(GuestFrame*)((ulong)Current + CpuBlock.Size - CpuBlock.FrameSize);
    }

    /// <summary>True for an address in one of the pages below this CPU's stacks that are never mapped: what overflows a stack faults there.</summary>
    public static bool IsStackGuard(ulong address)
    {
        ulong offset = address - (ulong)Current;
        return offset < CpuBlock.Size && CpuBlock.GuardPages.IndexOf((byte)(offset / AddressSpace.PageSize)) >= 0;
    }

    /// <summary>True while the guest that this CPU serves is in user mode; decides where SYSCALL goes.</summary>
    public static bool UserMode
    {
        get => Current->UserMode != 0;
        set => Current->UserMode = value ? (byte)1 : (byte)0;
    }

    /// <summary>True if CR0.TS is to be set while the guest runs.</summary>
    public static bool TaskSwitched
    {
        get => Current->TaskSwitched != 0;
        set => Current->TaskSwitched = value ? (byte)1 : (byte)0;
    }

    /// <summary>Names the vcpu_info whose upcall_pending and upcall_mask bytes the way out looks at.</summary>
    public static void SetVcpuInfo(SharedArea area) => Current->VcpuInfo = area.Address;

    /// <summary>No guest on this CPU can take events now.</summary>
    public static void ClearVcpuInfo() => Current->VcpuInfo = (ulong)&Current->IdleVcpuInfo;
}
