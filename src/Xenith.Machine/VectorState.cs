namespace Xenith.Machine;

/// <summary>
/// x87, SSE and later register state (SDM vol. 1, chapters 10 and 13). The areas lie in contiguous frames of the hypervisor. XMM0 and XMM8 of a guest that is inside the hypervisor are in its
/// <see cref="GuestFrame"/>: saving takes them from there, restoring puts them there.
/// </summary>
public static unsafe class VectorState
{
    /// <summary>Saves this CPU's registers into an area that is large enough; the components in <paramref name="mask"/> where the instruction knows components.</summary>
    public static void Save(VectorSave instruction, Mfn area, ulong mask, ref GuestFrame frame)
    {
        switch (instruction)
        {
            case VectorSave.Fxsave:
                Asm.fx_save(DirectMap.At(area), ref frame);
                break;
            case VectorSave.Xsave:
                Asm.x_save(DirectMap.At(area), mask, ref frame);
                break;
            default:
                Asm.x_save_opt(DirectMap.At(area), mask, ref frame);
                break;
        }
    }

    /// <summary>Makes this CPU forget which x87 instruction was the last, and its operand: they become those of an instruction of the hypervisor. The x87 registers are not the guest's any more.</summary>
    public static void ForgetPointers() => Asm.fx_forget_pointers();

    /// <summary>Loads registers that <see cref="Save"/> has put into an area.</summary>
    public static void Restore(VectorSave instruction, Mfn area, ulong mask, ref GuestFrame frame)
    {
        if (instruction == VectorSave.Fxsave)
            Asm.fx_restore(DirectMap.At(area), ref frame);
        else
            Asm.x_restore(DirectMap.At(area), mask, ref frame);
    }
}
