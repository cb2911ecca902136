namespace Xenith.Hypervisor.Paravirtual;

/// <summary>Opcode maps (SDM vol. 2, appendix A).</summary>
public enum OpcodeMap : byte
{
    /// <summary>One-byte opcodes.</summary>
    Primary,

    /// <summary>0F xx.</summary>
    Secondary,

    /// <summary>0F 38 xx.</summary>
    Escape38,

    /// <summary>0F 3A xx.</summary>
    Escape3A,
}

/// <summary>Segment registers, numbered as instructions number them.</summary>
public enum SegmentRegister : byte
{
    Es,
    Cs,
    Ss,
    Ds,
    Fs,
    Gs,

    /// <summary>No override prefix.</summary>
    None,
}

/// <summary>Why bytes are not (yet) an instruction.</summary>
public enum DecodeResult
{
    Done,

    /// <summary>The bytes end before the instruction does.</summary>
    Truncated,

    /// <summary>Not an instruction in this mode, longer than 15 bytes, or in an encoding that is not decoded here (VEX, EVEX, XOP).</summary>
    Invalid,
}

/// <summary>An instruction taken apart. Says what the bytes mean, not whether the operation exists: the emulators pick the few they know.</summary>
public struct Instruction
{
    /// <summary>Value of <see cref="Base"/> and <see cref="Index"/> when there is no such register.</summary>
    public const byte NoRegister = 0xff;

    /// <summary>Value of <see cref="Base"/> for addresses relative to the next instruction.</summary>
    public const byte InstructionPointer = 16;

    /// <summary>Bytes of the instruction, prefixes included.</summary>
    public byte Length;

    public OpcodeMap Map;
    public byte Opcode;

    /// <summary>The REX prefix, 0 if there is none.</summary>
    public byte Rex;

    /// <summary>F2 or F3, whichever came last; 0 if none did.</summary>
    public byte RepeatPrefix;

    public bool HasLock;
    public bool HasOperandSizePrefix;
    public SegmentRegister Segment;

    /// <summary>2, 4 or 8: size of operands that are not bytes.</summary>
    public byte OperandSize;

    /// <summary>2, 4 or 8: size of addresses, and of RCX as counter of a repeated string instruction.</summary>
    public byte AddressSize;

    public bool HasModRm;

    /// <summary>The three fields of ModRM; Register and Rm with the bits of REX.</summary>
    public byte Mod;
    public byte Register;
    public byte Rm;

    /// <summary>Parts of the memory operand: base + index * scale + displacement.</summary>
    public byte Base;
    public byte Index;
    public byte Scale;
    public long Displacement;

    /// <summary>The immediate operand, sign-extended; for branches the displacement, for A0..A3 the address.</summary>
    public long Immediate;

    /// <summary>Second immediate of ENTER and of far branches.</summary>
    public ushort SecondImmediate;

    /// <summary>True if ModRM names memory.</summary>
    public readonly bool HasMemoryOperand => HasModRm && Mod != 3;

    /// <summary>True if the REX prefix asks for 64-bit operands.</summary>
    public readonly bool IsWide => (Rex & 8) != 0;

    /// <summary>The opcode digit in the Register field of a group, without REX.</summary>
    public readonly int Digit => Register & 7;
}
