using System.Runtime;
using System.Runtime.CompilerServices;
using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Power;
using Xenith.Machine;

namespace Xenith.Hypervisor.Domains;

/// <summary>
/// A trap of the hypervisor's own code: a bounds check, a null reference, an overflow, a failed assertion. What the CPU holds is undone by the ledger, the
/// domain that was being served dies, the stack is emptied, and the host goes on.
/// </summary>
internal static class Containment
{
    [RuntimeExport("hv_own_trap")]
    private static byte OwnTrap(ref GuestFrame frame)
    {
        ulong faultAddress = Cpu.PageFaultAddress;
        if (PerCpu.Context<object>() is not Pcpu cpu)
        {
            EmergencyReport(ref frame, faultAddress);
            return 0;
        }
        ConsoleLog log = cpu.Host.Log;
        // The console's lock may be what the trapped code held.
        PerCpu.Ledger.UndoAll();
        if (frame.Vector == ExceptionVector.DoubleFault && PerCpu.IsStackGuard(faultAddress))
            ReportOverflow(log, faultAddress);
        Report(log, ref frame, faultAddress);

        Vcpu? served = cpu.Served;
        bool unrecoverable = frame.Vector is ExceptionVector.DoubleFault or ExceptionVector.MachineCheck or ExceptionVector.Nmi;
        if (served is null || unrecoverable)
        {
            Fatal(log, ref frame, faultAddress);
            return 0;
        }
        ReportServed(log, served);
        served.Domain.IsSuspect = true;
        DomainLife.Crash(served.Domain);
        return 1;
    }

    /// <summary>The push of the page fault's own frame was what made it a double fault (SDM vol. 3, 6.15).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ReportOverflow(ConsoleLog log, ulong faultAddress) =>
        log.Always($"Stack overflow: {faultAddress:x16} lies in the guard page below a stack of CPU {PerCpu.Id}");

    /// <summary>Prints registers and calls. A line at a time, each in a method of its own: what comes by the stack of a double fault, an NMI or a machine check has one page for all of it.</summary>
    internal static void Report(ConsoleLog log, ref GuestFrame frame, ulong faultAddress)
    {
        ReportPlace(log, ref frame);
        ReportCause(log, ref frame, faultAddress);
        Registers(log, "rax: ", frame.Rax, "   rbx: ", frame.Rbx, "   rcx: ", frame.Rcx);
        Registers(log, "rdx: ", frame.Rdx, "   rsi: ", frame.Rsi, "   rdi: ", frame.Rdi);
        Registers(log, "rbp: ", frame.Rbp, "   rsp: ", frame.Rsp, "   r8:  ", frame.R8);
        Registers(log, "r9:  ", frame.R9, "   r10: ", frame.R10, "   r11: ", frame.R11);
        Registers(log, "r12: ", frame.R12, "   r13: ", frame.R13, "   r14: ", frame.R14);
        Registers(log, "r15: ", frame.R15, "   cr0: ", Cpu.ReadCr0(), "   cr3: ", Cpu.ReadCr3());
        Backtrace.Print(log, ref frame);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ReportPlace(ConsoleLog log, ref GuestFrame frame)
    {
        log.Always($"----[ Xenith  x86_64 ]----");
        log.Always($"CPU:    {PerCpu.Id}");
        log.Always($"RIP:    e008:[<{frame.Rip:x16}>]");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ReportCause(ConsoleLog log, ref GuestFrame frame, ulong faultAddress) =>
        log.Always($"vector {frame.Vector} error {frame.Error:x4} rflags {frame.Rflags:x16} cr2 {faultAddress:x16}");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Registers(ConsoleLog log, string a, ulong first, string b, ulong second, string c, ulong third) =>
        log.Always($"{a}{first:x16}{b}{second:x16}{c}{third:x16}");

    /// <summary>The host's end, in the words that Xen has for each kind of trap. A double fault has one page of stack for all of it: so each text is made in a method of its own.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Fatal(ConsoleLog log, ref GuestFrame frame, ulong faultAddress)
    {
        switch (frame.Vector)
        {
            case ExceptionVector.PageFault:
                Panic.OnPageFault(log, frame.Error, faultAddress);
                break;
            case ExceptionVector.DoubleFault:
                FatalDoubleFault(log);
                break;
            case ExceptionVector.InvalidOpcode:
                FatalInvalidOpcode(log);
                break;
            default:
                FatalTrap(log, ref frame);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void FatalDoubleFault(ConsoleLog log) => Panic.Now(log, $"DOUBLE FAULT -- system shutdown");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void FatalInvalidOpcode(ConsoleLog log) => Panic.Now(log, $"FATAL TRAP: vector = 6 (invalid opcode)");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void FatalTrap(ConsoleLog log, ref GuestFrame frame)
    {
        string context = (frame.Rflags & Rflags.Interrupt) != 0 ? "" : " IN INTERRUPT CONTEXT";
        Panic.Now(log, $"FATAL TRAP: vec {frame.Vector}, #{NameOf(frame.Vector)}[{frame.Error:x4}]{context}");
    }

    /// <summary>Mnemonics of exceptions (SDM vol. 3, table 6-1).</summary>
    private static string NameOf(ulong vector) => vector switch
    {
        ExceptionVector.DivideError => "DE",
        ExceptionVector.Debug => "DB",
        ExceptionVector.Nmi => "NMI",
        ExceptionVector.Breakpoint => "BP",
        4 => "OF",
        5 => "BR",
        7 => "NM",
        10 => "TS",
        11 => "NP",
        12 => "SS",
        ExceptionVector.GeneralProtection => "GP",
        16 => "MF",
        17 => "AC",
        ExceptionVector.MachineCheck => "MC",
        19 => "XM",
        21 => "CP",
        _ => "??",
    };

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ReportServed(ConsoleLog log, Vcpu served) =>
        log.Always($"The trap was raised while serving d{served.Domain.Id}v{served.Id}: that domain ends here.");

    /// <summary>Before there is a host: the first serial port, which the boot code has set up.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void EmergencyReport(ref GuestFrame frame, ulong faultAddress)
    {
        ConsoleLog log = new(new SerialPort(0x3f8, 115200));
        Report(log, ref frame, faultAddress);
        Panic.Now(log, $"FATAL TRAP while booting: vector = {frame.Vector}, error code = {frame.Error:x4}");
    }
}
