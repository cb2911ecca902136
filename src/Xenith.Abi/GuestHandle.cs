// A guest passes arrays by address. Such an address is a claim by the guest and nothing more: it may be
// unmapped, lie in the hypervisor's own range, or point at memory that another vCPU is changing. So it is never
// a pointer here. It is a number with the element type attached, and only Machine's guest access turns it into
// data. Xen: XEN_GUEST_HANDLE and XEN_GUEST_HANDLE_64 in xen/arch-x86/xen.h.

namespace Xenith.Abi;

/// <summary>Guest virtual address of an array of <typeparamref name="T"/>: eight bytes, not checked by anybody yet.</summary>
public readonly struct GuestHandle<T>
    where T : unmanaged
{
    /// <summary>The address as the guest wrote it.</summary>
    public readonly ulong Value;

    public GuestHandle(ulong value) => Value = value;

    /// <summary>True for address zero, which several calls take as "no array given".</summary>
    public bool IsNull => Value == 0;

    /// <summary>The same address, seen as an array of another type.</summary>
    public GuestHandle<TOther> As<TOther>()
        where TOther : unmanaged => new(Value);
}

/// <summary>The same from a 32-bit caller: four bytes.</summary>
public readonly struct CompatHandle<T>
    where T : unmanaged
{
    /// <summary>The address as the guest wrote it.</summary>
    public readonly uint Value;

    public CompatHandle(uint value) => Value = value;

    /// <summary>True for address zero.</summary>
    public bool IsNull => Value == 0;

    /// <summary>The address widened for the common path.</summary>
    public GuestHandle<T> Widen() => new(Value);
}
