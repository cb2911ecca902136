using System.Runtime;
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
        PerCpu.Ledger.Trapped = false;
        if (frame.Vector == ExceptionVector.DoubleFault && PerCpu.IsStackGuard(faultAddress))
            ReportOverflow(log, faultAddress);
        Report(log, ref frame, faultAddress);

        Vcpu? served = cpu.Served;
        bool unrecoverable = frame.Vector is ExceptionVector.DoubleFault or ExceptionVector.MachineCheck or ExceptionVector.Nmi;
        if (served is null || unrecoverable)
        {
            Panic.Now(log, $"FATAL TRAP: vector = {frame.Vector}, error code = {frame.Error:x4}");
            return 0;
        }
        log.Always($"The trap was raised while serving d{served.Domain.Id}v{served.Id}: that domain ends here.");
        DomainLife.Crash(served.Domain);
        return 1;
    }

    /// <summary>The push of the page fault's own frame was what made it a double fault (SDM vol. 3, 6.15).</summary>
    private static void ReportOverflow(ConsoleLog log, ulong faultAddress) =>
        log.Always($"Stack overflow: {faultAddress:x16} lies in the guard page below a stack of CPU {PerCpu.Id}");

    /// <summary>Prints registers and calls.</summary>
    internal static void Report(ConsoleLog log, ref GuestFrame frame, ulong faultAddress)
    {
        log.Always($"----[ Xenith  x86_64 ]----");
        log.Always($"CPU:    {PerCpu.Id}");
        log.Always($"RIP:    e008:[<{frame.Rip:x16}>]");
        log.Always($"vector {frame.Vector} error {frame.Error:x4} rflags {frame.Rflags:x16} cr2 {faultAddress:x16}");
        log.Always($"rax: {frame.Rax:x16}   rbx: {frame.Rbx:x16}   rcx: {frame.Rcx:x16}");
        log.Always($"rdx: {frame.Rdx:x16}   rsi: {frame.Rsi:x16}   rdi: {frame.Rdi:x16}");
        log.Always($"rbp: {frame.Rbp:x16}   rsp: {frame.Rsp:x16}   r8:  {frame.R8:x16}");
        log.Always($"r9:  {frame.R9:x16}   r10: {frame.R10:x16}   r11: {frame.R11:x16}");
        log.Always($"r12: {frame.R12:x16}   r13: {frame.R13:x16}   r14: {frame.R14:x16}");
        log.Always($"r15: {frame.R15:x16}   cr0: {Cpu.ReadCr0():x16}   cr3: {Cpu.ReadCr3():x16}");
        Backtrace.Print(log, ref frame);
    }

    /// <summary>Before there is a host: the first serial port, which the boot code has set up.</summary>
    private static void EmergencyReport(ref GuestFrame frame, ulong faultAddress)
    {
        ConsoleLog log = new(new SerialPort(0x3f8, 115200));
        Report(log, ref frame, faultAddress);
        Panic.Now(log, $"FATAL TRAP while booting: vector = {frame.Vector}, error code = {frame.Error:x4}");
    }
}
