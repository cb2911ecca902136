// Calls by which domains share memory and signal each other.

namespace Xenith.Fuzzing.Calls;

public partial struct CallGenerator
{
    /// <summary>References that are used: the lowest, and now and then one of the second page or beyond the table.</summary>
    private ulong Reference() => _random.OneIn(12) ? Number(0x9000) : Number(8);

    private ulong Handle() => _random.OneIn(10) ? Number(600) : Number(5);

    private void GrantOp(ref FuzzStep step)
    {
        if (_random.OneIn(4))
        {
            WriteGrants(ref step);
            return;
        }
        Hypercall(ref step, 20);
        int op = _random.Below(3) == 0 ? _random.Below(14) : _random.Below(7) switch
        {
            0 or 1 or 2 => 0,
            3 or 4 => 1,
            5 => 5,
            _ => 2,
        };
        int count = op is 2 or 3 or 8 ? 1 : _random.Between(1, 4);
        step.Arguments[0] = FuzzValue.Literal((ulong)op);
        step.Arguments[1] = ArgumentsAt(_base);
        step.Arguments[2] = FuzzValue.Literal((ulong)count);
        for (int i = 0; i < count; i++)
        {
            switch (op)
            {
                case 0:
                    MapGrant(ref step, _base + i * 32);
                    break;
                case 1 or 7:
                    step.Add(_base + i * 24, GrantPlace(0));
                    step.Add(_base + i * 24 + 8, _random.OneIn(2) ? FuzzValue.Literal(0) : op == 7 ? GrantPlace(0) : FuzzValue.Machine(AnyDomain(), AnySlot(), 0));
                    step.Add(_base + i * 24 + 16, FuzzValue.Literal(Handle()));
                    break;
                case 2:
                    step.Add(_base, FuzzValue.Literal(AnyDomainId() | (_random.OneIn(8) ? Number(70) : 1UL + Number(2)) << 32));
                    step.Add(_base + 16, ArgumentsAt(_base + 0x100));
                    break;
                case 4:
                    step.Add(_base + i * 24, FuzzValue.Frame(AnyDomain(), AnySlot()));
                    step.Add(_base + i * 24 + 8, FuzzValue.Literal(NamedDomain() | Reference() << 32));
                    break;
                case 5:
                    CopySide(ref step, _base + i * 40, false);
                    CopySide(ref step, _base + i * 40 + 16, true);
                    step.Add(_base + i * 40 + 32, FuzzValue.Literal(Number(_random.OneIn(3) ? 0x1100 : 0x100) | Number(4) << 16));
                    break;
                case 11:
                    step.Add(_base + i * 12, FuzzValue.Literal(Reference() | Reference() << 32));
                    break;
                case 12:
                    step.Add(_base + i * 16, FuzzValue.Machine(AnyDomain(), AnySlot(), 0));
                    step.Add(_base + i * 16 + 8, FuzzValue.Literal(Number(64) | Number(64) << 16 | Number(4) << 32));
                    break;
                default:
                    step.Add(_base + i * 16, FuzzValue.Literal(AnyDomainId() | Number(4) << 32));
                    break;
            }
        }
    }

    /// <summary>Lets others use frames, as a guest does: it writes its table.</summary>
    private void WriteGrants(ref FuzzStep step)
    {
        Hypercall(ref step, 17);
        step.Page = FuzzArena.GrantTable;
        int count = _random.Between(1, 5);
        for (int i = 0; i < count; i++)
        {
            ulong flags = _random.Below(6) switch
            {
                0 => 0UL,
                1 => 5,
                2 => Number(0x200),
                _ => 1,
            };
            step.Add(_random.Below(8) * 8, FuzzValue.Grant(_random.OneIn(8) ? AnyDomain() : _domain, AnySlot(), flags | NamedDomain() << 16));
        }
    }

    /// <summary>struct gnttab_map_grant_ref.</summary>
    private void MapGrant(ref FuzzStep step, int at)
    {
        ulong flags = _random.Below(8) switch
        {
            0 => Number(32),
            1 => 1,
            2 => 3,
            3 => 6,
            4 => 2 | 16,
            5 => 2 | 8,
            _ => 2,
        };
        step.Add(at, GrantPlace(flags));
        step.Add(at + 8, FuzzValue.Literal(flags | Reference() << 32));
        step.Add(at + 16, FuzzValue.Literal(NamedDomain()));
    }

    /// <summary>A page, or the machine address of an entry where the flags say so.</summary>
    private FuzzValue GrantPlace(ulong flags) => (flags & 16) != 0 || _random.OneIn(8)
        ? FuzzValue.Machine(_domain, FuzzArena.L1, (ulong)_random.Between(FuzzArena.FirstFree, FuzzArena.FirstFree + 4) * 8)
        : FuzzValue.Address(_random.OneIn(4) ? AnyPage() : _random.Between(FuzzArena.FirstFree, FuzzArena.FirstFree + 4));

    /// <summary>struct gnttab_copy_ptr: a grant or a frame, a domain, an offset.</summary>
    private void CopySide(ref FuzzStep step, int at, bool target)
    {
        bool grant = _random.OneIn(2);
        step.Add(at, grant ? FuzzValue.Literal(Reference()) : FuzzValue.Frame(AnyDomain(), AnySlot()));
        step.Add(at + 8, FuzzValue.Literal((grant && !_random.OneIn(4) ? NamedDomain() : target && !_random.OneIn(4) ? Self : AnyDomainId()) | Number(_random.OneIn(4) ? 0x1100 : 0x100) << 16));
    }

    private ulong Port() => _random.OneIn(12) ? Number(0x1100) : Number(8);

    private ulong VcpuNumber() => _random.OneIn(10) ? Number(64) : Number(2);

    private void EventOp(ref FuzzStep step)
    {
        int op = _random.Below(15);
        bool compat = _random.OneIn(16);
        Hypercall(ref step, compat ? 16UL : 32UL);
        int at = _base + (compat ? 4 : 0);
        ulong first = op switch
        {
            0 => NamedDomain() | Port() << 32,
            1 => Number(26) | VcpuNumber() << 32,
            2 => Number(20) | Number(2) << 32,
            5 => AnyDomainId() | Port() << 32,
            6 => AnyDomainId() | AnyDomainId() << 16,
            7 => VcpuNumber(),
            10 => AnyDomainId(),
            _ => Port() | VcpuNumber() << 32,
        };
        if (compat)
        {
            step.Add(_base, FuzzValue.Literal((uint)op | first << 32));
            step.Add(_base + 8, FuzzValue.Literal(first >> 32));
            step.Arguments[0] = ArgumentsAt(_base);
            return;
        }
        step.Add(at, FuzzValue.Literal(first));
        step.Add(at + 8, FuzzValue.Literal(_random.OneIn(2) ? 0 : VcpuNumber()));
        step.Arguments[0] = FuzzValue.Literal((ulong)op);
        step.Arguments[1] = ArgumentsAt(_base);
    }
}
