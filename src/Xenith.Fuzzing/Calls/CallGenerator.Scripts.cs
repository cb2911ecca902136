// Short stories that chance would hardly tell: a page is filled with entries, loses its writable mapping, becomes a table, is linked and used; a page of descriptors is loaded; a grant is made, mapped,
// overwritten and given back. Other vCPUs act between the steps, and every step may be spoilt like any other.

namespace Xenith.Fuzzing.Calls;

public partial struct CallGenerator
{
    private enum Script : byte
    {
        None,
        Table,
        Descriptors,
        UserRoot,
        Grant,
        Count,
    }

    private void Begin(ref FuzzStep step)
    {
        _script = (Script)_random.Between(1, (int)Script.Count);
        _stage = 0;
        _scriptVcpu = _vcpu;
        _scriptSlot = DataSlot();
        GoOn(ref step);
    }

    private void GoOn(ref FuzzStep step)
    {
        int stage = _stage++;
        bool over = _script switch
        {
            Script.Table => TableStage(ref step, stage),
            Script.Descriptors => DescriptorStage(ref step, stage),
            Script.UserRoot => UserRootStage(ref step, stage),
            _ => GrantStage(ref step, stage),
        };
        if (over)
            _script = Script.None;
    }

    private bool TableStage(ref FuzzStep step, int stage)
    {
        int slot = _scriptSlot;
        switch (stage)
        {
            case 0:
                Hypercall(ref step, 17);
                step.Page = (ushort)slot;
                for (int i = 0; i < 4; i++)
                    step.Add(i * 8, _random.OneIn(3) ? FuzzValue.Literal(0) : Entry(AnyDomain()));
                return false;
            case 1:
                Protect(ref step, slot);
                return false;
            case 2:
                Extended(ref step, (ulong)(_random.OneIn(4) ? _random.Below(4) : 0), FuzzValue.Frame(_domain, slot));
                return false;
            case 3:
                Hypercall(ref step, 1);
                step.Add(0, FuzzValue.Machine(_domain, FuzzArena.L2, (ulong)_random.Between(1, 4) * 8));
                step.Add(8, FuzzValue.Machine(_domain, slot, 7));
                step.Arguments[0] = ArgumentsAt(0);
                step.Arguments[1] = FuzzValue.Literal(1);
                step.Arguments[3] = FuzzValue.Literal(Self);
                return false;
            case 4 or 5:
                step.Action = _random.OneIn(2) ? FuzzAction.Write : FuzzAction.Read;
                step.Arguments[0] = FuzzValue.Address(512 * _random.Between(1, 4) + _random.Below(4), 16);
                return false;
            case 6:
                Hypercall(ref step, 1);
                step.Add(0, FuzzValue.Machine(_domain, FuzzArena.L2, (ulong)_random.Between(1, 4) * 8));
                step.Add(8, FuzzValue.Literal(0));
                step.Arguments[0] = ArgumentsAt(0);
                step.Arguments[1] = FuzzValue.Literal(1);
                step.Arguments[3] = FuzzValue.Literal(Self);
                return false;
            case 7:
                Extended(ref step, 4, FuzzValue.Frame(_domain, slot));
                return false;
            default:
                Hypercall(ref step, 14);
                step.Arguments[0] = FuzzValue.Address(slot);
                step.Arguments[1] = FuzzValue.Machine(_domain, slot, 7);
                return true;
        }
    }

