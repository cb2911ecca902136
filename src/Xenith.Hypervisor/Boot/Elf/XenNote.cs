// The Xen notes that a paravirtual kernel carries, by the hypervisor's words for them. The numbers are the interface's (Abi.ElfNote).

using Xenith.Abi;

namespace Xenith.Hypervisor.Boot;

/// <summary>Types of ELF notes with owner "Xen".</summary>
public enum XenNote
{
    Info = (int)ElfNote.Info,
    Entry = (int)ElfNote.Entry,
    HypercallPage = (int)ElfNote.HypercallPage,
    VirtualBase = (int)ElfNote.VirtBase,
    PhysicalOffset = (int)ElfNote.PaddrOffset,
    XenVersion = (int)ElfNote.XenVersion,
    GuestOs = (int)ElfNote.GuestOs,
    GuestVersion = (int)ElfNote.GuestVersion,
    Loader = (int)ElfNote.Loader,
    PaeMode = (int)ElfNote.PaeMode,
    Features = (int)ElfNote.Features,
    BsdSymbolTable = (int)ElfNote.BsdSymtab,
    HypervisorStartLow = (int)ElfNote.HvStartLow,
    L1MfnValid = (int)ElfNote.L1MfnValid,
    SuspendCancel = (int)ElfNote.SuspendCancel,
    InitialP2m = (int)ElfNote.InitP2m,
    InitrdByFrame = (int)ElfNote.ModStartPfn,
    SupportedFeatures = (int)ElfNote.SupportedFeatures,
    Physical32Entry = (int)ElfNote.Phys32Entry,
    Last = (int)ElfNote.Max,
}
