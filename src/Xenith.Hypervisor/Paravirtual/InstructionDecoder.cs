using System;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>
/// Takes x86 instructions apart (SDM vol. 2, chapter 2). Pure: bytes in, an <see cref="Instruction"/> out, for the emulation of privileged instructions and of
/// writes to page tables. Encodings that guests have no reason to use there (VEX, EVEX, XOP) are refused.
/// </summary>
public static class InstructionDecoder
{
    /// <summary>The longest instruction that CPUs accept.</summary>
    public const int MaxLength = 15;

    /// <summary>Decodes the instruction that starts at the first byte, for code of 64, 32 or 16 bits.</summary>
    public static DecodeResult Decode(ReadOnlySpan<byte> code, int bits, out Instruction instruction)
    {
        if (code.Length < MaxLength)
            return Run(code, bits, out instruction);
        DecodeResult result = Run(code[..MaxLength], bits, out instruction);
        return result == DecodeResult.Truncated ? DecodeResult.Invalid : result;
    }

    private static DecodeResult Run(ReadOnlySpan<byte> code, int bits, out Instruction instruction)
    {
        instruction = default;
        instruction.Base = Instruction.NoRegister;
        instruction.Index = Instruction.NoRegister;
        instruction.Segment = SegmentRegister.None;
        int at = 1;
        if (bits == 64 && !code.IsEmpty && IsNoPrefix(code[0]))
        {
            // What most instructions come to here.
            instruction.Opcode = code[0];
            instruction.OperandSize = 4;
            instruction.AddressSize = 8;
        }
        else
        {
            at = 0;
            if (!ReadPrefixes(code, ref at, bits, ref instruction))
                return DecodeResult.Truncated;
        }
        if (!ReadOpcode(code, ref at, ref instruction, out int attributes))
            return DecodeResult.Truncated;
        if ((attributes & InstructionTables.Undefined) != 0)
            return DecodeResult.Invalid;
        if (bits == 64)
        {
            if ((attributes & InstructionTables.Not64) != 0)
                return DecodeResult.Invalid;
            if ((attributes & InstructionTables.Default64) != 0 && instruction.OperandSize == 4)
                instruction.OperandSize = 8;
        }
        if ((attributes & InstructionTables.ModRm) != 0)
        {
            if (!ReadModRm(code, ref at, bits, ref instruction))
                return DecodeResult.Truncated;
            if (instruction.Map == OpcodeMap.Primary && IsOtherEncoding(in instruction))
                return DecodeResult.Invalid;
        }
        int immediate = attributes & InstructionTables.ImmediateMask;
        if (immediate == InstructionTables.Byte)
        {
            if (!Next(code, ref at, out byte value))
                return DecodeResult.Truncated;
            instruction.Immediate = unchecked((sbyte)value);
        }
        else if (immediate != InstructionTables.None && !ReadImmediate(code, ref at, bits, immediate, ref instruction))
            return DecodeResult.Truncated;
        instruction.Length = unchecked((byte)at);
        return DecodeResult.Done;
    }

    /// <summary>True for most bytes that are neither a prefix nor REX, in 64-bit code; false says nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsNoPrefix(byte value) => value == 0x0f || unchecked((uint)(value - 0x68)) < 0xf0 - 0x68 || value > 0xf3;

    /// <summary>C4, C5 and 62 with register operands are VEX and EVEX prefixes outside 64-bit mode; 8F with a digit other than 0 is XOP.</summary>
    private static bool IsOtherEncoding(in Instruction instruction) =>
        (instruction.Mod == 3 && instruction.Opcode is 0xc4 or 0xc5 or 0x62) || (instruction.Opcode == 0x8f && instruction.Digit != 0);

