using System;
using System.Runtime.InteropServices;
using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>
/// The first state of a vCPU: struct vcpu_guest_context of public/arch-x86/xen.h, 5168 bytes in the guest's memory. It is read piece by piece, each once; everything is
/// checked before anything is committed, and the references of descriptor tables and page tables are taken last. A debug register with a value that no guest may have stays as after a reset.
/// </summary>
internal static class VcpuContext
{
    // Offsets of the pieces in struct vcpu_guest_context.
    private const ulong VectorsAt = 0, FlagsAt = 512, RegistersAt = 520, TrapsAt = 720, TailAt = 4816;
    private const ulong TrapSize = 16;
    private const int Gates = 256;

    /// <summary>Sets up a vCPU that is down and was never started. <see cref="XenError.Restart"/> if it has to be called again.</summary>
    internal static XenError Load(Vcpu vcpu, ulong argument)
    {
        if (!GuestMemory.TryRead(unchecked(argument + FlagsAt), out ulong flags)
            || !GuestMemory.TryRead(unchecked(argument + RegistersAt), out CpuUserRegs registers)
            || !GuestMemory.TryRead(unchecked(argument + TailAt), out Tail tail))
            return XenError.BadAddress;
        bool hasVectors = (flags & (ulong)VcpuGuestContextFlags.I387Valid) != 0;
        Inline512<byte> vectors = default;
        if (hasVectors && !GuestMemory.TryRead(unchecked(argument + VectorsAt), out vectors))
            return XenError.BadAddress;
        if (vcpu.IsInitialised || vcpu.Scheduling.IsUp)
            return XenError.Exists;
        XenError error = Check(flags, tail);
        if (error != XenError.None)
            return error;
        error = LoadTraps(vcpu.Pv, unchecked(argument + TrapsAt));
        if (error != XenError.None)
            return error;
        error = LoadTables(vcpu, tail);
        if (error != XenError.None)
            return error;
        if (hasVectors)
            Host.Current.Vectors.Fill(vcpu.VectorArea, vectors);
        Commit(vcpu, flags, registers, tail);
        return XenError.None;
    }

    private static XenError Check(ulong flags, in Tail tail)
    {
        if ((flags & (ulong)VcpuGuestContextFlags.InKernel) == 0 && tail.UserCr3 == 0)
            return XenError.Invalid;
        bool addresses = AddressSpace.IsCanonical(tail.EventCallback) && AddressSpace.IsCanonical(tail.FailsafeCallback) && AddressSpace.IsCanonical(tail.SyscallCallback)
            && AddressSpace.IsCanonical(tail.FsBase) && AddressSpace.IsCanonical(tail.GsBaseKernel) && AddressSpace.IsCanonical(tail.GsBaseUser);
        bool tables = tail.GdtEntries <= Selectors.GuestEntries && tail.LdtEntries <= DescriptorTables.MaxLdtEntries
            && (tail.LdtBase & (AddressSpace.PageSize - 1)) == 0 && AddressSpace.IsGuestRange(tail.LdtBase, tail.LdtEntries * 8);
        return addresses && tables ? XenError.None : XenError.Invalid;
    }

    private static XenError LoadTraps(PvVcpu pv, ulong list)
    {
        for (int i = 0; i < Gates; i++)
        {
            if (!GuestMemory.TryRead(unchecked(list + (ulong)i * TrapSize), out TrapInfo entry))
                return XenError.BadAddress;
            if (!AddressSpace.IsCanonical(entry.Address))
                return XenError.Invalid;
            pv.Traps[i] = entry.Address == 0 ? default : new TrapGate { Address = entry.Address, Cs = (ushort)(entry.Cs | 3), Flags = entry.Flags };
        }
        return XenError.None;
    }

