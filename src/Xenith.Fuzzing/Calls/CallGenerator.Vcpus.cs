// Calls about vCPUs: their registers, timers, scheduling and traps.

namespace Xenith.Fuzzing.Calls;

public partial struct CallGenerator
{
    private void VcpuOp(ref FuzzStep step)
    {
        Hypercall(ref step, 24);
        int op = _random.Below(16);
        // Bringing vCPUs down and up is rare, or there are soon none left that act.
        if (op is 2 && !_random.OneIn(4))
            op = 3;
        step.Arguments[0] = FuzzValue.Literal((ulong)op);
        step.Arguments[1] = FuzzValue.Literal(VcpuNumber());
        step.Arguments[2] = ArgumentsAt(_base);
        switch (op)
        {
            case 0:
                // struct vcpu_guest_context is longer than a page of arguments: what lies there already decides.
                step.Arguments[2] = FuzzValue.Address(AnyPage(), Number(64) * 8);
                break;
            case 5 or 13:
                step.Add(_base, AnyAddress());
                break;
            case 6:
                step.Add(_base, FuzzValue.Literal(1UL << _random.Below(40)));
                break;
            case 8:
                step.Add(_base, FuzzValue.Literal(1UL << _random.Below(40)));
                step.Add(_base + 8, FuzzValue.Literal(Number(4)));
                break;
            case 10:
                step.Add(_base, FuzzValue.Frame(AnyDomain(), AnySlot()));
                step.Add(_base + 8, FuzzValue.Literal(Number(_random.OneIn(4) ? 0x1000 : 64) * 8 % 0x1000));
                break;
        }
    }

    private void SchedOp(ref FuzzStep step)
    {
        if (_random.OneIn(4))
        {
            Hypercall(ref step, 15);
            step.Arguments[0] = FuzzValue.Literal(_random.OneIn(3) ? 0 : 1UL << _random.Below(44));
            return;
        }
        bool compat = _random.OneIn(10);
        Hypercall(ref step, compat ? 6UL : 29UL);
        int op = _random.Below(10);
        if (op is 2 or 5 && !_random.OneIn(6))
            op = 0;
        step.Arguments[0] = FuzzValue.Literal((ulong)op);
        step.Arguments[1] = compat ? FuzzValue.Literal(Number(6)) : ArgumentsAt(_base);
        switch (op)
        {
            case 3:
                step.Add(_base, ArgumentsAt(_base + 0x40));
                step.Add(_base + 8, FuzzValue.Literal(Number(5)));
                step.Add(_base + 16, FuzzValue.Literal(_random.OneIn(2) ? 1UL << _random.Below(32) : 0));
                step.Add(_base + 0x40, FuzzValue.Literal(Port() | Port() << 32));
                break;
            case 4:
                step.Add(_base, FuzzValue.Literal((_random.OneIn(4) ? NamedDomain() : (ulong)_shape.Domains) | Number(6) << 32));
                break;
            default:
                step.Add(_base, FuzzValue.Literal(Number(4) | Number(40) << 32));
                break;
        }
    }

