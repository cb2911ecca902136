// An argument of a call. Frame numbers and addresses differ from world to world (and from the hosted hypervisor to a real machine), so a call names them by what they are: "slot 9 of domain 1,
// as an entry that may be written". Whoever makes the call turns the value into 64 bits.

namespace Xenith.Fuzzing.Calls;

/// <summary>What a <see cref="FuzzValue"/> stands for.</summary>
public enum FuzzKind : byte
{
    /// <summary>Just the bits.</summary>
    Literal,

    /// <summary>The number of a machine frame, plus the bits.</summary>
    Frame,

    /// <summary>The machine address of a frame with the bits set: a page-table entry, or a place in a table.</summary>
    Machine,

    /// <summary>An entry of a grant table: the frame's number in the upper half, the bits below.</summary>
    Grant,

    /// <summary>The address of a page of the caller's arena, plus the bits.</summary>
    Address,
}

/// <summary>64 bits, or what they stand for.</summary>
public struct FuzzValue
{
    /// <summary>What the rest means.</summary>
    public FuzzKind Kind;

    /// <summary>Number of the domain whose frame is meant.</summary>
    public byte Domain;

    /// <summary>Slot of a frame, or page of the arena.</summary>
    public ushort Slot;

    /// <summary>Offset in bytes in the page of arguments, where the value is a word of memory.</summary>
    public ushort Offset;

    /// <summary>Literal bits.</summary>
    public ulong Bits;

    /// <summary>64 bits as they are.</summary>
    public static FuzzValue Literal(ulong bits) => new() { Bits = bits };

    /// <summary>A frame's number.</summary>
    public static FuzzValue Frame(int domain, int slot) => new() { Kind = FuzzKind.Frame, Domain = (byte)domain, Slot = (ushort)slot };

    /// <summary>A machine address, or a page-table entry.</summary>
    public static FuzzValue Machine(int domain, int slot, ulong bits) => new() { Kind = FuzzKind.Machine, Domain = (byte)domain, Slot = (ushort)slot, Bits = bits };

    /// <summary>An address in the caller's arena.</summary>
    public static FuzzValue Address(int page, ulong offset = 0) => new() { Kind = FuzzKind.Address, Slot = (ushort)page, Bits = offset };

    /// <summary>The same with bits added that alignment leaves free.</summary>
    public readonly FuzzValue With(ulong bits)
    {
        FuzzValue changed = this;
        changed.Bits |= bits;
        return changed;
    }

    /// <summary>A grant of a frame, version 1: flags and grantee in the lower half.</summary>
    public static FuzzValue Grant(int domain, int slot, ulong flagsAndDomain) => new() { Kind = FuzzKind.Grant, Domain = (byte)domain, Slot = (ushort)slot, Bits = flagsAndDomain };
}
