using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>What an instruction does to its memory operand.</summary>
internal enum UpdateKind
{
    // The first eight have the numbers that opcodes and group 1 give them.
    Add,
    Or,
    AddCarry,
    SubtractBorrow,
    And,
    Subtract,
    Xor,
    Compare,
    Move,
    Exchange,
    ExchangeAdd,
    CompareExchange,
    CompareExchange8,
    Not,
    Negate,
    Increment,
    Decrement,
    BitSet,
    BitReset,
    BitComplement,
    StoreString,
}

/// <summary>
/// An instruction that changes 1, 2, 4 or 8 bytes of memory, as a function of what is there: so that a write to a page table can be made by a checked
/// compare-and-exchange of the whole entry instead.
/// </summary>
internal struct MemoryUpdate
{
    /// <summary>What is done.</summary>
    internal UpdateKind Kind;

    /// <summary>Bytes of the operand.</summary>
    internal int Size;

    /// <summary>Its address.</summary>
    internal ulong Address;

    private ulong _source;
    private int _register;
    private bool _hasRex;

    /// <summary>Understands an instruction of 64-bit code. False if it is none of those that are known.</summary>
    internal static bool TryUnderstand(ref GuestFrame frame, in Instruction instruction, out MemoryUpdate update)
    {
        update = default;
        update._hasRex = instruction.Rex != 0;
        update._register = instruction.Register;
        update.Size = (instruction.Opcode & 1) == 0 ? 1 : instruction.OperandSize;
        bool known = instruction.Map switch
        {
            OpcodeMap.Primary => update.Primary(ref frame, in instruction),
            OpcodeMap.Secondary => update.Secondary(ref frame, in instruction),
            _ => false,
        };
        return known && update.Kind != UpdateKind.Compare;
    }

    private bool Primary(ref GuestFrame frame, in Instruction instruction)
    {
        byte opcode = instruction.Opcode;
        if (opcode is 0xa2 or 0xa3) // MOV to an absolute address
        {
            Address = EffectiveAddress.WithSegment(in instruction, unchecked((ulong)instruction.Immediate));
            return FromRegister(ref frame, UpdateKind.Move, 0);
        }
        if (opcode is 0xaa or 0xab) // STOS
        {
            Address = frame.Rdi & GuestRegisters.Mask(instruction.AddressSize);
            bool isNothing = instruction.RepeatPrefix != 0 && (frame.Rcx & GuestRegisters.Mask(instruction.AddressSize)) == 0;
            return !isNothing && FromRegister(ref frame, UpdateKind.StoreString, 0);
        }
        if (!instruction.HasMemoryOperand)
            return false;
        Address = EffectiveAddress.OfOperand(ref frame, in instruction);
        if (opcode < 0x40 && (opcode & 6) == 0)
            return FromRegister(ref frame, (UpdateKind)(opcode >> 3), instruction.Register);
        switch (opcode)
        {
            case 0x80:
            case 0x81:
            case 0x83:
                return FromImmediate((UpdateKind)instruction.Digit, in instruction);
            case 0x86:
            case 0x87:
                return FromRegister(ref frame, UpdateKind.Exchange, instruction.Register);
            case 0x88:
            case 0x89:
                return FromRegister(ref frame, UpdateKind.Move, instruction.Register);
            case 0xc6:
            case 0xc7:
                return instruction.Digit == 0 && FromImmediate(UpdateKind.Move, in instruction);
            case 0xf6:
            case 0xf7:
                Kind = instruction.Digit == 2 ? UpdateKind.Not : UpdateKind.Negate;
                return instruction.Digit is 2 or 3;
            case 0xfe:
            case 0xff:
                Kind = instruction.Digit == 0 ? UpdateKind.Increment : UpdateKind.Decrement;
                return instruction.Digit < 2;
            default:
                return false;
        }
    }

    private bool Secondary(ref GuestFrame frame, in Instruction instruction)
    {
        if (!instruction.HasMemoryOperand)
            return false;
        Address = EffectiveAddress.OfOperand(ref frame, in instruction);
        switch (instruction.Opcode)
        {
            case 0xab:
                return BitFromRegister(ref frame, UpdateKind.BitSet, in instruction);
            case 0xb3:
                return BitFromRegister(ref frame, UpdateKind.BitReset, in instruction);
            case 0xbb:
                return BitFromRegister(ref frame, UpdateKind.BitComplement, in instruction);
            case 0xba:
                Size = instruction.OperandSize;
                _source = unchecked((ulong)instruction.Immediate) & (ulong)(Size * 8 - 1);
                Kind = instruction.Digit switch { 5 => UpdateKind.BitSet, 6 => UpdateKind.BitReset, _ => UpdateKind.BitComplement };
                return instruction.Digit >= 5;
            case 0xb0:
            case 0xb1:
                return FromRegister(ref frame, UpdateKind.CompareExchange, instruction.Register);
            case 0xc0:
            case 0xc1:
                return FromRegister(ref frame, UpdateKind.ExchangeAdd, instruction.Register);
            case 0xc3: // MOVNTI
                Size = instruction.OperandSize;
                return Size != 2 && FromRegister(ref frame, UpdateKind.Move, instruction.Register);
            case 0xc7: // CMPXCHG8B; with REX.W it has 16 bytes, more than an entry
                Size = 8;
                Kind = UpdateKind.CompareExchange8;
                _source = (frame.Rcx & 0xffff_ffff) << 32 | (frame.Rbx & 0xffff_ffff);
                return instruction.Digit == 1 && !instruction.IsWide;
            default:
                return false;
        }
    }