    /// <summary>Reads prefixes and the byte after them, which becomes the opcode for now. A REX prefix counts only if it comes last.</summary>
    private static bool ReadPrefixes(ReadOnlySpan<byte> code, ref int at, int bits, ref Instruction instruction)
    {
        bool hasAddressPrefix = false;
        int next = at;
        byte rex = 0, value;
        for (; ; next++)
        {
            if (next >= code.Length)
                return false;
            value = code[next];
            if (bits == 64 && (value & 0xf0) == 0x40)
            {
                rex = value;
                continue;
            }
            switch (value)
            {
                case 0x66:
                    instruction.HasOperandSizePrefix = true;
                    break;
                case 0x67:
                    hasAddressPrefix = true;
                    break;
                case 0xf0:
                    instruction.HasLock = true;
                    break;
                case 0xf2 or 0xf3:
                    instruction.RepeatPrefix = value;
                    break;
                case 0x26 or 0x2e or 0x36 or 0x3e:
                    // In 64-bit mode these four do nothing, and take no override of FS or GS back.
                    if (bits != 64)
                        instruction.Segment = (SegmentRegister)(value >> 3 & 3);
                    break;
                case 0x64 or 0x65:
                    instruction.Segment = (SegmentRegister)(value & 7);
                    break;
                default:
                    at = next + 1;
                    instruction.Opcode = value;
                    instruction.Rex = rex;
                    SetSizes(bits, hasAddressPrefix, ref instruction);
                    return true;
            }
            rex = 0;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SetSizes(int bits, bool hasAddressPrefix, ref Instruction instruction)
    {
        int operand = bits == 16 != instruction.HasOperandSizePrefix ? 2 : 4;
        if (bits == 64)
        {
            instruction.OperandSize = unchecked((byte)(instruction.IsWide ? 8 : operand));
            instruction.AddressSize = hasAddressPrefix ? (byte)4 : (byte)8;
            return;
        }
        instruction.OperandSize = (byte)operand;
        instruction.AddressSize = (byte)(bits == 16 != hasAddressPrefix ? 2 : 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool ReadOpcode(ReadOnlySpan<byte> code, ref int at, ref Instruction instruction, out int attributes)
    {
        attributes = 0;
        if (instruction.Opcode != 0x0f)
        {
            attributes = InstructionTables.Primary[instruction.Opcode];
            return true;
        }
        instruction.Map = OpcodeMap.Secondary;
        if (!Next(code, ref at, out instruction.Opcode))
            return false;
        switch (instruction.Opcode)
        {
            case 0x38:
                instruction.Map = OpcodeMap.Escape38;
                attributes = InstructionTables.ModRm;
                return Next(code, ref at, out instruction.Opcode);
            case 0x3a:
                instruction.Map = OpcodeMap.Escape3A;
                attributes = InstructionTables.ModRm | InstructionTables.Byte;
                return Next(code, ref at, out instruction.Opcode);
            default:
                attributes = InstructionTables.Secondary[instruction.Opcode];
                return true;
        }
    }

    private static bool ReadModRm(ReadOnlySpan<byte> code, ref int at, int bits, ref Instruction instruction)
    {
        if (!Next(code, ref at, out byte modRm))
            return false;
        int rex = instruction.Rex, rm = modRm & 7, mod = modRm >> 6;
        instruction.HasModRm = true;
        instruction.Register = unchecked((byte)((modRm >> 3 & 7) | (rex & 4) << 1));
        instruction.Rm = unchecked((byte)(rm | (rex & 1) << 3));
        // MOV to and from control and debug registers: the operand is a register whatever Mod says.
        if (instruction.Map == OpcodeMap.Secondary && (instruction.Opcode & 0xfc) == 0x20)
            mod = 3;
        instruction.Mod = unchecked((byte)mod);
        if (mod == 3)
            return true;
        if (instruction.AddressSize == 2)
            return ReadAddress16(code, ref at, rm, ref instruction);

        // 32 and 64-bit addressing (SDM vol. 2, tables 2-2 and 2-3).
        instruction.Scale = 1;
        int displacement = mod == 0 ? 0 : mod == 1 ? 1 : 4;
        if (rm == 4)
        {
            if (!Next(code, ref at, out byte sib))
                return false;
            int index = (sib >> 3 & 7) | (rex & 2) << 2;
            if (index != 4)
            {
                instruction.Index = unchecked((byte)index);
                instruction.Scale = unchecked((byte)(1 << (sib >> 6)));
            }
            if ((sib & 7) == 5 && mod == 0)
                displacement = 4;
            else
                instruction.Base = unchecked((byte)((sib & 7) | (rex & 1) << 3));
        }
        else if (rm == 5 && mod == 0)
        {
            displacement = 4;
            if (bits == 64)
                instruction.Base = Instruction.InstructionPointer;
        }
        else
            instruction.Base = instruction.Rm;
        return displacement == 0 || ReadSigned(code, ref at, displacement, out instruction.Displacement);
    }

    /// <summary>The memory operand of 16-bit addressing (SDM vol. 2, table 2-1).</summary>
    private static bool ReadAddress16(ReadOnlySpan<byte> code, ref int at, int rm, ref Instruction instruction)
    {
        const byte bx = 3, bp = 5, si = 6, di = 7;
        instruction.Scale = 1;
        int displacement = instruction.Mod;
        if (rm == 6 && instruction.Mod == 0)
            displacement = 2;
        else
        {
            instruction.Base = rm switch { 0 or 1 or 7 => bx, 4 => si, 5 => di, _ => bp };
            if (rm < 4)
                instruction.Index = (rm & 1) == 0 ? si : di;
        }
        return ReadSigned(code, ref at, displacement, out instruction.Displacement);
    }

    /// <summary>Reads an immediate operand that is not just one byte.</summary>
    private static bool ReadImmediate(ReadOnlySpan<byte> code, ref int at, int bits, int kind, ref Instruction instruction)
    {
        int full = instruction.OperandSize == 2 ? 2 : 4;
        switch (kind)
        {
            case InstructionTables.Word:
                return ReadSigned(code, ref at, 2, out instruction.Immediate);
            case InstructionTables.Full:
                return ReadSigned(code, ref at, full, out instruction.Immediate);
            case InstructionTables.Wide:
                return ReadSigned(code, ref at, instruction.OperandSize, out instruction.Immediate);
            case InstructionTables.Address:
                return ReadAbsolute(code, ref at, ref instruction);
            case InstructionTables.Far:
                return ReadSigned(code, ref at, full, out instruction.Immediate) && ReadSecond(code, ref at, 2, ref instruction);
            case InstructionTables.WordAndByte:
                return ReadSigned(code, ref at, 2, out instruction.Immediate) && ReadSecond(code, ref at, 1, ref instruction);
            case InstructionTables.TestByte:
                return instruction.Digit >= 2 || ReadSigned(code, ref at, 1, out instruction.Immediate);
            case InstructionTables.TestFull:
                return instruction.Digit >= 2 || ReadSigned(code, ref at, full, out instruction.Immediate);
            default:
                return ReadSigned(code, ref at, bits == 64 ? 4 : full, out instruction.Immediate);
        }
    }

    private static bool ReadAbsolute(ReadOnlySpan<byte> code, ref int at, ref Instruction instruction)
    {
        if (!ReadSigned(code, ref at, instruction.AddressSize, out long address))
            return false;
        instruction.Immediate = instruction.AddressSize switch { 2 => address & 0xffff, 4 => address & 0xffff_ffff, _ => address };
        return true;
    }

    private static bool ReadSecond(ReadOnlySpan<byte> code, ref int at, int bytes, ref Instruction instruction)
    {
        bool read = ReadSigned(code, ref at, bytes, out long value);
        instruction.SecondImmediate = (ushort)(value & (bytes == 1 ? 0xff : 0xffff));
        return read;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Next(ReadOnlySpan<byte> code, ref int at, out byte value)
    {
        int here = at;
        bool read = unchecked((uint)here < (uint)code.Length);
        value = read ? code[here] : (byte)0;
        at = unchecked(here + 1);
        return read;
    }

    /// <summary>Reads 0, 1, 2, 4 or 8 bytes, little endian, and extends the sign.</summary>
    private static bool ReadSigned(ReadOnlySpan<byte> code, ref int at, int bytes, out long value)
    {
        value = 0;
        if (code.Length - at < bytes)
            return false;
        ReadOnlySpan<byte> from = code[at..];
        value = bytes switch
        {
            0 => 0,
            1 => unchecked((sbyte)from[0]),
            2 => BinaryPrimitives.ReadInt16LittleEndian(from),
            4 => BinaryPrimitives.ReadInt32LittleEndian(from),
            _ => BinaryPrimitives.ReadInt64LittleEndian(from),
        };
        at += bytes;
        return true;
    }
}