    private bool DescriptorStage(ref FuzzStep step, int stage)
    {
        int slot = _scriptSlot;
        switch (stage)
        {
            case 0:
                Hypercall(ref step, 17);
                step.Page = (ushort)slot;
                for (int i = 0; i < 4; i++)
                    step.Add(i * 8, Descriptor());
                return false;
            case 1:
                Protect(ref step, slot);
                return false;
            case 2 when _random.OneIn(2):
                Extended(ref step, 13, FuzzValue.Address(slot), FuzzValue.Literal((ulong)_random.Between(1, 512)));
                return false;
            case 2:
                Hypercall(ref step, 2);
                step.Add(0, FuzzValue.Frame(_domain, slot));
                step.Arguments[0] = ArgumentsAt(0);
                step.Arguments[1] = FuzzValue.Literal((ulong)_random.Between(1, 512));
                return false;
            case 3:
                // A selector of the LDT: the page is mapped when it is first used.
                Hypercall(ref step, 25);
                step.Arguments[0] = FuzzValue.Literal(3);
                step.Arguments[1] = FuzzValue.Literal(Number(64) * 8 | 4 | 3);
                return false;
            default:
                Hypercall(ref step, 10);
                step.Arguments[0] = FuzzValue.Machine(_domain, slot, Number(4) * 8);
                step.Arguments[1] = Descriptor();
                return true;
        }
    }

    /// <summary>A second root, and a visit to user mode.</summary>
    private bool UserRootStage(ref FuzzStep step, int stage)
    {
        switch (stage)
        {
            case 0:
                Extended(ref step, 15, FuzzValue.Frame(_domain, FuzzArena.UserRoot));
                return false;
            case 1 or 3:
                Hypercall(ref step, 23);
                ReturnFrame(ref step);
                step.Words[5] = FuzzValue.Literal(0xe033);
                step.Words[5].Offset = FuzzArena.StackTop + 40;
                return false;
            case 2:
                Touch(ref step);
                return false;
            default:
                Extended(ref step, 15, _random.OneIn(2) ? FuzzValue.Literal(0) : FuzzValue.Frame(_domain, _scriptSlot));
                return true;
        }
    }

    private bool GrantStage(ref FuzzStep step, int stage)
    {
        switch (stage)
        {
            case 0:
                Hypercall(ref step, 17);
                step.Page = FuzzArena.GrantTable;
                step.Add(_scriptSlot % 8 * 8, FuzzValue.Grant(_domain, _scriptSlot, 1UL | Number(_shape.Domains) << 16));
                return false;
            case 1:
                // One of those that may use it does, most likely another vCPU.
                Hypercall(ref step, 20);
                step.Vcpu = (byte)_random.Below(_shape.Vcpus);
                _domain = _shape.DomainOf(step.Vcpu);
                step.Arguments[1] = ArgumentsAt(0);
                step.Arguments[2] = FuzzValue.Literal(1);
                MapGrant(ref step, 0);
                ulong flags = _random.OneIn(3) ? 6UL : 2;
                step.Words[1] = FuzzValue.Literal(flags | (ulong)(_scriptSlot % 8) << 32);
                step.Words[1].Offset = 8;
                step.Words[2] = FuzzValue.Literal((ulong)_shape.DomainOf(_scriptVcpu));
                step.Words[2].Offset = 16;
                return false;
            case 2:
                GrantOp(ref step);
                return false;
            default:
                MemoryOp(ref step);
                return true;
        }
    }

    /// <summary>Takes the right to write from the page of a slot.</summary>
    private void Protect(ref FuzzStep step, int slot)
    {
        Hypercall(ref step, 14);
        step.Arguments[0] = FuzzValue.Address(slot);
        step.Arguments[1] = FuzzValue.Machine(_domain, slot, 5);
        step.Arguments[2] = FuzzValue.Literal(FlushFlags() & 3);
    }

    /// <summary>One mmuext_op.</summary>
    private void Extended(ref FuzzStep step, ulong command, FuzzValue first, FuzzValue second = default)
    {
        Hypercall(ref step, 26);
        step.Add(0, FuzzValue.Literal(command));
        step.Add(8, first);
        step.Add(16, second);
        step.Arguments[0] = ArgumentsAt(0);
        step.Arguments[1] = FuzzValue.Literal(1);
        step.Arguments[3] = FuzzValue.Literal(Self);
    }
}
