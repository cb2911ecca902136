// Who called whom. Compiled code keeps no chain of frame pointers: small methods have no frame, and rbp is a general register. What
// is exact is .eh_frame (System V ABI, AMD64 supplement, 3.7; DWARF 4, 6.4): for each address a rule for the caller's stack pointer, and
// where rbp was saved. ilc describes prologues only and uses five instructions of that language.
//
// This runs when something has gone wrong, so nothing is believed: tables are read only between their bounds, the stack only in this
// CPU's own stack pages, and each step must go up.

namespace Xenith.Machine;

/// <summary>Steps from a function of the hypervisor to its caller.</summary>
public static unsafe class Unwinder
{
    private const int Rbp = 6;
    private const int Rsp = 7;

    /// <summary>What is known about the frame of one address.</summary>
    private struct Rules
    {
        public ulong Location;
        public ulong Target;
        public ulong CodeAlignment;
        public long DataAlignment;

        /// <summary>The canonical frame address (the stack pointer before the call) is this register plus this offset.</summary>
        public ulong CfaRegister;
        public ulong CfaOffset;

        /// <summary>Where rbp was saved, from the canonical frame address; 0 while it was not.</summary>
        public long RbpOffset;
    }

    /// <summary>
    /// Replaces the three registers by those of the caller. False where the trail ends: at code without unwind information, or
    /// when the stack does not look like one; then they are unchanged.
    /// </summary>
    public static bool Step(ref ulong rip, ref ulong rsp, ref ulong rbp)
    {
        ulong cfa;
        ulong callerRbp = rbp;
        if (TryFindRules(rip, out Rules rules))
        {
            cfa = unchecked((rules.CfaRegister == Rbp ? rbp : rsp) + rules.CfaOffset);
            if (rules.RbpOffset != 0 && !TryRead(unchecked(cfa + (ulong)rules.RbpOffset), out callerRbp))
            {
                return false;
            }
        }
        else if (IsLeaf(rip, rsp))
        {
            cfa = rsp + 8;
        }
        else
        {
            return false;
        }

        if (cfa <= rsp || !TryRead(unchecked(cfa - 8), out ulong caller) || !IsCode(caller))
        {
            return false;
        }

        rip = caller;
        rsp = cfa;
        rbp = callerRbp;
        return true;
    }

    /// <summary>
    /// Assembly without unwind information: routines that push nothing, so that the return address is on top of the stack. At the start of
    /// the guest's frame it is not: there the hypervisor was entered.
    /// </summary>
    private static bool IsLeaf(ulong rip, ulong rsp) =>
        IsCode(rip) && (rsp & ~CpuBlock.Mask) < CpuBlock.Size - CpuBlock.FrameSize;

    private static bool IsCode(ulong address) => address >= ImageLayout.TextStart && address < ImageLayout.TextEnd;

    private static bool TryRead(ulong address, out ulong value)
    {
        ulong local;
        ulong block = (ulong)&local & CpuBlock.Mask;
        value = 0;
        if ((address & CpuBlock.Mask) != block || (address & 7) != 0)
        {
            return false;
        }

        // The record and the GDT are not stacks either.
        byte page = (byte)((address - block) / AddressSpace.PageSize);
        if (page < 2)
        {
            return false;
        }

        foreach (byte guard in CpuBlock.GuardPages)
        {
            if (page == guard)
            {
                return false;
            }
        }

        value = *(ulong*)address;
        return true;
    }

    /// <summary>
    /// Looks for the frame description (FDE) of an address. For a return address the exact place is right too: calls change no rule, and
    /// the compiler leaves an instruction behind one that does not return.
    /// </summary>
    private static bool TryFindRules(ulong rip, out Rules rules)
    {
        rules = default;
        byte* record = ImageLayout.UnwindStart;
        byte* tableEnd = ImageLayout.UnwindEnd;
        while (record + 8 <= tableEnd)
        {
            uint length = *(uint*)record;
            byte* body = record + 4;
            byte* next = body + length;
            if (length < 4 || next > tableEnd)
            {
                return false;
            }

            // In an FDE the first field is the distance back to its common part (CIE), in a CIE it is 0.
            uint distance = *(uint*)body;
            if (distance != 0)
            {
                byte* start = body + 4;
                ulong first = (ulong)(start + *(int*)start);
                ulong size = *(uint*)(start + 4);
                if (rip - first < size)
                {
                    rules.Target = rip;
                    return ReadRules(body - distance, first, start + 8, next, ref rules);
                }
            }

            record = next;
        }

        return false;
    }

