// xen/elfnote.h: types of the ELF notes (owner "Xen") by which a kernel says how it wants to be loaded.

namespace Xenith.Abi;

/// <summary>Types of ELF notes (<c>XEN_ELFNOTE_*</c>).</summary>
public enum ElfNote : uint
{
    Info = 0,
    Entry = 1,
    HypercallPage = 2,
    VirtBase = 3,
    PaddrOffset = 4,
    XenVersion = 5,
    GuestOs = 6,
    GuestVersion = 7,
    Loader = 8,
    PaeMode = 9,
    Features = 10,
    BsdSymtab = 11,
    HvStartLow = 12,
    L1MfnValid = 13,
    SuspendCancel = 14,
    InitP2m = 15,
    ModStartPfn = 16,
    SupportedFeatures = 17,
    Phys32Entry = 18,
    Max = 18,
    CrashInfo = 0x1000001,
    CrashRegs = 0x1000002,
    DumpcoreNone = 0x2000000,
    DumpcoreHeader = 0x2000001,
    DumpcoreXenVersion = 0x2000002,
    DumpcoreFormatVersion = 0x2000003,
}