    private static XenError LoadTables(Vcpu vcpu, in Tail tail)
    {
        GdtFrames frames = default;
        for (int i = 0; i < Selectors.FirstReservedPage; i++)
            frames[i] = tail.GdtFrames[i];
        XenError error = DescriptorTables.SetGdt(vcpu, ref frames, (uint)tail.GdtEntries);
        if (error != XenError.None)
            return error;
        error = MmuOperations.SetKernelRoot(vcpu, new Mfn(tail.Cr3 >> AddressSpace.PageShift));
        if (error == XenError.None && tail.UserCr3 != 0)
            error = MmuOperations.SetUserRoot(vcpu, new Mfn(tail.UserCr3 >> AddressSpace.PageShift));
        return error;
    }

    private static void Commit(Vcpu vcpu, ulong flags, in CpuUserRegs from, in Tail tail)
    {
        VcpuGuestContextFlags bits = (VcpuGuestContextFlags)flags;
        vcpu.Registers = new GuestFrame
        {
            R15 = from.R15, R14 = from.R14, R13 = from.R13, R12 = from.R12, R11 = from.R11, R10 = from.R10, R9 = from.R9, R8 = from.R8,
            Rbp = from.Rbp, Rbx = from.Rbx, Rax = from.Rax, Rcx = from.Rcx, Rdx = from.Rdx, Rsi = from.Rsi, Rdi = from.Rdi,
            Rip = from.Rip,
            Cs = (ulong)from.Cs | 3,
            Rflags = from.Rflags & ~(Rflags.IoPrivilege | Rflags.Virtual8086) | Rflags.Interrupt | Rflags.AlwaysOne,
            Rsp = from.Rsp,
            Ss = (ulong)from.Ss | 3,
            Vector = EntryVector.Hypercall,
        };
        PvVcpu pv = vcpu.Pv;
        pv.LdtBase = tail.LdtBase;
        pv.LdtEntries = (uint)tail.LdtEntries;
        pv.KernelSs = tail.KernelSs & 0xffff | 3;
        pv.KernelSp = tail.KernelSp;
        pv.EventCallback = tail.EventCallback;
        pv.FailsafeCallback = tail.FailsafeCallback;
        pv.SyscallCallback = tail.SyscallCallback;
        pv.FailsafeMasksEvents = (bits & VcpuGuestContextFlags.FailsafeDisablesEvents) != 0;
        pv.SyscallMasksEvents = (bits & VcpuGuestContextFlags.SyscallDisablesEvents) != 0;
        pv.Iopl = from.Rflags & Rflags.IoPrivilege;
        pv.InUserMode = (bits & VcpuGuestContextFlags.InKernel) == 0;
        (pv.Ds, pv.Es, pv.Fs, pv.Gs) = (from.Ds, from.Es, from.Fs, from.Gs);
        // The base of a segment comes from its selector, if that is not null.
        (pv.FsBase, pv.GsKernelBase, pv.GsUserBase) = (Selectors.IsNull(from.Fs) ? tail.FsBase : 0, tail.GsBaseKernel, Selectors.IsNull(from.Gs) ? tail.GsBaseUser : 0);
        pv.TaskSwitched = (tail.Cr0 & Cr0.TaskSwitched) != 0;
        pv.Cr4 = PvControlRegisters.GuestPart(tail.Cr4);
        PvDebugRegisters.Initialize(pv, tail.DebugRegisters);
        if (vcpu.Info.Exists)
            vcpu.Info.Store8(1, 1);
        vcpu.Domain.VmAssist |= tail.VmAssist & AssistHypercalls.Known;
        vcpu.IsInitialised = true;
    }

    /// <summary>The end of struct vcpu_guest_context, from the LDT on.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Tail
    {
        internal ulong LdtBase, LdtEntries;
        internal Inline16<ulong> GdtFrames;
        internal ulong GdtEntries;
        internal ulong KernelSs, KernelSp;
        internal ulong Cr0, UserCr3, Cr2, Cr3, Cr4, Cr5, Cr6, Cr7;
        internal Inline8<ulong> DebugRegisters;
        internal ulong EventCallback, FailsafeCallback, SyscallCallback;
        internal ulong VmAssist;
        internal ulong FsBase, GsBaseKernel, GsBaseUser;
    }
}
