using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>
/// INS and OUTS. A repeated one is done in batches: the registers say how far it got, so the guest makes the instruction again for the rest, and may take
/// an interrupt in between as on a CPU.
/// </summary>
internal static class StringPortEmulation
{
    private const int Batch = 256;

    internal static EmulationResult Emulate(Vcpu vcpu, ref GuestFrame frame, in Instruction instruction, int bits)
    {
        int size = (instruction.Opcode & 1) == 0 ? 1 : instruction.OperandSize == 2 ? 2 : 4;
        ushort port = unchecked((ushort)frame.Rdx);
        if (!PortPermission.IsGranted(vcpu, port, size))
            return EmulationResult.Reflect;
        bool isOutput = (instruction.Opcode & 2) != 0;
        SegmentRegister register = !isOutput ? SegmentRegister.Es : instruction.Segment == SegmentRegister.None ? SegmentRegister.Ds : instruction.Segment;
        if (!DataSegment.TryFind(vcpu, ref frame, register, bits, !isOutput, out DataSegment segment))
            return EmulationResult.Reflect;

        bool isRepeated = instruction.RepeatPrefix != 0;
        ulong mask = GuestRegisters.Mask(instruction.AddressSize);
        for (int done = 0; !isRepeated || (frame.Rcx & mask) != 0; done++)
        {
            if (done == Batch)
                return EmulationResult.Redirected;
            if (!segment.TryAddress((isOutput ? frame.Rsi : frame.Rdi) & mask, size, out ulong address) || !AddressSpace.IsGuestAddress(address))
                return EmulationResult.Reflect;
            if (!MoveOne(vcpu, ref frame, in instruction, address, port, size))
                return EmulationResult.Redirected;
            if (!isRepeated)
                break;
            frame.Rcx = Advance(frame.Rcx, ulong.MaxValue, mask);
        }
        return vcpu.Pv.Dr7Ports == 0 ? EmulationResult.Done : PrivilegedEmulation.PortBreakpoint(vcpu, ref frame, in instruction, port, size);
    }

    /// <summary>Moves one element. False if the guest's memory could not be accessed: it has a page fault then.</summary>
    private static bool MoveOne(Vcpu vcpu, ref GuestFrame frame, in Instruction instruction, ulong address, ushort port, int size)
    {
        bool isOutput = (instruction.Opcode & 2) != 0;
        ulong mask = GuestRegisters.Mask(instruction.AddressSize);
        ulong step = (frame.Rflags & Rflags.Direction) != 0 ? unchecked(0UL - (ulong)size) : (ulong)size;
        if (isOutput)
        {
            if (!TryRead(address, size, out uint value))
                return Fault(vcpu, ref frame, address, 0);
            PortEmulation.Write(vcpu.Domain, port, size, value);
            frame.Rsi = Advance(frame.Rsi, step, mask);
            return true;
        }
        // The destination is probed first: a port may not be read twice for one element.
        if (!TryRead(address, size, out uint before) || !TryWrite(address, size, before))
            return Fault(vcpu, ref frame, address, PvExceptions.Write);
        TryWrite(address, size, PortEmulation.Read(vcpu.Domain, port, size));
        frame.Rdi = Advance(frame.Rdi, step, mask);
        return true;
    }

    private static bool Fault(Vcpu vcpu, ref GuestFrame frame, ulong address, uint error)
    {
        if (PageWalk.TryFind(vcpu, address, out _))
            error |= PvExceptions.Present;
        PvExceptions.RaisePageFault(vcpu, ref frame, address, error);
        return false;
    }

    private static ulong Advance(ulong register, ulong step, ulong mask)
    {
        ulong moved = unchecked(register + step);
        // A 32-bit register loses its upper half, a 16-bit one leaves the rest as it is (SDM vol. 1, 3.4.1.1).
        return mask == ulong.MaxValue ? moved : mask == 0xffff_ffff ? moved & mask : (register & ~mask) | (moved & mask);
    }

    private static bool TryRead(ulong address, int size, out uint value)
    {
        bool ok;
        switch (size)
        {
            case 1:
                ok = GuestMemory.TryRead(address, out byte narrow);
                value = narrow;
                return ok;
            case 2:
                ok = GuestMemory.TryRead(address, out ushort word);
                value = word;
                return ok;
            default:
                return GuestMemory.TryRead(address, out value);
        }
    }

    private static bool TryWrite(ulong address, int size, uint value) => size switch
    {
        1 => GuestMemory.TryWrite(address, unchecked((byte)value)),
        2 => GuestMemory.TryWrite(address, unchecked((ushort)value)),
        _ => GuestMemory.TryWrite(address, value),
    };
}
