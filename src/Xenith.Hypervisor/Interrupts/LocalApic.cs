using Xenith.Hypervisor.Time;
using Xenith.Machine;

namespace Xenith.Hypervisor.Interrupts;

/// <summary>
/// The local APIC of the CPU that runs this (SDM vol. 3, chapter 11): end of interrupt, the timer, and interrupts to other CPUs. One object serves all CPUs, because each finds its
/// own registers at the same place. In xAPIC mode that is a page of memory; in x2APIC mode, which is used wherever the CPU has it, a range of MSRs in the same order (11.12.1.2).
/// </summary>
public sealed partial class LocalApic
{
    private const uint IdRegister = 0x20, TaskPriority = 0x80, EndOfInterruptRegister = 0xb0, Spurious = 0xf0, ErrorStatus = 0x280, InterruptRequest = 0x200, Command = 0x300, CommandHigh = 0x310;
    private const uint TimerEntry = 0x320, Lint0 = 0x350, Lint1 = 0x360, ErrorEntry = 0x370, InitialCount = 0x380, CurrentCount = 0x390, Divide = 0x3e0;
    private const uint Masked = 1 << 16, DeadlineMode = 2 << 17, NmiDelivery = 0x400;
    private const ulong ApicEnable = 1 << 11, X2ApicEnable = 1 << 10;

    /// <summary>The counting timer does not run further than this at once, in nanoseconds: its counter has 32 bits.</summary>
    private const ulong LongestWait = 1_000_000_000;

    private readonly MmioRegion _registers;
    private readonly bool _isX2Apic;
    private readonly bool _hasDeadline;
    private ulong _hertz;

    /// <summary>
    /// Turns on the local APIC of the CPU that boots; its page is mapped, should it be needed. x2APIC mode and TSC deadline are used if the CPU has them and the caller allows it; firmware that has
    /// turned x2APIC mode on has decided.
    /// </summary>
    public LocalApic(MmioRegion registers, bool mayUseX2Apic = true, bool mayUseDeadline = true)
    {
        _registers = registers;
        uint features = Cpu.Cpuid(1).Ecx;
        _isX2Apic = (features & 1u << 21) != 0 && (mayUseX2Apic || (Cpu.ReadMsr(Msr.ApicBase) & X2ApicEnable) != 0);
        _hasDeadline = mayUseDeadline && (features & 1u << 24) != 0;
        Enable(Masked | Vectors.LocalTimer, NmiDelivery);
    }

    /// <summary>True in x2APIC mode: then APIC ids have 32 bits.</summary>
    public bool IsX2Apic => _isX2Apic;

    /// <summary>True if the timer is set to a value of the TSC rather than counted down.</summary>
    public bool HasDeadlineTimer => _hasDeadline;

    /// <summary>APIC id of this CPU.</summary>
    public uint Id => _isX2Apic ? Read(IdRegister) : Read(IdRegister) >> 24;

    /// <summary>Turns on the local APIC of another CPU, which runs this; the frequency of its timer is that of the first.</summary>
    public void EnableSecondary()
    {
        // The NMI of the chipset goes to the first CPU only.
        Enable(TimerMode, Masked | NmiDelivery);
        StopTimer();
    }

    /// <summary>Takes this CPU out of interrupt delivery but for INIT, start-up and NMI.</summary>
    public void Disable()
    {
        StopTimer();
        Write(TimerEntry, Masked);
        Write(ErrorEntry, Masked);
        Write(Spurious, Vectors.Spurious);
    }

    /// <summary>Lets the counter run freely from its largest value: the first half of measuring its frequency.</summary>
    public void StartMeasuring() => Write(InitialCount, uint.MaxValue);

    /// <summary>Ticks since <see cref="StartMeasuring"/>.</summary>
    public uint Measured => uint.MaxValue - Read(CurrentCount);

    /// <summary>Ends measuring: the timer is ready for use.</summary>
    public void SetFrequency(ulong hertz)
    {
        _hertz = hertz;
        Write(InitialCount, 0);
        Write(TimerEntry, TimerMode);
    }

    /// <summary>True if an interrupt of a vector waits to be taken (the interrupt request register; SDM vol. 3, 11.8.4).</summary>
    internal bool IsRequested(byte vector) => (Read(InterruptRequest + vector / 32u * 0x10) >> (vector & 31) & 1) != 0;

    /// <summary>Ends the interrupt in service.</summary>
    public void EndOfInterrupt() => Write(EndOfInterruptRegister, 0);

    /// <summary>The errors that the local APIC has noted since the last look (11.5.3).</summary>
    public uint TakeErrors()
    {
        Write(ErrorStatus, 0);
        return Read(ErrorStatus);
    }

    /// <summary>Makes the timer fire at a moment of system time, or earlier if that is far away.</summary>
    public void ArmTimer(SystemTime time, ulong deadline)
    {
        if (deadline == ulong.MaxValue)
        {
            StopTimer();
            return;
        }
        if (_hasDeadline)
        {
            Cpu.WriteMsr(Msr.TscDeadline, time.ToTsc(deadline));
            return;
        }
        ulong now = time.Now;
        ulong wait = deadline > now ? deadline - now : 0;
        if (wait > LongestWait)
            wait = LongestWait;
        ulong ticks = wait * (_hertz / 1000) / 1_000_000 + 1;
        Write(InitialCount, ticks > uint.MaxValue ? uint.MaxValue : (uint)ticks);
    }

    private uint TimerMode => _hasDeadline ? DeadlineMode | Vectors.LocalTimer : Vectors.LocalTimer;

    private void StopTimer()
    {
        if (_hasDeadline)
            Cpu.WriteMsr(Msr.TscDeadline, 0);
        Write(InitialCount, 0);
    }

    private void Enable(uint timer, uint lint1)
    {
        if (_isX2Apic)
            Cpu.WriteMsr(Msr.ApicBase, Cpu.ReadMsr(Msr.ApicBase) | ApicEnable | X2ApicEnable);
        Write(TaskPriority, 0);
        // First: while the APIC is off by software, every entry stays masked whatever is written to it (SDM vol. 3, 11.4.7.2).
        Write(Spurious, 0x100 | Vectors.Spurious);
        Write(Divide, 0xb);
        Write(TimerEntry, timer);
        Write(Lint0, Masked);
        Write(Lint1, lint1);
        Write(ErrorEntry, Vectors.ApicError);
        TakeErrors();
    }

    private uint Read(uint register) => _isX2Apic ? unchecked((uint)Cpu.ReadMsr(X2ApicRegister(register))) : _registers.Read32(register);

    private void Write(uint register, uint value)
    {
        if (_isX2Apic)
            Cpu.WriteMsr(X2ApicRegister(register), value);
        else
            _registers.Write32(register, value);
    }

    private static uint X2ApicRegister(uint register) => Msr.X2ApicFirst + (register >> 4);
}