    /// <summary>Registers, callbacks, descriptors, and the way back from a handler.</summary>
    private void Registers(ref FuzzStep step)
    {
        ulong handler = FuzzArena.Handler;
        switch (_random.Below(16))
        {
            case 0:
                Hypercall(ref step, 0);
                step.Arguments[0] = ArgumentsAt(_base);
                for (int i = 0; i < 3; i++)
                {
                    step.Add(_base + i * 16, FuzzValue.Literal(Number(32) | Number(8) << 8 | 0xe033UL << 16));
                    step.Add(_base + i * 16 + 8, FuzzValue.Address(FuzzArena.Code, handler));
                }
                break;
            case 1:
                Hypercall(ref step, 2);
                step.Arguments[0] = ArgumentsAt(_base);
                step.Arguments[1] = FuzzValue.Literal(Number(_random.OneIn(4) ? 0x2000 : 1025));
                for (int i = 0; i < 3; i++)
                    step.Add(_base + i * 8, FuzzValue.Frame(AnyDomain(), AnySlot()));
                break;
            case 2:
                Hypercall(ref step, 3);
                step.Arguments[0] = FuzzValue.Literal(0xe02b);
                step.Arguments[1] = FuzzValue.Address(FuzzArena.Stack, FuzzArena.StackTop);
                break;
            case 3:
                Hypercall(ref step, 4);
                for (int i = 0; i < 3; i++)
                    step.Arguments[i] = FuzzValue.Address(FuzzArena.Code, handler);
                break;
            case 4:
                Hypercall(ref step, 5);
                step.Arguments[0] = FuzzValue.Literal(Number(2));
                break;
            case 5 or 6:
                Hypercall(ref step, _random.OneIn(2) ? 8UL : 9UL);
                step.Arguments[0] = FuzzValue.Literal(Number(9));
                step.Arguments[1] = _random.OneIn(2) ? AnyAddress() : Wild();
                break;
            case 7 or 8:
                Hypercall(ref step, 10);
                step.Arguments[0] = FuzzValue.Machine(AnyDomain(), AnySlot(), Number(512) * 8);
                step.Arguments[1] = Descriptor();
                break;
            case 9:
                Hypercall(ref step, 21);
                step.Arguments[0] = FuzzValue.Literal(Number(3));
                step.Arguments[1] = FuzzValue.Literal(Number(7));
                break;
            case 10 or 11:
                Hypercall(ref step, 23);
                ReturnFrame(ref step);
                break;
            case 12:
                Hypercall(ref step, 25);
                step.Arguments[0] = FuzzValue.Literal(Number(5));
                step.Arguments[1] = _random.OneIn(2) ? AnyAddress() : Wild();
                break;
            case 13:
                Hypercall(ref step, 28);
                step.Arguments[0] = FuzzValue.Literal(Number(3));
                step.Arguments[1] = ArgumentsAt(_base);
                step.Add(_base, FuzzValue.Address(FuzzArena.Code, handler));
                break;
            default:
                Hypercall(ref step, 30);
                step.Arguments[0] = FuzzValue.Literal(Number(3));
                step.Arguments[1] = ArgumentsAt(_base);
                step.Add(_base, FuzzValue.Literal(Number(8) | Number(2) << 16));
                step.Add(_base + 8, FuzzValue.Address(FuzzArena.Code, handler));
                break;
        }
    }

    /// <summary>Segments that a guest may have, one of the hypervisor's privilege, a gate, or anything.</summary>
    private FuzzValue Descriptor() => FuzzValue.Literal(_random.Below(6) switch
    {
        0 => 0,
        1 => 0x00cf_fb00_0000_ffffUL,
        2 => 0x00af_fb00_0000_ffff,
        3 => 0x00cf_9300_0000_ffff,
        4 => 0x0000_ec00_0000_0000,
        _ => _random.Next(),
    });

    /// <summary>struct iret_context on the stack: RAX, R11, RCX, flags, RIP, CS, RFLAGS, RSP, SS.</summary>
    private void ReturnFrame(ref FuzzStep step)
    {
        step.Page = FuzzArena.Stack;
        bool user = _random.OneIn(3);
        step.Add(FuzzArena.StackTop, FuzzValue.Literal(_random.Next()));
        step.Add(FuzzArena.StackTop + 8, FuzzValue.Literal(0x202));
        step.Add(FuzzArena.StackTop + 16, FuzzValue.Literal(0));
        step.Add(FuzzArena.StackTop + 24, FuzzValue.Literal(_random.OneIn(4) ? Number(0x200) : 0));
        step.Add(FuzzArena.StackTop + 32, FuzzValue.Address(FuzzArena.Code, 0));
        step.Add(FuzzArena.StackTop + 40, FuzzValue.Literal(user ? 0xe033UL : 0xe030));
        step.Add(FuzzArena.StackTop + 48, FuzzValue.Literal(_random.OneIn(3) ? _random.Next() & 0x3f_ffff : 0x202));
        step.Add(FuzzArena.StackTop + 56, FuzzValue.Address(FuzzArena.Stack, FuzzArena.StackTop));
        step.Add(FuzzArena.StackTop + 64, FuzzValue.Literal(0xe02b));
    }
}