    private static bool ReadRules(byte* common, ulong first, byte* cursor, byte* end, ref Rules rules)
    {
        if (common < ImageLayout.UnwindStart || common >= cursor)
        {
            return false;
        }

        byte* commonEnd = common + 4 + *(uint*)common;
        byte* augmentation = common + 9;
        byte* at = augmentation;
        while (*at++ != 0)
        {
        }

        rules.CodeAlignment = ReadUnsigned(ref at);
        rules.DataAlignment = ReadSigned(ref at);
        ReadUnsigned(ref at); // the register that stands for the return address
        if (*augmentation == 'z')
        {
            SkipBlock(ref at);
            SkipBlock(ref cursor);
        }

        rules.Location = 0;
        if (!Run(at, commonEnd, ref rules))
        {
            return false;
        }

        rules.Location = first;
        return Run(cursor, end, ref rules);
    }

    /// <summary>Follows the instructions up to the rules' target. False for one that is not known.</summary>
    private static bool Run(byte* at, byte* end, ref Rules rules)
    {
        while (at < end)
        {
            byte operation = *at++;
            ulong low = (ulong)operation & 0x3f;
            ulong advance = 0;
            switch (operation & 0xc0)
            {
                case 0x40: // advance_loc
                    advance = low;
                    break;
                case 0x80: // offset
                    SetOffset(low, ReadUnsigned(ref at), ref rules);
                    break;
                case 0xc0: // restore
                    return false;
                default:
                    switch (operation)
                    {
                        case 0x00: // nop
                            break;
                        case 0x02: // advance_loc1
                            advance = *at++;
                            break;
                        case 0x03: // advance_loc2
                            advance = *(ushort*)at;
                            at += 2;
                            break;
                        case 0x04: // advance_loc4
                            advance = *(uint*)at;
                            at += 4;
                            break;
                        case 0x0c: // def_cfa
                            rules.CfaRegister = ReadUnsigned(ref at);
                            rules.CfaOffset = ReadUnsigned(ref at);
                            break;
                        case 0x0d: // def_cfa_register
                            rules.CfaRegister = ReadUnsigned(ref at);
                            break;
                        case 0x0e: // def_cfa_offset
                            rules.CfaOffset = ReadUnsigned(ref at);
                            break;
                        default:
                            return false;
                    }

                    break;
            }

            rules.Location += advance * rules.CodeAlignment;
            if (rules.Location > rules.Target)
            {
                return true;
            }
        }

        return rules.CfaRegister is Rsp or Rbp;
    }

    private static void SetOffset(ulong register, ulong factor, ref Rules rules)
    {
        if (register == Rbp)
        {
            rules.RbpOffset = unchecked((long)factor * rules.DataAlignment);
        }
    }

    private static void SkipBlock(ref byte* at)
    {
        ulong bytes = ReadUnsigned(ref at);
        at += bytes;
    }

    // LEB128: seven bits a byte, least significant first.
    private static ulong ReadUnsigned(ref byte* at)
    {
        ulong value = 0;
        int shift = 0;
        byte part;
        do
        {
            part = *at++;
            value |= (ulong)(part & 0x7f) << shift;
            shift += 7;
        }
        while ((part & 0x80) != 0 && shift < 64);

        return value;
    }

    private static long ReadSigned(ref byte* at)
    {
        byte* start = at;
        long value = (long)ReadUnsigned(ref at);
        int bits = 7 * (int)(at - start);
        return bits < 64 ? value << (64 - bits) >> (64 - bits) : value;
    }
}
