namespace Xenith.Machine;

/// <summary>
/// x87, SSE and later register state (SDM vol. 1, chapters 10 and 13). The areas lie in frames of the hypervisor. XMM0 and XMM8 of a
/// guest that is inside the hypervisor are in its <see cref="GuestFrame"/>: the caller moves them over.
/// </summary>
public static unsafe class VectorState
{
    /// <summary>FXSAVE64 into a frame.</summary>
    public static void SaveFx(Mfn area) => Asm.fx_save(DirectMap.At(area));

    /// <summary>FXRSTOR64 from a frame.</summary>
    public static void RestoreFx(Mfn area) => Asm.fx_restore(DirectMap.At(area));

    /// <summary>XSAVE64 of the components in <paramref name="mask"/>; the area is contiguous frames, large enough for XCR0.</summary>
    public static void SaveExtended(Mfn area, ulong mask) => Asm.x_save(DirectMap.At(area), mask);

    /// <summary>XRSTOR64 of the components in <paramref name="mask"/>.</summary>
    public static void RestoreExtended(Mfn area, ulong mask) => Asm.x_restore(DirectMap.At(area), mask);
}
