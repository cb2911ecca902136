// Calls about page tables and frames.

namespace Xenith.Fuzzing.Calls;

public partial struct CallGenerator
{
    private void UpdateVaMapping(ref FuzzStep step)
    {
        bool other = _random.OneIn(8);
        Hypercall(ref step, other ? 22UL : 14UL);
        step.Arguments[0] = FuzzValue.Address(AnyPage());
        ulong named = NamedDomain();
        step.Arguments[1] = Entry(other && named < (ulong)_shape.Domains ? (int)named : AnyDomain());
        step.Arguments[2] = _random.OneIn(6) ? ArgumentsAt(_base + 0x40).With(FlushFlags()) : FuzzValue.Literal(FlushFlags());
        step.Arguments[3] = FuzzValue.Literal(other ? named : 0);
        step.Add(_base + 0x40, FuzzValue.Literal(Number(4)));
    }

    /// <summary>UVMF_*: none, flush the TLB or the page; here, on all, or by a bitmap.</summary>
    private ulong FlushFlags() => _random.Below(8) switch
    {
        < 3 => 0,
        3 => 1,
        4 => 2,
        5 => 5,
        6 => 6,
        _ => Number(8),
    };

    private void MmuUpdate(ref FuzzStep step)
    {
        Hypercall(ref step, 1);
        int count = _random.OneIn(3) ? _random.Between(2, 6) : 1;
        ulong foreign = _random.OneIn(6) ? NamedDomain() : 0xffff;
        for (int i = 0; i < count; i++)
        {
            step.Add(_base + i * 16, EntryPlace(AnyDomain()));
            step.Add(_base + i * 16 + 8, Entry(foreign < (ulong)_shape.Domains ? (int)foreign : AnyDomain()));
        }
        step.Arguments[0] = ArgumentsAt(_base);
        step.Arguments[1] = FuzzValue.Literal((ulong)count);
        step.Arguments[2] = _random.OneIn(2) ? FuzzValue.Literal(0) : ArgumentsAt(_base + 0x1f0);
        // The domain of the frames is in the lower half, that of the tables, plus one, in the upper.
        step.Arguments[3] = FuzzValue.Literal((foreign == 0xffff ? AnyDomainId() : foreign) | (_random.OneIn(8) ? NamedDomain() + 1 << 16 : 0));
    }

    /// <summary>Where an entry is to be written: in the tables of the arena, or in a page that may have become one.</summary>
    private FuzzValue EntryPlace(int domain)
    {
        ulong command = _random.OneIn(5) ? Number(4) : 0;
        switch (_random.Below(8))
        {
            case < 3:
                return FuzzValue.Machine(domain, FuzzArena.L1, (ulong)AnyPage() % 512 * 8 | command);
            case 3:
                return FuzzValue.Machine(domain, FuzzArena.L2, Number(4) * 8 | command);
            case 4:
                return FuzzValue.Machine(domain, _random.Below(FuzzArena.L2), (ulong)AnyTopIndex() * 8 | command);
            default:
                return FuzzValue.Machine(domain, AnySlot(), (ulong)(_random.OneIn(4) ? AnyTopIndex() : _random.Below(4)) * 8 | command);
        }
    }

    /// <summary>Interesting places of a top-level table: where the arena is, the hypervisor's slots and beside them, the ends.</summary>
    private int AnyTopIndex() => _random.Below(8) switch
    {
        0 => 0,
        1 => 1,
        2 => 255,
        3 => _random.Between(256, 272),
        4 => 272,
        5 => 510,
        6 => 511,
        _ => _random.Below(512),
    };

