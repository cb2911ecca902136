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
    private const int ControlWordAt = 0, MxcsrAt = 24;
    private const uint Mxcsr = 0x1f80;
    private const uint LegacySize = 512;

    private readonly VectorSave _instruction;
    private readonly ulong _components;

    /// <summary>What this CPU has, with the components that are on in XCR0 now.</summary>
    public VectorFormat()
    {
        if ((Cpu.ReadCr4() & Cr4.OsXsave) == 0)
        {
            _instruction = VectorSave.Fxsave;
            Size = LegacySize;
            return;
        }
        _instruction = (Cpu.Cpuid(0xd, 1).Eax & 1) != 0 ? VectorSave.XsaveOptimized : VectorSave.Xsave;
        _components = PvControlRegisters.HostXcr0;
        Size = Cpu.Cpuid(0xd).Ebx;
    }

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
    internal void Save(Mfn area, ref GuestFrame frame) => VectorState.Save(_instruction, area, _components, ref frame);

    /// <summary>Loads registers into this CPU; XMM0 and XMM8 go into the frame. XCR0 is the host's.</summary>
    internal void Restore(Mfn area, ref GuestFrame frame) => VectorState.Restore(_instruction, area, _components, ref frame);
}
