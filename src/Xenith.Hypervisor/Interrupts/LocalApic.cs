using Xenith.Hypervisor.Time;
using Xenith.Machine;

namespace Xenith.Hypervisor.Interrupts;

/// <summary>The local APIC of the CPU that runs this (SDM vol. 3, chapter 11), in xAPIC mode: end of interrupt and the one-shot timer.</summary>
public sealed class LocalApic
{
    private const uint IdRegister = 0x20, TaskPriority = 0x80, EndOfInterruptRegister = 0xb0, Spurious = 0xf0, InterruptRequest = 0x200;
    private const uint TimerEntry = 0x320, Lint0 = 0x350, Lint1 = 0x360, ErrorEntry = 0x370, InitialCount = 0x380, CurrentCount = 0x390, Divide = 0x3e0;
    private const uint Masked = 1 << 16;

    /// <summary>The timer does not run further than this at once, in nanoseconds: its counter has 32 bits.</summary>
    private const ulong LongestWait = 1_000_000_000;

    private readonly MmioRegion _registers;
    private ulong _hertz;

    /// <summary>Turns the local APIC on; its registers are mapped.</summary>
    public LocalApic(MmioRegion registers)
    {
        _registers = registers;
        registers.Write32(TaskPriority, 0);
        registers.Write32(Divide, 0xb);
        registers.Write32(TimerEntry, Masked | Vectors.LocalTimer);
        registers.Write32(Lint0, Masked);
        registers.Write32(Lint1, 0x400);
        registers.Write32(ErrorEntry, Masked | Vectors.ApicError);
        registers.Write32(Spurious, 0x100 | Vectors.Spurious);
    }

    /// <summary>APIC id of this CPU.</summary>
    public uint Id => _registers.Read32(IdRegister) >> 24;

    /// <summary>Frequency of the timer's counter, once it has been measured.</summary>
    public ulong TimerHertz => _hertz;

    /// <summary>Lets the counter run freely from its largest value: the first half of measuring its frequency.</summary>
    public void StartMeasuring() => _registers.Write32(InitialCount, uint.MaxValue);

    /// <summary>Ticks since <see cref="StartMeasuring"/>.</summary>
    public uint Measured => uint.MaxValue - _registers.Read32(CurrentCount);

    /// <summary>Ends measuring: the timer is ready for use.</summary>
    public void SetFrequency(ulong hertz)
    {
        _hertz = hertz;
        _registers.Write32(InitialCount, 0);
        _registers.Write32(TimerEntry, Vectors.LocalTimer);
    }

    /// <summary>True if an interrupt of a vector waits to be taken (the interrupt request register; SDM vol. 3, 11.8.4).</summary>
    internal bool IsRequested(byte vector) => (_registers.Read32(InterruptRequest + vector / 32u * 0x10) >> (vector & 31) & 1) != 0;

    /// <summary>Ends the interrupt in service.</summary>
    public void EndOfInterrupt() => _registers.Write32(EndOfInterruptRegister, 0);

    /// <summary>Makes the timer fire at a moment of system time, or earlier if that is far away.</summary>
    public void ArmTimer(SystemTime time, ulong deadline)
    {
        if (deadline == ulong.MaxValue)
        {
            _registers.Write32(InitialCount, 0);
            return;
        }
        ulong now = time.Now;
        ulong wait = deadline > now ? deadline - now : 0;
        if (wait > LongestWait)
            wait = LongestWait;
        ulong ticks = wait * (_hertz / 1000) / 1_000_000 + 1;
        _registers.Write32(InitialCount, ticks > uint.MaxValue ? uint.MaxValue : (uint)ticks);
    }
}
