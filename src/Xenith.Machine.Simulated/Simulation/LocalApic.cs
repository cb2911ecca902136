// Local APIC of one CPU in xAPIC mode (SDM vol. 3, chapter 11): interrupt acceptance, EOI, the timer, and interrupts between CPUs.
// Its page is at machine address 0xfee00000; each CPU sees its own.

using System.Collections.Generic;

namespace Xenith.Machine.Simulation;

/// <summary>A simulated local APIC.</summary>
public sealed class LocalApic : IMmioDevice
{
    /// <summary>Machine address of the registers.</summary>
    public const ulong Address = 0xfee0_0000;

    private const uint Masked = 1u << 16;
    private const ulong LevelAssert = 1 << 14;
    private const uint ModePeriodic = 1u << 17, ModeDeadline = 2u << 17, ModeMask = 3u << 17;

    /// <summary>Nanoseconds of one tick of the timer's clock, before the divider.</summary>
    private const ulong TickLength = 10;

    /// <summary>The local vector table.</summary>
    private static readonly uint[] s_entries = [0x320, 0x330, 0x340, 0x350, 0x360, 0x370];

    private readonly SimulatedCpu _cpu;
    private readonly VirtualClock.Alarm _alarm;
    private readonly bool[] _requested = new bool[256];
    private readonly bool[] _inService = new bool[256];
    private readonly Dictionary<uint, uint> _plain = [];
    private ulong _started;
    private uint _initialCount;

    internal LocalApic(SimulatedCpu cpu)
    {
        _cpu = cpu;
        _alarm = cpu.Machine.Clock.CreateAlarm(TimerRings);
        foreach (uint entry in s_entries)
            _plain[entry] = Masked;
        _plain[0xf0] = 0xff;
    }

    /// <summary>Interrupts of a kind other than fixed that this CPU sent: command words, for tests of CPU start and NMI.</summary>
    public List<ulong> SpecialCommands { get; } = [];

    /// <summary>TSC deadline that is set, 0 if none.</summary>
    public ulong Deadline { get; private set; }

    /// <summary>True if an interrupt waits that the CPU would take now with interrupts on.</summary>
    public bool HasDeliverable => Candidate() >= 0;

    private bool Enabled => (Plain(0xf0) & 0x100) != 0;

    private uint Divider => (Plain(0x3e0) & 3 | Plain(0x3e0) >> 1 & 4) switch { 7 => 1, var code => 2u << (int)code };

    /// <summary>An interrupt arrives.</summary>
    public void Request(byte vector) => _requested[vector] = true;

    /// <summary>True while a vector is being served: taken and not yet ended by EOI.</summary>
    public bool IsInService(byte vector) => _inService[vector];

    /// <summary>Takes the most urgent interrupt that waits.</summary>
    public bool TryAccept(out byte vector)
    {
        int found = Candidate();
        vector = (byte)(found < 0 ? 0 : found);
        if (found < 0)
            return false;
        _requested[found] = false;
        _inService[found] = true;
        return true;
    }

    /// <summary>WRMSR to the TSC deadline.</summary>
    public void SetDeadline(ulong tsc)
    {
        if ((Plain(0x320) & ModeMask) != ModeDeadline)
            return;
        Deadline = tsc;
        if (tsc == 0)
        {
            _alarm.Clear();
            return;
        }

        ulong raw = unchecked(tsc - (_cpu.Msrs.Tsc - _cpu.Machine.Clock.Tsc));
        _alarm.Set(_cpu.Machine.Clock.TimeOfTsc(raw));
    }

    /// <inheritdoc/>
    public uint Read(uint offset, int size) => offset switch
    {
        0x20 => _cpu.Id << 24,
        0x30 => 0x0005_0014,
        0xa0 => (uint)ProcessorPriority(),
        >= 0x100 and < 0x180 => Word(_inService, offset - 0x100),
        >= 0x200 and < 0x280 => Word(_requested, offset - 0x200),
        0x380 => _initialCount,
        0x390 => CurrentCount(),
        _ => Plain(offset),
    };

