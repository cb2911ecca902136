using System;
using System.Buffers.Binary;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>
/// Takes x86 instructions apart (SDM vol. 2, chapter 2). Pure: bytes in, an <see cref="Instruction"/> out, for the emulation of privileged instructions and of
/// writes to page tables. Encodings that guests have no reason to use there (VEX, EVEX, XOP) are refused.
/// </summary>
public ref struct InstructionDecoder
{
    /// <summary>The longest instruction that CPUs accept.</summary>
    public const int MaxLength = 15;

    private readonly ReadOnlySpan<byte> _code;
    private readonly int _bits;
    private int _at;
    private Instruction _instruction;

    private InstructionDecoder(ReadOnlySpan<byte> code, int bits)
    {
        _code = code.Length > MaxLength ? code[..MaxLength] : code;
        _bits = bits;
        _at = 0;
        _instruction = default;
    }

    /// <summary>Decodes the instruction that starts at the first byte, for code of 64, 32 or 16 bits.</summary>
    public static DecodeResult Decode(ReadOnlySpan<byte> code, int bits, out Instruction instruction)
    {
        InstructionDecoder decoder = new(code, bits);
        DecodeResult result = decoder.Run();
        if (result == DecodeResult.Truncated && code.Length >= MaxLength)
            result = DecodeResult.Invalid;
        instruction = decoder._instruction;
        return result;
    }

    private DecodeResult Run()
    {
        if (!ReadPrefixes(out byte opcode) || !ReadOpcode(opcode, out byte attributes))
            return DecodeResult.Truncated;
        if ((attributes & InstructionTables.Undefined) != 0 || (_bits == 64 && (attributes & InstructionTables.Not64) != 0))
            return DecodeResult.Invalid;
        if (_bits == 64 && (attributes & InstructionTables.Default64) != 0 && _instruction.OperandSize == 4)
            _instruction.OperandSize = 8;

        if ((attributes & InstructionTables.ModRm) != 0)
        {
            if (!ReadModRm())
                return DecodeResult.Truncated;
            // C4, C5 and 62 with register operands are VEX and EVEX prefixes outside 64-bit mode; 8F with a digit other than 0 is XOP.
            if (_instruction.Map == OpcodeMap.Primary
                && ((_instruction.Opcode is 0xc4 or 0xc5 or 0x62 && _instruction.Mod == 3) || (_instruction.Opcode == 0x8f && _instruction.Digit != 0)))
                return DecodeResult.Invalid;
        }
        if (!ReadImmediate(attributes & InstructionTables.ImmediateMask))
            return DecodeResult.Truncated;
        _instruction.Length = (byte)_at;
        return DecodeResult.Done;
    }

    /// <summary>Reads prefixes and the byte after them. A REX prefix counts only if it comes last.</summary>
    private bool ReadPrefixes(out byte opcode)
    {
        _instruction.Segment = SegmentRegister.None;
        _instruction.Base = Instruction.NoRegister;
        _instruction.Index = Instruction.NoRegister;
        bool hasAddressPrefix = false;
        while (Next(out opcode))
        {
            if (_bits == 64 && (opcode & 0xf0) == 0x40)
            {
                _instruction.Rex = opcode;
                continue;
            }
            switch (opcode)
            {
                case 0x66:
                    _instruction.HasOperandSizePrefix = true;
                    break;
                case 0x67:
                    hasAddressPrefix = true;
                    break;
                case 0xf0:
                    _instruction.HasLock = true;
                    break;
                case 0xf2 or 0xf3:
                    _instruction.RepeatPrefix = opcode;
                    break;
                case 0x26 or 0x2e or 0x36 or 0x3e:
                    // In 64-bit mode these four do nothing, and take no override of FS or GS back.
                    if (_bits != 64)
                        _instruction.Segment = (SegmentRegister)(opcode >> 3 & 3);
                    break;
                case 0x64 or 0x65:
                    _instruction.Segment = (SegmentRegister)(opcode & 7);
                    break;
                default:
                    SetSizes(hasAddressPrefix);
                    return true;
            }
            _instruction.Rex = 0;
        }
        return false;
    }

    private void SetSizes(bool hasAddressPrefix)
    {
        int operand = _bits == 16 != _instruction.HasOperandSizePrefix ? 2 : 4;
        if (_bits == 64)
        {
            _instruction.OperandSize = (byte)(_instruction.IsWide ? 8 : operand);
            _instruction.AddressSize = (byte)(hasAddressPrefix ? 4 : 8);
            return;
        }
        _instruction.OperandSize = (byte)operand;
        _instruction.AddressSize = (byte)(_bits == 16 != hasAddressPrefix ? 2 : 4);
    }

    private bool ReadOpcode(byte first, out byte attributes)
    {
        attributes = 0;
        _instruction.Opcode = first;
        if (first != 0x0f)
        {
            attributes = InstructionTables.Primary[first];
            return true;
        }
        _instruction.Map = OpcodeMap.Secondary;
        if (!Next(out _instruction.Opcode))
            return false;
        switch (_instruction.Opcode)
        {
            case 0x38:
                _instruction.Map = OpcodeMap.Escape38;
                attributes = InstructionTables.ModRm;
                return Next(out _instruction.Opcode);
            case 0x3a:
                _instruction.Map = OpcodeMap.Escape3A;
                attributes = InstructionTables.ModRm | InstructionTables.Byte;
                return Next(out _instruction.Opcode);
            default:
                attributes = InstructionTables.Secondary[_instruction.Opcode];
                return true;
        }
    }

    private bool ReadModRm()
    {
        if (!Next(out byte modRm))
            return false;
        _instruction.HasModRm = true;
        _instruction.Mod = (byte)(modRm >> 6);
        _instruction.Register = (byte)((modRm >> 3 & 7) | (_instruction.Rex & 4) << 1);
        _instruction.Rm = (byte)((modRm & 7) | (_instruction.Rex & 1) << 3);
        // MOV to and from control and debug registers: the operand is a register whatever Mod says.
        if (_instruction.Map == OpcodeMap.Secondary && (_instruction.Opcode & 0xfc) == 0x20)
            _instruction.Mod = 3;
        if (_instruction.Mod == 3)
            return true;
        return _instruction.AddressSize == 2 ? ReadAddress16(modRm & 7) : ReadAddress(modRm & 7);
    }

    /// <summary>The memory operand of 32 and 64-bit addressing (SDM vol. 2, tables 2-2 and 2-3).</summary>
    private bool ReadAddress(int rm)
    {
        _instruction.Scale = 1;
        int displacement = _instruction.Mod switch { 1 => 1, 2 => 4, _ => 0 };
        if (rm == 4)
        {
            if (!Next(out byte sib))
                return false;
            int index = (sib >> 3 & 7) | (_instruction.Rex & 2) << 2;
            if (index != 4)
            {
                _instruction.Index = (byte)index;
                _instruction.Scale = (byte)(1 << (sib >> 6));
            }
            if ((sib & 7) == 5 && _instruction.Mod == 0)
                displacement = 4;
            else
                _instruction.Base = (byte)((sib & 7) | (_instruction.Rex & 1) << 3);
        }
        else if (rm == 5 && _instruction.Mod == 0)
        {
            displacement = 4;
            if (_bits == 64)
                _instruction.Base = Instruction.InstructionPointer;
        }
        else
            _instruction.Base = _instruction.Rm;
        return ReadSigned(displacement, out _instruction.Displacement);
    }

    /// <summary>The memory operand of 16-bit addressing (SDM vol. 2, table 2-1).</summary>
    private bool ReadAddress16(int rm)
    {
        const byte bx = 3, bp = 5, si = 6, di = 7;
        _instruction.Scale = 1;
        int displacement = _instruction.Mod switch { 1 => 1, 2 => 2, _ => 0 };
        if (rm == 6 && _instruction.Mod == 0)
            displacement = 2;
        else
        {
            _instruction.Base = rm switch { 0 or 1 or 7 => bx, 4 => si, 5 => di, _ => bp };
            if (rm < 4)
                _instruction.Index = (rm & 1) == 0 ? si : di;
        }
        return ReadSigned(displacement, out _instruction.Displacement);
    }

    private bool ReadImmediate(int kind)
    {
        int full = _instruction.OperandSize == 2 ? 2 : 4;
        switch (kind)
        {
            case InstructionTables.None:
                return true;
            case InstructionTables.Byte:
                return ReadSigned(1, out _instruction.Immediate);
            case InstructionTables.Word:
                return ReadSigned(2, out _instruction.Immediate);
            case InstructionTables.Full:
                return ReadSigned(full, out _instruction.Immediate);
            case InstructionTables.Wide:
                return ReadSigned(_instruction.OperandSize, out _instruction.Immediate);
            case InstructionTables.Address:
                return ReadAbsolute();
            case InstructionTables.Far:
                return ReadSigned(full, out _instruction.Immediate) && ReadSecond(2);
            case InstructionTables.WordAndByte:
                return ReadSigned(2, out _instruction.Immediate) && ReadSecond(1);
            case InstructionTables.TestByte:
                return _instruction.Digit >= 2 || ReadSigned(1, out _instruction.Immediate);
            case InstructionTables.TestFull:
                return _instruction.Digit >= 2 || ReadSigned(full, out _instruction.Immediate);
            default:
                return ReadSigned(_bits == 64 ? 4 : full, out _instruction.Immediate);
        }
    }

    private bool ReadAbsolute()
    {
        if (!ReadSigned(_instruction.AddressSize, out long address))
            return false;
        _instruction.Immediate = _instruction.AddressSize switch { 2 => address & 0xffff, 4 => address & 0xffff_ffff, _ => address };
        return true;
    }

    private bool ReadSecond(int bytes)
    {
        bool read = ReadSigned(bytes, out long value);
        _instruction.SecondImmediate = (ushort)(value & (bytes == 1 ? 0xff : 0xffff));
        return read;
    }

    private bool Next(out byte value)
    {
        if (_at >= _code.Length)
        {
            value = 0;
            return false;
        }
        value = _code[_at++];
        return true;
    }

    /// <summary>Reads 0, 1, 2, 4 or 8 bytes, little endian, and extends the sign.</summary>
    private bool ReadSigned(int bytes, out long value)
    {
        value = 0;
        if (_code.Length - _at < bytes)
            return false;
        ReadOnlySpan<byte> from = _code[_at..];
        value = bytes switch
        {
            0 => 0,
            1 => unchecked((sbyte)from[0]),
            2 => BinaryPrimitives.ReadInt16LittleEndian(from),
            4 => BinaryPrimitives.ReadInt32LittleEndian(from),
            _ => BinaryPrimitives.ReadInt64LittleEndian(from),
        };
        _at += bytes;
        return true;
    }
}
