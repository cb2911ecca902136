// The assembly routines of native/*.S on a simulated CPU. Cpu.cs, Port.cs, Segments.cs and VectorState.cs are the metal build's own files
// and find these under the names that they know.

using System;
using System.Collections.Generic;
using Xenith.Machine.Simulation;

namespace Xenith.Machine;

internal static unsafe class Asm
{
    private static SimulatedCpu Self => SimulatedCpu.Current;

    internal static byte port_in8(ushort port) => (byte)Self.Machine.Ports.Read(port, 1);

    internal static ushort port_in16(ushort port) => (ushort)Self.Machine.Ports.Read(port, 2);

    internal static uint port_in32(ushort port) => Self.Machine.Ports.Read(port, 4);

    internal static void port_out8(ushort port, byte value) => Self.Machine.Ports.Write(port, 1, value);

    internal static void port_out16(ushort port, ushort value) => Self.Machine.Ports.Write(port, 2, value);

    internal static void port_out32(ushort port, uint value) => Self.Machine.Ports.Write(port, 4, value);

    internal static ulong read_msr(uint msr) => Self.Msrs.Read(msr);

    internal static void write_msr(uint msr, ulong value) => Self.Msrs.Write(msr, value);

    internal static byte try_read_msr(uint msr, ulong* value) => Self.Msrs.TryRead(msr, out *value) ? (byte)1 : (byte)0;

    internal static byte try_write_msr(uint msr, ulong value) => Self.Msrs.TryWrite(msr, value) ? (byte)1 : (byte)0;

    internal static byte try_xsetbv(uint index, ulong value)
    {
        CpuidResult states = Self.Cpuid.GetValueOrDefault((0xdu, 0u));
        bool legal = index == 0 && (Self.Cr4 & Cr4.OsXsave) != 0 && (value & 1) != 0 && (value & 6) != 4
            && (value & ~((ulong)states.Edx << 32 | states.Eax)) == 0;
        if (legal)
            Self.Xcr0 = value;
        return legal ? (byte)1 : (byte)0;
    }

    internal static void read_cpuid(uint leaf, uint subleaf, CpuidResult* result)
    {
        SimulatedCpu self = Self;
        if (!self.Cpuid.TryGetValue((leaf, subleaf), out *result))
            *result = leaf is 7 or 0xb or 0xd ? default : self.Cpuid.GetValueOrDefault((leaf, 0u));
        if (leaf != 1)
            return;
        result->Ebx |= self.Id << 24;
        if ((self.Cr4 & Cr4.OsXsave) != 0)
            result->Ecx |= 1u << 27;
    }

    internal static ulong read_tsc()
    {
        Self.Machine.Clock.Tick();
        return Self.Msrs.Tsc;
    }

    internal static ulong read_cr0() => Self.Cr0;

    internal static ulong read_cr2() => Self.Cr2;

    internal static ulong read_cr3() => Self.Cr3;

    internal static ulong read_cr4() => Self.Cr4;

    internal static void write_cr0(ulong value) => Self.WriteCr0(value);

    internal static void write_cr3(ulong value) => Self.WriteCr3(value);

    internal static void write_cr4(ulong value) => Self.WriteCr4(value);

    /// <summary>Toggles CR4.PGE, as the assembly does; while it is off, loads CR3.</summary>
    internal static void flush_tlb_all()
    {
        if ((Self.Cr4 & Cr4.GlobalPages) == 0)
            Self.WriteCr3(Self.Cr3);
        FlushGlobal();
    }

    internal static void load_root(ulong value)
    {
        Self.WriteCr3(value);
        FlushGlobal();
    }

    private static void FlushGlobal()
    {
        ulong before = Self.Cr4;
        if ((before & Cr4.GlobalPages) == 0)
            return;
        Self.WriteCr4(before & ~Cr4.GlobalPages);
        Self.WriteCr4(before);
    }

    internal static void invalidate_page(ulong address) => Self.Tlb.FlushPage(address);

    internal static void flush_cache(ulong address, ulong bytes)
    {
    }

    internal static void write_back_invalidate()
    {
    }

    internal static void enable_interrupts() => Self.SetInterrupts(true);

    internal static void disable_interrupts() => Self.SetInterrupts(false);

    internal static ulong read_flags() => Rflags.AlwaysOne | (Self.InterruptsEnabled ? Rflags.Interrupt : 0);

