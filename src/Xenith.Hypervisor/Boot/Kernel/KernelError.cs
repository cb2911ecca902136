// Why a boot module cannot be started as a kernel. One list for all the layers of the file (packing, ELF, Xen's notes), because the
// person who reads the message has one file and one question.

namespace Xenith.Hypervisor.Boot;

/// <summary>Result of reading a kernel file; <see cref="None"/> is success.</summary>
public enum KernelError
{
    None,
    Empty,
    NotAKernel,
    Truncated,
    ProtocolTooOld,
    NoPayload,
    PackedWithLzo,
    PackedUnknown,
    UnpackedTooLarge,
    UnpackFailed,
    UnpackedLengthWrong,
    NotElf64,
    NotLittleEndian,
    ElfVersion,
    NotX86,
    PositionIndependent,
    NotExecutable,
    BadProgramHeaders,
    BadSegment,
    NothingToLoad,
    ImageTooLarge,
    NoXenNotes,
    BadXenNotes,
    TooManyNotes,
    WrongXenVersion,
    WrongLoader,
    UnknownFeatureRequired,
    NotForParavirtual,
    NotForDom0,
    OffsetWithoutBase,
    EntryOutsideImage,
    ImageBelowBase,
    ImageOutsideGuest,
    P2mInsideImage,
}

/// <summary>The sentences that go with <see cref="KernelError"/>.</summary>
public static class KernelErrors
{
    /// <summary>One line for people, without a full stop.</summary>
    public static string Message(this KernelError error) => error switch
    {
        KernelError.None => "the kernel is sound",
        KernelError.Empty => "the kernel module is empty",
        KernelError.NotAKernel => "the module is neither an ELF file nor a Linux bzImage",
        KernelError.Truncated => "the kernel file ends too early",
        KernelError.ProtocolTooOld => "the bzImage is too old: its boot protocol is below 2.08 and names no payload",
        KernelError.NoPayload => "the bzImage has no payload inside the file",
        KernelError.PackedWithLzo => "compression LZO is not supported",
        KernelError.PackedUnknown => "the kernel is packed in a way that is not known",
        KernelError.UnpackedTooLarge => "the kernel claims to be too large when unpacked",
        KernelError.UnpackFailed => "the kernel could not be unpacked",
        KernelError.UnpackedLengthWrong => "the unpacked kernel is not as long as the file says",
        KernelError.NotElf64 => "the kernel is not a 64-bit ELF file",
        KernelError.NotLittleEndian => "the kernel is a big-endian ELF file",
        KernelError.ElfVersion => "the kernel's ELF version is not 1",
        KernelError.NotX86 => "the kernel is not for x86-64",
        KernelError.PositionIndependent => "the kernel is a position-independent ELF file, and only fixed ones can be started",
        KernelError.NotExecutable => "the kernel is an ELF file of a kind that cannot be started",
        KernelError.BadProgramHeaders => "the kernel's ELF program headers are damaged",
        KernelError.BadSegment => "a segment of the kernel does not lie inside the file or wraps around",
        KernelError.NothingToLoad => "the kernel has no segments to load",
        KernelError.ImageTooLarge => "the kernel's segments span more memory than a kernel may",
        KernelError.NoXenNotes => "the kernel has no Xen notes: it was built without Xen support",
        KernelError.BadXenNotes => "the kernel's Xen notes are damaged",
        KernelError.TooManyNotes => "the kernel has too many ELF notes",
        KernelError.WrongXenVersion => "the kernel was built for another interface than xen-3.0",
        KernelError.WrongLoader => "the kernel wants neither the generic loader nor is it Linux",
        KernelError.UnknownFeatureRequired => "the kernel requires a Xen feature that is not known",
        KernelError.NotForParavirtual => "the kernel requires a feature that paravirtual domains do not have",
        KernelError.NotForDom0 => "the kernel does not support running as dom0",
        KernelError.OffsetWithoutBase => "the kernel's Xen notes give PADDR_OFFSET but no VIRT_BASE",
        KernelError.EntryOutsideImage => "the kernel's entry point is outside its image",
        KernelError.ImageBelowBase => "the kernel's image begins below its VIRT_BASE",
        KernelError.ImageOutsideGuest => "the kernel's image is not in the part of the address space that a guest may use",
        KernelError.P2mInsideImage => "the kernel wants its physical-to-machine table inside its own image",
        _ => "unknown kernel error",
    };
}
