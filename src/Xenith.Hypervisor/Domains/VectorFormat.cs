using System;
using Xenith.Abi;
using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;

namespace Xenith.Hypervisor.Domains;

/// <summary>
/// How the x87, SSE and later registers of vCPUs are saved: with XSAVEOPT, XSAVE or FXSAVE, whichever is the best that the CPU has (SDM vol. 1, 10.5, 13.5 to 13.9). One for the host: all its CPUs are alike.
/// </summary>
public sealed class VectorFormat
{
    // Of the legacy area (SDM vol. 1, 10.5.1), as after a reset.
    private const ulong ControlWord = 0x037f;
    private const int ControlWordAt = 0, MxcsrAt = 24, MxcsrMaskAt = 28;
    private const uint Mxcsr = 0x1f80;

    /// <summary>Bits of MXCSR that a CPU has which does not say (SDM vol. 1, 11.6.6).</summary>
    private const uint OldMxcsrMask = 0xffbf;

    /// <summary>The component bits in the header of an XSAVE area (SDM vol. 1, 13.4.2).</summary>
    private const int HeaderAt = 512;
    private const uint LegacySize = 512;

    private readonly VectorSave _instruction;
    private readonly bool _keepsPointers;

    /// <summary>What this CPU has, with the components that are on in XCR0 now.</summary>
    public VectorFormat()
    {
        _keepsPointers = KeepsPointers();
        if ((Cpu.ReadCr4() & Cr4.OsXsave) == 0)
        {
            _instruction = VectorSave.Fxsave;
            Size = LegacySize;
            return;
        }
        _instruction = (Cpu.Cpuid(0xd, 1).Eax & 1) != 0 ? VectorSave.XsaveOptimized : VectorSave.Xsave;
        Components = PvControlRegisters.HostXcr0;
        Size = Cpu.Cpuid(0xd).Ebx;
    }

    /// <summary>
    /// True if FXRSTOR and XRSTOR leave the pointers to the last x87 instruction and its operand as they are, unless the image has an exception pending: AMD's CPUs that do not say RstrFpErrPtrs
    /// (APM vol. 2, 11.4.4; APM vol. 3, CPUID Fn8000_0008 EBX bit 2). A vCPU would find those of another one there.
    /// </summary>
    private static bool KeepsPointers()
    {
        const uint auth = 0x6874_7541, hygo = 0x6f67_7948, extendedSizes = 0x8000_0008, restoresPointers = 1 << 2;
        return Cpu.Cpuid(0).Ebx is auth or hygo && (Cpu.Cpuid(0x8000_0000).Eax < extendedSizes || (Cpu.Cpuid(extendedSizes).Ebx & restoresPointers) == 0);
    }

    /// <summary>What is on in XCR0 while registers are saved and loaded; 0 without XSAVE.</summary>
    internal ulong Components { get; }

    /// <summary>Bytes of an area.</summary>
    public uint Size { get; }

    /// <summary>Makes an area with the registers as after a reset. False if there is no memory.</summary>
    internal bool TryCreate(PageAllocator allocator, out Mfn area)
    {
        if (!allocator.TryAllocate(Order, AllocationFlags.Zeroed, out area))
        {
            area = Mfn.Invalid;
            return false;
        }
        Frame first = Frame.At(area);
        first.Write(ControlWordAt, ControlWord);
        first.Write(MxcsrAt, Mxcsr);
        return true;
    }

    /// <summary>
    /// Puts a guest's FXSAVE image into the area of a vCPU that never ran: x87 and SSE are the guest's, all else is as after a reset. Bits of MXCSR that the CPU lacks are cleared, since loading them would fault.
    /// </summary>
    internal void Fill(Mfn area, in Inline512<byte> image)
    {
        Frame first = Frame.At(area);
        // The CPU says which bits it has in the images that it makes.
        GuestFrame unused = default;
        VectorState.Save(VectorSave.Fxsave, area, 0, ref unused);
        uint bits = first.Read<uint>(MxcsrMaskAt);
        if (bits == 0)
            bits = OldMxcsrMask;
        first.CopyFrom(0, image);
        first.Write(MxcsrAt, first.Read<uint>(MxcsrAt) & bits);
        if (_instruction != VectorSave.Fxsave)
            first.Write(HeaderAt, PvControlRegisters.X87 | PvControlRegisters.Sse);
    }

    /// <summary>Frees an area.</summary>
    internal void Free(PageAllocator allocator, Mfn area) => allocator.Free(area, Order);

    private int Order
    {
        get
        {
            int order = 0;
            while ((uint)AddressSpace.PageSize << order < Size)
                order++;
            return order;
        }
    }

    /// <summary>Saves this CPU's registers; XMM0 and XMM8 are those of the frame. XCR0 is the host's.</summary>
    internal void Save(Mfn area, ref GuestFrame frame) => VectorState.Save(_instruction, area, Components, ref frame);

    /// <summary>Loads registers into this CPU; XMM0 and XMM8 go into the frame. XCR0 is the host's.</summary>
    internal void Restore(Mfn area, ref GuestFrame frame)
    {
        if (_keepsPointers)
            VectorState.ForgetPointers();
        VectorState.Restore(_instruction, area, Components, ref frame);
    }
}
