using System;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>
/// CPUID does not trap in ring 3, so PV guests put five bytes before it that do: UD2 and the letters "xen" (public/arch-x86/xen.h, XEN_EMULATE_PREFIX).
/// </summary>
internal static class ForcedCpuid
{
    private const int Length = 7;
    private const ulong Bytes = 0xa2_0f_6e_65_78_0b_0f;

    [InlineArray(8)]
    private struct Buffer
    {
        private byte _first;
    }

    /// <summary>Emulates the instruction at RIP if it is the marked CPUID.</summary>
    internal static bool TryEmulate(Vcpu vcpu, ref GuestFrame frame)
    {
        ulong bytes;
        bool read = (frame.Rip & (AddressSpace.PageSize - 1)) <= AddressSpace.PageSize - sizeof(ulong)
            ? GuestMemory.TryRead(frame.Rip, out bytes)
            : TryReadAtEnd(frame.Rip, out bytes);
        if (!read || bytes << 8 != Bytes << 8)
            return false;
        Execute(vcpu, ref frame, isForced: true);
        frame.Rip = unchecked(frame.Rip + Length);
        return true;
    }

    /// <summary>At the end of a page no byte more is read than the instruction has: the next page may not be there.</summary>
    private static bool TryReadAtEnd(ulong address, out ulong value)
    {
        Buffer buffer = default;
        Span<byte> bytes = buffer;
        bool read = GuestMemory.TryRead(address, bytes[..Length]);
        value = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        return read;
    }

    /// <summary>CPUID on the registers of a frame. The marked form shows a guest kernel a little more than the plain one.</summary>
    internal static void Execute(Vcpu vcpu, ref GuestFrame frame, bool isForced)
    {
        CpuidResult result = PvCpuid.Query(vcpu, unchecked((uint)frame.Rax), unchecked((uint)frame.Rcx), isForced);
        frame.Rax = result.Eax;
        frame.Rbx = result.Ebx;
        frame.Rcx = result.Ecx;
        frame.Rdx = result.Edx;
    }
}
