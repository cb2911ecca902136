// Makes calls that are worth making. Wholly random arguments are refused at the first check and test nothing behind it, so most calls here are nearly right: they name frames, ports, grants and
// addresses that may well be the caller's, in structures that are well formed. Some are then spoilt in one place. What a call does depends on the ones before it; the generator does not keep books
// on that: with few frames, ports and grants, chance is enough to hit one that is in the wanted state, and a few short scripts lead to the states that chance rarely reaches.

namespace Xenith.Fuzzing.Calls;

/// <summary>A stream of steps that a seed determines.</summary>
public partial struct CallGenerator
{
    /// <summary>The domain calls itself so.</summary>
    private const ulong Self = 0x7ff0;

    private FuzzRandom _random;
    private readonly FuzzShape _shape;

    /// <summary>The script that is being played: which one, how far, for which vCPU and about which slot.</summary>
    private Script _script;
    private int _stage, _scriptVcpu, _scriptSlot;

    /// <summary>vCPU and domain of the step that is being made.</summary>
    private int _vcpu, _domain;

    /// <summary>Offset in the page of arguments that the call being made begins at.</summary>
    private int _base;

    /// <summary>The stream of a seed for a world.</summary>
    public CallGenerator(ulong seed, FuzzShape shape)
    {
        _random = new FuzzRandom(seed);
        _shape = shape;
        _script = Script.None;
        _vcpu = _domain = _base = 0;
        _stage = _scriptVcpu = _scriptSlot = 0;
    }

    /// <summary>Makes the next step.</summary>
    public void Next(ref FuzzStep step)
    {
        step = default;
        step.Page = FuzzArena.Arguments;
        step.Cpu = (byte)_random.Below(_shape.Cpus);
        _base = 0;
        _vcpu = _script != Script.None && !_random.OneIn(6) ? _scriptVcpu : _random.Below(_shape.Vcpus);
        _domain = _shape.DomainOf(_vcpu);
        step.Vcpu = (byte)_vcpu;
        if (_script != Script.None && _vcpu == _scriptVcpu)
            GoOn(ref step);
        else if (_script == Script.None && _random.OneIn(10))
            Begin(ref step);
        else
            Single(ref step);
        if (step.Action != FuzzAction.Hypercall)
            return;
        if (_random.OneIn(4))
            step.Flags |= FuzzFlags.Hurry;
        if (_random.OneIn(8))
            step.Flags |= _random.OneIn(2) ? FuzzFlags.Leave : FuzzFlags.Forget;
        if (_random.OneIn(10))
            Spoil(ref step);
    }

    private void Single(ref FuzzStep step)
    {
        switch (_random.Below(64))
        {
            case < 8:
                Touch(ref step);
                break;
            case < 12:
                Instruction(ref step);
                break;
            case 12:
                Trap(ref step);
                break;
            case 13 or 14:
                step.Action = FuzzAction.Time;
                step.Arguments[0] = FuzzValue.Literal(1UL << _random.Between(8, 34));
                break;
            case 15:
                Rarely(ref step);
                break;
            default:
                Call(ref step, _random.Below(48));
                break;
        }
    }

    /// <summary>A hypercall. Its structures begin at the present base; there is room for two in a page.</summary>
    private void Call(ref FuzzStep step, int kind)
    {
        switch (kind)
        {
            case < 6:
                UpdateVaMapping(ref step);
                break;
            case < 12:
                MmuUpdate(ref step);
                break;
            case < 19:
                MmuExtOp(ref step);
                break;
            case < 26:
                GrantOp(ref step);
                break;
            case < 32:
                EventOp(ref step);
                break;
            case < 36:
                MemoryOp(ref step);
                break;
            case < 39:
                VcpuOp(ref step);
                break;
            case < 41:
                SchedOp(ref step);
                break;
            case < 43:
                Multicall(ref step);
                break;
            case < 45:
                Registers(ref step);
                break;
            case 45:
                PhysdevOp(ref step);
                break;
            case 46:
                Information(ref step);
                break;
            default:
                Anything(ref step);
                break;
        }
    }

    /// <summary>Replaces one thing by something that may be anything.</summary>
    private void Spoil(ref FuzzStep step)
    {
        int at = _random.Below(FuzzArguments.Count + step.WordCount);
        if (at < FuzzArguments.Count)
        {
            step.Arguments[at] = Wild();
            return;
        }
        at -= FuzzArguments.Count;
        FuzzValue wild = Wild();
        if (_random.OneIn(2) && step.Words[at].Kind == FuzzKind.Literal)
        {
            // One half of a word, or one bit of it: structures hold smaller fields.
            ulong bits = step.Words[at].Bits;
            wild = FuzzValue.Literal(_random.Below(3) switch
            {
                0 => bits & 0xffff_ffff | wild.Bits << 32,
                1 => bits & ~0xffff_ffffUL | wild.Bits & 0xffff_ffff,
                _ => bits ^ 1UL << _random.Below(64),
            });
        }
        wild.Offset = step.Words[at].Offset;
        step.Words[at] = wild;
    }