    private bool FromRegister(ref GuestFrame frame, UpdateKind kind, int register)
    {
        Kind = kind;
        _source = GuestRegisters.Read(ref frame, register, Size, _hasRex);
        return true;
    }

    private bool FromImmediate(UpdateKind kind, in Instruction instruction)
    {
        Kind = kind;
        _source = unchecked((ulong)instruction.Immediate) & GuestRegisters.Mask(Size);
        return true;
    }

    /// <summary>The bit offset in a register reaches beyond the operand, in both directions.</summary>
    private bool BitFromRegister(ref GuestFrame frame, UpdateKind kind, in Instruction instruction)
    {
        Size = instruction.OperandSize;
        Kind = kind;
        ulong raw = GuestRegisters.Of(ref frame, instruction.Register);
        long offset = unchecked(Size switch { 2 => (short)raw, 4 => (int)raw, _ => (long)raw });
        long bits = Size * 8;
        _source = unchecked((ulong)offset) & (ulong)(bits - 1);
        long operands = offset >> (Size == 2 ? 4 : Size == 4 ? 5 : 6);
        Address = unchecked(Address + (ulong)(operands * Size));
        return true;
    }

    /// <summary>The operand's new value when it is <paramref name="old"/>. False if memory stays as it is. Flags are changed as the instruction does.</summary>
    internal readonly bool Apply(ref GuestFrame frame, ulong old, out ulong result, ref ulong flags)
    {
        result = old;
        switch (Kind)
        {
            case UpdateKind.Move:
            case UpdateKind.StoreString:
            case UpdateKind.Exchange:
                result = _source;
                return true;
            case UpdateKind.Add:
            case UpdateKind.ExchangeAdd:
                result = Arithmetic.Add(old, _source, 0, Size, ref flags);
                return true;
            case UpdateKind.AddCarry:
                result = Arithmetic.Add(old, _source, flags & Rflags.Carry, Size, ref flags);
                return true;
            case UpdateKind.Subtract:
                result = Arithmetic.Subtract(old, _source, 0, Size, ref flags);
                return true;
            case UpdateKind.SubtractBorrow:
                result = Arithmetic.Subtract(old, _source, flags & Rflags.Carry, Size, ref flags);
                return true;
            case UpdateKind.Negate:
                result = Arithmetic.Subtract(0, old, 0, Size, ref flags);
                return true;
            case UpdateKind.Or:
                result = Arithmetic.Logic(old | _source, Size, ref flags);
                return true;
            case UpdateKind.And:
                result = Arithmetic.Logic(old & _source, Size, ref flags);
                return true;
            case UpdateKind.Xor:
                result = Arithmetic.Logic(old ^ _source, Size, ref flags);
                return true;
            case UpdateKind.Not:
                result = ~old & GuestRegisters.Mask(Size);
                return true;
            case UpdateKind.Increment:
                result = KeepCarry(Arithmetic.Add(old, 1, 0, Size, ref flags), frame.Rflags, ref flags);
                return true;
            case UpdateKind.Decrement:
                result = KeepCarry(Arithmetic.Subtract(old, 1, 0, Size, ref flags), frame.Rflags, ref flags);
                return true;
            case UpdateKind.BitSet:
            case UpdateKind.BitReset:
            case UpdateKind.BitComplement:
                return ApplyBit(old, out result, ref flags);
            case UpdateKind.CompareExchange:
                Arithmetic.Subtract(frame.Rax, old, 0, Size, ref flags);
                result = _source;
                return (flags & Arithmetic.ZeroFlag) != 0;
            default:
                bool equal = ((frame.Rdx & 0xffff_ffff) << 32 | (frame.Rax & 0xffff_ffff)) == old;
                flags = equal ? flags | Arithmetic.ZeroFlag : flags & ~Arithmetic.ZeroFlag;
                result = _source;
                return equal;
        }
    }

    /// <summary>What the instruction leaves in registers, once memory has changed from <paramref name="old"/> or, for a failed comparison, was that.</summary>
    internal readonly void Complete(ref GuestFrame frame, in Instruction instruction, ulong old, bool changed)
    {
        switch (Kind)
        {
            case UpdateKind.Exchange:
            case UpdateKind.ExchangeAdd:
                GuestRegisters.Write(ref frame, _register, Size, _hasRex, old);
                break;
            case UpdateKind.CompareExchange when !changed:
                GuestRegisters.Write(ref frame, 0, Size, _hasRex, old);
                break;
            case UpdateKind.CompareExchange8 when !changed:
                frame.Rax = old & 0xffff_ffff;
                frame.Rdx = old >> 32;
                break;
            case UpdateKind.StoreString:
                ulong step = (frame.Rflags & Rflags.Direction) != 0 ? unchecked(0UL - (ulong)Size) : (ulong)Size;
                frame.Rdi = unchecked(frame.Rdi + step) & GuestRegisters.Mask(instruction.AddressSize);
                break;
        }
    }

    private readonly bool ApplyBit(ulong old, out ulong result, ref ulong flags)
    {
        ulong bit = 1UL << (int)_source;
        flags = (old & bit) != 0 ? flags | Rflags.Carry : flags & ~Rflags.Carry;
        result = Kind switch
        {
            UpdateKind.BitSet => old | bit,
            UpdateKind.BitReset => old & ~bit,
            _ => old ^ bit,
        };
        return true;
    }

    private static ulong KeepCarry(ulong result, ulong before, ref ulong flags)
    {
        flags = (flags & ~Rflags.Carry) | (before & Rflags.Carry);
        return result;
    }
}
