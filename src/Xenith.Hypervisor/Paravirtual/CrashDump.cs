using System;
using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>The last words on a PV guest that cannot go on: why, its registers, its stack. The lines are those that people and tools know from Xen.</summary>
internal static class CrashDump
{
    private const int StackWords = 64;

    private static ReadOnlySpan<byte> VectorNames => "#DE #DB NMI #BP #OF #BR #UD #NM #DF #09 #TS #NP #SS #GP #PF #0f #MF #AC #MC #XM #VE #CP "u8;

    /// <summary>Ends a domain whose vCPU has raised an exception that it has no handler for.</summary>
    internal static void Unhandled(Vcpu vcpu, ref GuestFrame frame, int vector, uint error)
    {
        ReadOnlySpan<byte> name = vector < 22 ? VectorNames.Slice(vector * 4, 3) : "???"u8;
        Host.Current.Log.Always($"d{vcpu.Domain.Id}v{vcpu.Id} Unhandled: vec {vector}, {name}[{error:x4}]");
        Crash(vcpu, ref frame);
    }

    /// <summary>Ends a domain whose kernel cannot be entered: it has no handler, or its stack cannot be written.</summary>
    internal static void NoWayIn(Vcpu vcpu, ref GuestFrame frame, ulong handler, ulong stack)
    {
        Host.Current.Log.Always($"d{vcpu.Domain.Id}v{vcpu.Id} Cannot enter its kernel: handler {handler:x16}, frame at {stack:x16}");
        Crash(vcpu, ref frame);
    }

    /// <summary>Ends a domain for a reason that needs its own words.</summary>
    internal static void Because(Vcpu vcpu, ref GuestFrame frame, LogText reason)
    {
        ConsoleLog log = Host.Current.Log;
        log.Always($"d{vcpu.Domain.Id}v{vcpu.Id} {reason.Text}");
        Crash(vcpu, ref frame);
    }

    private static void Crash(Vcpu vcpu, ref GuestFrame frame)
    {
        Print(vcpu, ref frame);
        DomainLife.Crash(vcpu.Domain);
    }

    /// <summary>Prints why there is a dump, then the registers and the stack of the vCPU on this CPU.</summary>
    internal static void Print(Vcpu vcpu, ref GuestFrame frame)
    {
        ConsoleLog log = Host.Current.Log;
        log.Always($"Domain {vcpu.Domain.Id} (vcpu#{vcpu.Id}) crashed on cpu#{PerCpu.Id}:");
        log.Always($"----[ Xenith  x86_64 ]----");
        log.Always($"CPU:    {PerCpu.Id}");
        PrintState(vcpu, ref frame);
    }

    /// <summary>Prints the registers that are kept of a vCPU that is on no CPU; its memory is not to be reached.</summary>
    internal static void PrintSaved(Vcpu vcpu)
    {
        ConsoleLog log = Host.Current.Log;
        PrintGeneral(log, vcpu, ref vcpu.Registers);
        log.Always($"r15: {vcpu.Registers.R15:x16}   cr3: {vcpu.Pv.KernelRoot.Address:x16}");
        log.Always($"ss: {vcpu.Registers.Ss & 0xffff:x4}   cs: {vcpu.Registers.Cs & 0xffff:x4}");
    }

    /// <summary>Prints the registers and the stack of the vCPU on this CPU.</summary>
    internal static void PrintState(Vcpu vcpu, ref GuestFrame frame)
    {
        ConsoleLog log = Host.Current.Log;
        PvVcpu pv = vcpu.Pv;
        ulong cr2 = vcpu.Info.Exists ? vcpu.Info.Load64(VcpuInfoOffsets.Cr2) : 0UL;
        Segments.Read(out ushort ds, out ushort es, out ushort fs, out ushort gs);

        PrintGeneral(log, vcpu, ref frame);
        log.Always($"r15: {frame.R15:x16}   cr0: {Cpu.ReadCr0():x16}   cr4: {Cpu.ReadCr4():x16}");
        log.Always($"cr3: {Cpu.ReadCr3():x16}   cr2: {cr2:x16}");
        log.Always($"fsb: {Segments.FsBase:x16}   gsb: {Segments.GsBase:x16}   gss: {Segments.InactiveGsBase:x16}");
        log.Always($"ds: {ds:x4}   es: {es:x4}   fs: {fs:x4}   gs: {gs:x4}   ss: {frame.Ss & 0xffff:x4}   cs: {frame.Cs & 0xffff:x4}");
        log.Always($"Guest stack trace from rsp={frame.Rsp:x16}{(pv.InUserMode ? " (user mode)" : "")}:");
        PrintStack(log, frame.Rsp & ~7UL);
    }

    private static void PrintGeneral(ConsoleLog log, Vcpu vcpu, ref GuestFrame frame)
    {
        ulong mask = vcpu.Info.Exists ? vcpu.Info.Load8(VcpuInfoOffsets.UpcallMask) : 0UL;
        log.Always($"RIP:    {frame.Cs & 0xffff:x4}:[<{frame.Rip:x16}>]");
        log.Always($"RFLAGS: {frame.Rflags:x16}   EM: {(mask != 0 ? 1 : 0)}   CONTEXT: pv guest (d{vcpu.Domain.Id}v{vcpu.Id})");
        log.Always($"rax: {frame.Rax:x16}   rbx: {frame.Rbx:x16}   rcx: {frame.Rcx:x16}");
        log.Always($"rdx: {frame.Rdx:x16}   rsi: {frame.Rsi:x16}   rdi: {frame.Rdi:x16}");
        log.Always($"rbp: {frame.Rbp:x16}   rsp: {frame.Rsp:x16}   r8:  {frame.R8:x16}");
        log.Always($"r9:  {frame.R9:x16}   r10: {frame.R10:x16}   r11: {frame.R11:x16}");
        log.Always($"r12: {frame.R12:x16}   r13: {frame.R13:x16}   r14: {frame.R14:x16}");
    }

    private static void PrintStack(ConsoleLog log, ulong from)
    {
        for (uint i = 0; i < StackWords; i += 4)
        {
            ulong at = unchecked(from + i * 8);
            if (!GuestMemory.TryRead(at, 0, out ulong a) || !GuestMemory.TryRead(at, 1, out ulong b)
                || !GuestMemory.TryRead(at, 2, out ulong c) || !GuestMemory.TryRead(at, 3, out ulong d))
            {
                log.Always($"  Fault while accessing guest memory.");
                return;
            }
            log.Always($"   {a:x16} {b:x16} {c:x16} {d:x16}");
        }
    }
}