    /// <summary>A value at some edge, a frame or an address of any sort.</summary>
    private FuzzValue Wild() => _random.Below(20) switch
    {
        0 => FuzzValue.Literal(0),
        1 => FuzzValue.Literal(ulong.MaxValue),
        2 => FuzzValue.Literal(1),
        3 => FuzzValue.Literal(0x8000_0000_0000_0000),
        4 => FuzzValue.Literal(0xffff_ffff),
        5 => FuzzValue.Literal(0x7fff_ffff_ffff_ffff),
        6 => FuzzValue.Literal(1UL << _random.Below(64)),
        7 => FuzzValue.Literal((1UL << _random.Below(64)) - 1),
        8 => FuzzValue.Literal(_random.Next()),
        9 => FuzzValue.Literal(Number(0x1000)),
        10 => FuzzValue.Literal(0xffff_8000_0000_0000 + Number(0x1000)),          // the hypervisor's first page
        11 => FuzzValue.Literal(0xffff_8300_0000_0000 + (_random.Next() & 0xff_fff8)),          // the direct map
        12 => FuzzValue.Literal(0xffff_87ff_ffff_fff8 + Number(16)),              // the hypervisor's end
        13 => FuzzValue.Literal(0x0000_7fff_ffff_fff8 + Number(16)),              // the edge of the canonical addresses
        14 => FuzzValue.Literal(0xffff_ffff_ffff_f000 + Number(0x1000)),          // the last page
        15 => FuzzValue.Address(FuzzArena.Arguments, 0xff8 + Number(16)),         // over the end of a page
        16 => FuzzValue.Address(AnyPage(), Number(0x1000)),
        17 => FuzzValue.Frame(AnyDomain(), AnySlot()),
        18 => FuzzValue.Machine(AnyDomain(), AnySlot(), Number(0x1000)),
        _ => FuzzValue.Literal(Number(64)),
    };

    /// <summary>A number from 0 to <paramref name="end"/> - 1, as bits.</summary>
    private ulong Number(int end) => (uint)_random.Below(end);

    private int AnyDomain() => _random.OneIn(3) ? _random.Below(_shape.Domains) : _domain;

    /// <summary>The name of a domain as a call has it.</summary>
    private ulong AnyDomainId() => _random.Below(16) switch
    {
        < 9 => Self,
        < 14 => Number(_shape.Domains),
        14 => 0x7ff1 + Number(4),
        _ => Number(0x10000),
    };

    /// <summary>The number of a domain, which may be the caller's own.</summary>
    private ulong NamedDomain() => _random.OneIn(12) ? Number(0x10000) : Number(_shape.Domains);

    private int DataSlot() => _random.Between(FuzzArena.FirstData, FuzzArena.Slots);

    private int AnySlot() => _random.Below(8) switch
    {
        0 => _random.Below(FuzzArena.FirstData),
        1 => _random.Between(FuzzArena.Slots, FuzzArena.AllSlots),
        _ => DataSlot(),
    };

    private int AnyPage() => _random.Below(8) switch
    {
        0 => _random.Below(FuzzArena.FirstData),
        1 or 2 => _random.Between(FuzzArena.FirstFree, FuzzArena.EndFree),
        3 => _random.Between(FuzzArena.FirstLinked, FuzzArena.EndLinked) & ~0x1fc,
        4 => _random.Between(FuzzArena.SharedInfo, FuzzArena.FirstFree),
        _ => DataSlot(),
    };

    /// <summary>An address in a page, aligned to words.</summary>
    private FuzzValue AnyAddress() => FuzzValue.Address(AnyPage(), Number(16) * 8);

    private FuzzValue ArgumentsAt(int offset) => FuzzValue.Address(FuzzArena.Arguments, (ulong)(uint)offset);

    /// <summary>A page-table entry for a frame that may be the caller's.</summary>
    private FuzzValue Entry(int domain)
    {
        ulong flags = _random.Below(10) switch
        {
            0 => Number(0x1000),
            1 => 1,
            2 or 3 => 5,
            4 => 0x8000_0000_0000_0007,
            5 => 0x61,
            6 => 3,
            _ => 7,
        };
        return _random.Below(12) switch
        {
            0 => FuzzValue.Literal(0),
            1 => FuzzValue.Literal(Number(1 << 20) << 12 | flags),
            _ => FuzzValue.Machine(domain, AnySlot(), flags),
        };
    }

    private void Hypercall(ref FuzzStep step, ulong number)
    {
        step.Action = FuzzAction.Hypercall;
        step.Number = number;
    }
}