    private void MmuExtOp(ref FuzzStep step)
    {
        Hypercall(ref step, 26);
        int count = _random.OneIn(4) ? _random.Between(2, 5) : 1;
        for (int i = 0; i < count; i++)
        {
            int command = _random.Below(4) switch
            {
                0 => _random.Below(5),
                1 => _random.Below(2) * 4,
                _ => _random.Below(21),
            };
            step.Add(_base + i * 24, FuzzValue.Literal((ulong)command));
            bool takesFrame = command is <= 5 or >= 15;
            step.Add(_base + i * 24 + 8, takesFrame ? FuzzValue.Frame(AnyDomain(), AnySlot()) : command == 13 ? FuzzValue.Address(AnyPage()) : AnyAddress());
            step.Add(_base + i * 24 + 16, command switch
            {
                8 or 9 => ArgumentsAt(_base + 0x80),
                13 => FuzzValue.Literal(Number(_random.OneIn(4) ? 0x3000 : 0x400)),
                17 => FuzzValue.Frame(AnyDomain(), AnySlot()),
                _ => FuzzValue.Literal(0),
            });
        }
        step.Add(_base + 0x80, FuzzValue.Literal(Number(4)));
        step.Arguments[0] = ArgumentsAt(_base);
        step.Arguments[1] = FuzzValue.Literal((ulong)count);
        step.Arguments[2] = _random.OneIn(2) ? FuzzValue.Literal(0) : ArgumentsAt(_base + 0x1f0);
        step.Arguments[3] = FuzzValue.Literal(AnyDomainId());
    }

    private void MemoryOp(ref FuzzStep step)
    {
        Hypercall(ref step, 12);
        int op = _random.Below(4) == 0 ? _random.Below(30) : _random.Below(6) switch
        {
            0 => 0,
            1 or 2 => 1,
            3 or 4 => 6,
            _ => 11,
        };
        step.Arguments[0] = FuzzValue.Literal((ulong)op);
        step.Arguments[1] = ArgumentsAt(_base);
        ulong domain = _random.OneIn(3) ? AnyDomainId() : Self;
        switch (op)
        {
            case 0 or 1 or 6:
                Reservation(ref step, _base, _base + 0x100, op == 6, domain);
                break;
            case 11:
                Reservation(ref step, _base, _base + 0x100, false, domain);
                Reservation(ref step, _base + 32, _base + 0x180, true, domain);
                step.Add(_base + 64, FuzzValue.Literal(0));
                break;
            case 5 or 25:
                step.Add(_base, FuzzValue.Literal(Number(3)));
                step.Add(_base + 8, ArgumentsAt(_base + 0x100));
                break;
            case 7 or 23:
                step.Add(_base, FuzzValue.Literal(domain | Number(8) << 32));
                step.Add(_base + 8, FuzzValue.Literal(Number(8)));
                step.Add(_base + 16, FuzzValue.Frame(AnyDomain(), AnySlot()));
                break;
            case 9 or 10:
                step.Add(_base, FuzzValue.Literal(Number(16)));
                step.Add(_base + 8, ArgumentsAt(_base + 0x100));
                break;
            case 13:
                step.Add(_base, FuzzValue.Literal(domain));
                step.Add(_base + 8, FuzzValue.Literal(Number(4)));
                step.Add(_base + 16, ArgumentsAt(_base + 0x100));
                for (int i = 0; i < 6; i++)
                    step.Add(_base + 0x100 + i * 8, FuzzValue.Literal(Number(8) << _random.Below(24)));
                break;
            case 24:
                step.Add(_base, FuzzValue.Literal(0));
                step.Add(_base + 8, FuzzValue.Literal(Number(4) == 0 ? 0 : Number(64)));
                step.Add(_base + 24, FuzzValue.Literal(domain));
                break;
            default:
                step.Add(_base, FuzzValue.Literal(domain));
                step.Add(_base + 8, FuzzValue.Frame(AnyDomain(), AnySlot()));
                break;
        }
    }

    /// <summary>struct xen_memory_reservation: list, extents, order, flags, domain.</summary>
    private void Reservation(ref FuzzStep step, int at, int list, bool pseudoPhysical, ulong domain)
    {
        int count = _random.Between(1, 5);
        int order = _random.OneIn(5) ? _random.Below(12) : _random.OneIn(4) ? _random.Below(3) : 0;
        step.Add(at, ArgumentsAt(list));
        step.Add(at + 8, FuzzValue.Literal((ulong)count));
        step.Add(at + 16, FuzzValue.Literal((uint)order | (_random.OneIn(4) ? Number(64) << 32 : 0)));
        step.Add(at + 24, FuzzValue.Literal(domain));
        for (int i = 0; i < count; i++)
            step.Add(list + i * 8, pseudoPhysical ? FuzzValue.Literal(Number(64)) : FuzzValue.Frame(AnyDomain(), AnySlot()));
    }
}
