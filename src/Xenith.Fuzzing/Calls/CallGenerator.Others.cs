// Everything else: calls of the control domain, calls within a call, numbers that nobody has, and what a guest does without a call.

namespace Xenith.Fuzzing.Calls;

public partial struct CallGenerator
{
    private void PhysdevOp(ref FuzzStep step)
    {
        bool compat = _random.OneIn(8);
        Hypercall(ref step, compat ? 19UL : 33UL);
        int op = _random.Below(34);
        ulong first = op switch
        {
            13 => AnyDomainId() | Number(5) << 32,
            14 => AnyDomainId() | Number(40) << 32,
            _ => Number(24) | Number(4) << 32,
        };
        if (compat)
            step.Add(_base, FuzzValue.Literal((uint)op | first << 32));
        else
            step.Add(_base, op is 17 or 28 ? FuzzValue.Frame(AnyDomain(), AnySlot()) : FuzzValue.Literal(first));
        step.Add(_base + 8, FuzzValue.Literal(Number(24) | (_random.OneIn(2) ? 0xffff_ffffUL : Number(40)) << 32));
        step.Add(_base + 16, FuzzValue.Literal(Number(4) | Number(256) << 32));
        step.Arguments[0] = compat ? ArgumentsAt(_base) : FuzzValue.Literal((ulong)op);
        step.Arguments[1] = ArgumentsAt(_base);
    }

    private void Information(ref FuzzStep step)
    {
        switch (_random.Below(8))
        {
            case 0:
                Hypercall(ref step, 18);
                step.Arguments[0] = FuzzValue.Literal(Number(3));
                step.Arguments[1] = FuzzValue.Literal(Number(64));
                step.Arguments[2] = ArgumentsAt(_base);
                break;
            case 1:
                Hypercall(ref step, 7);
                PlatformOp(ref step);
                break;
            case 2:
                Hypercall(ref step, 40);
                step.Arguments[0] = FuzzValue.Literal(Number(9));
                step.Arguments[1] = ArgumentsAt(_base);
                break;
            default:
                Hypercall(ref step, 17);
                step.Arguments[0] = FuzzValue.Literal(Number(16));
                step.Arguments[1] = _random.OneIn(4) ? AnyAddress() : ArgumentsAt(_base);
                step.Add(_base, FuzzValue.Literal(Number(0x1000)));
                break;
        }
    }

    /// <summary>struct xen_platform_op: command and version, then what the command takes.</summary>
    private void PlatformOp(ref FuzzStep step)
    {
        step.Arguments[0] = ArgumentsAt(_base);
        ulong command = Number(67);
        // Sleep ends the machine, and with it the sequence. A CPU that is to go offline does so by itself, and nobody else acts while a call is made: it would be made again without end.
        const ulong enterSleep = 51, cpuOffline = 57, pcpuInformation = 55;
        if (command is enterSleep or cpuOffline)
            command = pcpuInformation;
        step.Add(_base, FuzzValue.Literal(command | 0x0300_0001UL << 32));
        for (int i = 1; i < 6; i++)
            step.Add(_base + i * 8, _random.OneIn(4) ? ArgumentsAt(_base + 0x100) : FuzzValue.Literal(Number(16) | Number(16) << 32));
    }

    /// <summary>Any number with anything for arguments.</summary>
    private void Anything(ref FuzzStep step)
    {
        Hypercall(ref step, _random.OneIn(6) ? _random.Next() >> _random.Below(64) : Number(57));
        // These are the bugs on demand of a build with checks.
        if (step.Number >> 16 == 0x5e1f)
            step.Number = 17;
        for (int i = 0; i < FuzzArguments.Count; i++)
            step.Arguments[i] = _random.OneIn(3) ? ArgumentsAt(_base) : Wild();
        for (int i = 0; i < 8; i++)
            step.Add(_base + i * 8, Wild());
    }

