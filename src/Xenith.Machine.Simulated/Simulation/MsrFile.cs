// Model-specific registers of one CPU (SDM vol. 4). A register that is not listed does not exist: RDMSR and WRMSR raise #GP.

using System.Collections.Generic;

namespace Xenith.Machine.Simulation;

/// <summary>The MSRs that exist, with the checks that make a write fault.</summary>
public sealed class MsrFile
{
    private const uint TimeStampCounter = 0x10;
    private const ulong EferBits = Efer.SystemCall | Efer.LongModeEnable | Efer.LongModeActive | Efer.NoExecute;

    private readonly SimulatedCpu _cpu;
    private readonly Dictionary<uint, ulong> _values = new()
    {
        [0x17] = 0,                                     // platform id
        [0x8b] = 0,                                     // microcode revision
        [0xfe] = 0,                                     // MTRRcap: none
        [Msr.SysenterCs] = 0,
        [Msr.SysenterEsp] = 0,
        [Msr.SysenterEip] = 0,
        [0x179] = 0,                                    // MCG_CAP: no banks
        [0x17a] = 0,
        [Msr.MiscEnable] = 1,
        [Msr.Pat] = 0x0007_0406_0007_0406,
        [0x2ff] = 0,                                    // MTRR default type
        [Msr.TscDeadline] = 0,
        [Msr.Efer] = EferBits,
        [Msr.Star] = 0,
        [Msr.Lstar] = 0,
        [Msr.Cstar] = 0,
        [Msr.SyscallMask] = 0,
        [Msr.FsBase] = 0,
        [Msr.GsBase] = 0,
        [Msr.KernelGsBase] = 0,
        [Msr.TscAux] = 0,
    };

    private long _tscOffset;

    internal MsrFile(SimulatedCpu cpu)
    {
        _cpu = cpu;
        _values[Msr.ApicBase] = 0xfee0_0800UL | (cpu.Id == 0 ? 0x100UL : 0);
    }

    /// <summary>This CPU's time-stamp counter.</summary>
    public ulong Tsc => unchecked(_cpu.Machine.Clock.Tsc + (ulong)_tscOffset);

    /// <summary>Attempts to write a register so far.</summary>
    public long Writes { get; private set; }

    /// <summary>Adds or changes a register without any check: a test sets the scene.</summary>
    public void Define(uint msr, ulong value) => _values[msr] = value;

    /// <summary>RDMSR; faults if the register does not exist.</summary>
    public ulong Read(uint msr) => TryRead(msr, out ulong value) ? value : throw SimulatedFault.Protection($"RDMSR 0x{msr:x}");

    /// <summary>WRMSR; faults if the register does not exist or does not take the value.</summary>
    public void Write(uint msr, ulong value)
    {
        if (!TryWrite(msr, value))
            throw SimulatedFault.Protection($"WRMSR 0x{msr:x} = 0x{value:x}");
    }

    /// <summary>RDMSR; false where the CPU raises #GP.</summary>
    public bool TryRead(uint msr, out ulong value)
    {
        if (msr == TimeStampCounter)
        {
            value = Tsc;
            return true;
        }

        if (msr == Msr.TscDeadline)
        {
            value = _cpu.LocalApic.Deadline;
            return true;
        }

        return _values.TryGetValue(msr, out value);
    }

    /// <summary>WRMSR; false where the CPU raises #GP.</summary>
    public bool TryWrite(uint msr, ulong value)
    {
        Writes++;
        if (msr == TimeStampCounter)
        {
            _tscOffset = unchecked((long)(value - _cpu.Machine.Clock.Tsc));
            return true;
        }

        if (!_values.ContainsKey(msr) || !IsLegal(msr, value))
            return false;
        _values[msr] = value;
        if (msr == Msr.TscDeadline)
            _cpu.LocalApic.SetDeadline(value);
        return true;
    }

    private bool IsLegal(uint msr, ulong value) => msr switch
    {
        Msr.FsBase or Msr.GsBase or Msr.KernelGsBase or Msr.Lstar or Msr.Cstar or Msr.SysenterEsp or Msr.SysenterEip => AddressSpace.IsCanonical(value),
        Msr.Efer => (value & ~EferBits) == 0,
        Msr.TscAux => value <= uint.MaxValue,
        Msr.Pat => IsLegalPat(value),
        0x17 or 0xfe or 0x179 => false,
        _ => true,
    };

    private static bool IsLegalPat(ulong value)
    {
        for (int entry = 0; entry < 8; entry++)
        {
            if ((value >> (entry * 8) & 0xff) is not (0 or 1 or 4 or 5 or 6 or 7))
                return false;
        }

        return true;
    }
}
