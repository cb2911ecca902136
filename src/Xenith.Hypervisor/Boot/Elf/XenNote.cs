// Numbers of the Xen notes (public/elfnote.h).

namespace Xenith.Hypervisor.Boot;

/// <summary>Types of ELF notes with owner "Xen".</summary>
public enum XenNote
{
    Info = 0,
    Entry = 1,
    HypercallPage = 2,
    VirtualBase = 3,
    PhysicalOffset = 4,
    XenVersion = 5,
    GuestOs = 6,
    GuestVersion = 7,
    Loader = 8,
    PaeMode = 9,
    Features = 10,
    BsdSymbolTable = 11,
    HypervisorStartLow = 12,
    L1MfnValid = 13,
    SuspendCancel = 14,
    InitialP2m = 15,
    InitrdByFrame = 16,
    SupportedFeatures = 17,
    Physical32Entry = 18,
    Last = Physical32Entry,
}