    /// <summary>Up to four calls in one: struct multicall_entry is number, result and six arguments.</summary>
    private void Multicall(ref FuzzStep step)
    {
        FuzzStep inner = default;
        int count = _random.Between(1, 4);
        for (int i = 0; i < count; i++)
        {
            _base = 0x400 + i * 0x200;
            do
            {
                inner = default;
                inner.Page = FuzzArena.Arguments;
                Call(ref inner, _random.Below(39));
            }
            while (inner.Page != FuzzArena.Arguments);
            if (step.WordCount + inner.WordCount + 8 > FuzzWords.Capacity)
            {
                count = i;
                break;
            }
            step.Add(i * 64, FuzzValue.Literal(inner.Number));
            for (int argument = 0; argument < FuzzArguments.Count; argument++)
            {
                if (inner.Arguments[argument].Kind != FuzzKind.Literal || inner.Arguments[argument].Bits != 0)
                    step.Add(i * 64 + 16 + argument * 8, inner.Arguments[argument]);
            }
            for (int word = 0; word < inner.WordCount; word++)
                step.Add(inner.Words[word].Offset, inner.Words[word]);
        }
        _base = 0;
        Hypercall(ref step, 13);
        step.Arguments[0] = ArgumentsAt(0);
        step.Arguments[1] = FuzzValue.Literal((ulong)count);
    }

    /// <summary>Memory is read or written, as the page tables allow.</summary>
    private void Touch(ref FuzzStep step)
    {
        bool write = _random.OneIn(2);
        step.Action = write ? FuzzAction.Write : FuzzAction.Read;
        step.Arguments[0] = AnyAddress();
        if (!write)
            return;
        step.Arguments[1] = _random.OneIn(3) ? FuzzValue.Literal(0) : Entry(AnyDomain());
        // The bytes with which a guest masks events, and says that some are pending.
        if (_random.OneIn(6))
        {
            step.Arguments[0] = FuzzValue.Address(FuzzArena.SharedInfo, (ulong)(_vcpu % 2) * 64);
            step.Arguments[1] = FuzzValue.Literal(Number(2) | Number(2) << 8);
        }
    }

    private void Instruction(ref FuzzStep step)
    {
        step.Action = FuzzAction.Instruction;
        bool store = _random.OneIn(2);
        step.Number = (ulong)(store ? _random.Below(FuzzInstructions.Stores) : _random.Between(FuzzInstructions.Stores, FuzzInstructions.Count));
        step.Arguments[0] = _random.OneIn(3) ? FuzzValue.Machine(_domain, AnySlot(), 0) : store ? Entry(AnyDomain()) : Wild();
        step.Arguments[1] = _random.OneIn(2) ? FuzzValue.Literal(Register()) : Entry(AnyDomain());
        step.Arguments[2] = FuzzValue.Literal(PortNumber());
        // Half of the stores go to the tables of the arena.
        step.Arguments[3] = store && _random.OneIn(2) ? FuzzValue.Address(FuzzArena.L1, (ulong)AnyPage() % 512 * 8) : AnyAddress();
        step.Arguments[4] = AnyAddress();
        step.Arguments[5] = _random.OneIn(2) ? FuzzValue.Literal(0) : Entry(AnyDomain());
    }

    /// <summary>Numbers of model-specific registers and of CPUID leaves.</summary>
    private ulong Register() => _random.Below(10) switch
    {
        0 => 0x10,
        1 => 0x1b,
        2 => 0x48 + Number(4),
        3 => 0xc000_0080 + Number(6),
        4 => 0xc000_0100 + Number(4),
        5 => 0x277,
        6 => 0x800 + Number(64),
        7 => 0x4000_0000 + Number(6),
        8 => Number(0x20),
        _ => _random.Next() & 0xffff_ffff,
    };

    private ulong PortNumber() => _random.Below(6) switch
    {
        0 => 0xcf8 + Number(8),
        1 => 0x70 + Number(2),
        2 => 0x3f8 + Number(8),
        3 => 0x20 + Number(2) * 0x80,
        4 => 0x80,
        _ => Number(0x10000),
    };

    private void Trap(ref FuzzStep step)
    {
        step.Action = FuzzAction.Trap;
        step.Number = (ulong)(_random.Below(16) switch
        {
            0 => 0x80,
            1 => 3,
            2 => 7,
            3 => 13,
            4 => 6,
            5 => 1,
            6 => 4,
            7 => 0,
            8 => 16,
            9 => 17,
            10 => 19,
            11 => 12,
            12 => 11,
            13 => 10,
            _ => 13,
        });
        step.Arguments[0] = FuzzValue.Literal(Number(0x10000) & (_random.OneIn(2) ? 0xffffUL : 0));
    }

    /// <summary>A domain ends, or a vCPU's processor stops it for long.</summary>
    private void Rarely(ref FuzzStep step)
    {
        if (_random.OneIn(3))
        {
            step.Action = FuzzAction.Destroy;
            step.Flags = _random.OneIn(2) ? FuzzFlags.Hurry : FuzzFlags.None;
            return;
        }
        Call(ref step, _random.Below(48));
    }
}