    /// <inheritdoc/>
    public void Write(uint offset, int size, uint value)
    {
        switch (offset)
        {
            case 0xb0:
                EndOfInterrupt();
                break;
            case 0x300:
                _plain[offset] = value & ~(1u << 12);
                Send((ulong)Plain(0x310) << 32 | value);
                break;
            case 0x380:
                _initialCount = value;
                StartTimer();
                break;
            case 0xf0:
                _plain[offset] = value;
                // Off by software: the entries are masked, and stay so (SDM vol. 3, 11.4.7.2).
                if (!Enabled)
                {
                    foreach (uint entry in s_entries)
                        _plain[entry] |= Masked;
                }
                break;
            case 0x320:
                _plain[offset] = Maskable(value);
                if ((value & ModeMask) != ModeDeadline)
                    Deadline = 0;
                StartTimer();
                break;
            case 0x330 or 0x340 or 0x350 or 0x360 or 0x370:
                _plain[offset] = Maskable(value);
                break;
            default:
                _plain[offset] = value;
                break;
        }
    }

    private uint Maskable(uint entry) => Enabled ? entry : entry | Masked;

    private uint Plain(uint offset) => _plain.GetValueOrDefault(offset);

    private int Candidate()
    {
        if (!Enabled)
            return -1;
        int top = Highest(_requested);
        return top > 15 && top >> 4 > ProcessorPriority() >> 4 ? top : -1;
    }

    private int ProcessorPriority()
    {
        int task = (int)(Plain(0x80) & 0xff);
        int serving = Highest(_inService);
        return serving > 0 && serving >> 4 > task >> 4 ? serving & 0xf0 : task;
    }

    private void EndOfInterrupt()
    {
        int vector = Highest(_inService);
        if (vector < 0)
            return;
        _inService[vector] = false;
        _cpu.Machine.IoApic.EndOfInterrupt((byte)vector);
    }

    private void Send(ulong command)
    {
        int kind = (int)(command >> 8 & 7);
        if (kind != 0)
            SpecialCommands.Add(command);

        uint destination = (uint)(command >> 56);
        foreach (SimulatedCpu cpu in _cpu.Machine.Cpus)
        {
            bool reached = (command >> 18 & 3) switch
            {
                0 => cpu.Id == destination || destination == 0xff,
                1 => cpu == _cpu,
                2 => true,
                _ => cpu != _cpu,
            };
            if (reached)
                Deliver(cpu, kind, (byte)command, (command & LevelAssert) != 0);
        }
    }

    /// <summary>What a command does to a CPU that it reaches (SDM vol. 3, 11.6.1).</summary>
    private static void Deliver(SimulatedCpu cpu, int kind, byte vector, bool assert)
    {
        switch (kind)
        {
            case 0:
                cpu.LocalApic.Request(vector);
                break;
            case 4:
                cpu.NmiIsPending = true;
                break;
            case 5 when assert:
                cpu.Reset();
                break;
            case 6 when cpu.AwaitsStart && !cpu.NeverStarts && cpu.Machine.Entries.SecondaryMain is { } main && cpu.Machine.ArmedStart is { } armed && armed.Cpu == cpu.Id && armed.Page.Value == vector:
                cpu.Start(main);
                break;
        }
    }

    private void StartTimer()
    {
        _alarm.Clear();
        _started = _cpu.Machine.Clock.Now;
        if (_initialCount != 0 && (Plain(0x320) & ModeMask) != ModeDeadline)
            _alarm.Set(_started + _initialCount * TickLength * Divider);
    }

    private void TimerRings()
    {
        uint entry = Plain(0x320);
        if ((entry & ModeMask) == ModePeriodic)
            StartTimer();
        else if ((entry & ModeMask) == ModeDeadline)
            Deadline = 0;
        else
            _initialCount = 0;
        if ((entry & Masked) == 0)
            Request((byte)entry);
    }

    private uint CurrentCount()
    {
        ulong passed = (_cpu.Machine.Clock.Now - _started) / (TickLength * Divider);
        return passed >= _initialCount ? 0 : (uint)(_initialCount - passed);
    }

    private static int Highest(bool[] vectors)
    {
        for (int vector = 255; vector >= 0; vector--)
        {
            if (vectors[vector])
                return vector;
        }

        return -1;
    }

    private static uint Word(bool[] vectors, uint offset)
    {
        uint word = 0;
        for (int bit = 0; bit < 32; bit++)
        {
            if (vectors[offset / 16 * 32 + bit])
                word |= 1u << bit;
        }

        return word;
    }
}