    internal static void wait_for_interrupt() => Self.WaitForInterrupt();

    internal static void stop_forever() => throw new CpuStopped();

    internal static void pause_spinning() => Self.Machine.LetOthersRun(Self);

    internal static void wait_ticks(ulong ticks) => Self.Machine.Clock.Advance(ticks * 1000 / Self.Machine.Clock.TscMegahertz);

    internal static void triple_fault() => throw new CpuStopped();

    internal static void clear_task_switched() => Self.WriteCr0(Self.Cr0 & ~Cr0.TaskSwitched);

    internal static ulong read_dr(uint index) => Self.DebugRegisters[index];

    internal static void write_dr(uint index, ulong value)
    {
        if (index is 6 or 7 && value > uint.MaxValue)
            throw SimulatedFault.Protection($"DR{index} = 0x{value:x}");
        Self.DebugRegisters[index] = value;
    }

    internal static byte try_load_ds(ushort selector) => Self.TryLoadSegment(SegmentRegister.Ds, selector) ? (byte)1 : (byte)0;

    internal static byte try_load_es(ushort selector) => Self.TryLoadSegment(SegmentRegister.Es, selector) ? (byte)1 : (byte)0;

    internal static byte try_load_fs(ushort selector) => Self.TryLoadSegment(SegmentRegister.Fs, selector) ? (byte)1 : (byte)0;

    internal static byte try_load_user_gs(ushort selector) => Self.TryLoadSegment(SegmentRegister.Gs, selector) ? (byte)1 : (byte)0;

    internal static void read_segments(ushort* dsEsFsGs)
    {
        for (int i = 0; i < 4; i++)
            dsEsFsGs[i] = Self.Segments[i];
    }

    internal static void read_bases(ulong* fsGsInactive)
    {
        RequireFsGsBase();
        fsGsInactive[0] = Self.Msrs.Read(Msr.FsBase);
        fsGsInactive[1] = Self.Msrs.Read(Msr.GsBase);
        fsGsInactive[2] = Self.Msrs.Read(Msr.KernelGsBase);
    }

    internal static void write_bases(ulong fs, ulong gs, ulong inactive)
    {
        RequireFsGsBase();
        Self.Msrs.Write(Msr.FsBase, fs);
        Self.Msrs.Write(Msr.GsBase, gs);
        Self.Msrs.Write(Msr.KernelGsBase, inactive);
    }

    /// <summary>Without CR4.FSGSBASE the instructions raise #UD (SDM vol. 2, WRFSBASE).</summary>
    private static void RequireFsGsBase()
    {
        if ((Self.Cr4 & Cr4.FsGsBase) == 0)
            throw new SimulatedFault(ExceptionVector.InvalidOpcode, 0, "FSGSBASE is off");
    }

    internal static void swap_gs()
    {
        ulong active = Self.Msrs.Read(Msr.GsBase);
        Self.Msrs.Write(Msr.GsBase, Self.Msrs.Read(Msr.KernelGsBase));
        Self.Msrs.Write(Msr.KernelGsBase, active);
    }

    internal static void fx_save(void* area, ref GuestFrame frame)
    {
        VectorArea.Load(Self, in frame);
        Self.VectorRegisters.AsSpan(0, 512).CopyTo(new Span<byte>(area, 512));
    }

    internal static void fx_restore(void* area, ref GuestFrame frame)
    {
        VectorArea.RestoreLegacy(Self, new ReadOnlySpan<byte>(area, 512));
        VectorArea.Store(Self, ref frame);
    }

    internal static void fx_forget_pointers() => VectorArea.ForgetPointers(Self);

    internal static void x_save(void* area, ulong mask, ref GuestFrame frame)
    {
        VectorArea.Load(Self, in frame);
        VectorArea.Save(Self, (byte*)area, mask);
    }

    internal static void x_save_opt(void* area, ulong mask, ref GuestFrame frame) => x_save(area, mask, ref frame);

    internal static void x_restore(void* area, ulong mask, ref GuestFrame frame)
    {
        VectorArea.Restore(Self, (byte*)area, mask);
        VectorArea.Store(Self, ref frame);
    }

    internal static void start_scheduling(ulong stackTop)
    {
        Self.SetInterrupts(false);
        PerCpu.RaiseWork(PendingWork.Schedule);
        throw new SchedulingStarted();
    }
}
