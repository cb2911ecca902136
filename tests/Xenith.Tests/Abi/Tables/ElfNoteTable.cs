// Our names beside C's for xen/elfnote.h. AbiTable explains the format.

namespace Xenith.Tests.Abi;

internal static class ElfNoteTable
{
    public const string Rows = """
        header xen/elfnote.h
        value ElfNote.Info = XEN_ELFNOTE_INFO
        value ElfNote.Entry = XEN_ELFNOTE_ENTRY
        value ElfNote.HypercallPage = XEN_ELFNOTE_HYPERCALL_PAGE
        value ElfNote.VirtBase = XEN_ELFNOTE_VIRT_BASE
        value ElfNote.PaddrOffset = XEN_ELFNOTE_PADDR_OFFSET
        value ElfNote.XenVersion = XEN_ELFNOTE_XEN_VERSION
        value ElfNote.GuestOs = XEN_ELFNOTE_GUEST_OS
        value ElfNote.GuestVersion = XEN_ELFNOTE_GUEST_VERSION
        value ElfNote.Loader = XEN_ELFNOTE_LOADER
        value ElfNote.PaeMode = XEN_ELFNOTE_PAE_MODE
        value ElfNote.Features = XEN_ELFNOTE_FEATURES
        value ElfNote.BsdSymtab = XEN_ELFNOTE_BSD_SYMTAB
        value ElfNote.HvStartLow = XEN_ELFNOTE_HV_START_LOW
        value ElfNote.L1MfnValid = XEN_ELFNOTE_L1_MFN_VALID
        value ElfNote.SuspendCancel = XEN_ELFNOTE_SUSPEND_CANCEL
        value ElfNote.InitP2m = XEN_ELFNOTE_INIT_P2M
        value ElfNote.ModStartPfn = XEN_ELFNOTE_MOD_START_PFN
        value ElfNote.SupportedFeatures = XEN_ELFNOTE_SUPPORTED_FEATURES
        value ElfNote.Phys32Entry = XEN_ELFNOTE_PHYS32_ENTRY
        value ElfNote.Max = XEN_ELFNOTE_MAX
        value ElfNote.CrashInfo = XEN_ELFNOTE_CRASH_INFO
        value ElfNote.CrashRegs = XEN_ELFNOTE_CRASH_REGS
        value ElfNote.DumpcoreNone = XEN_ELFNOTE_DUMPCORE_NONE
        value ElfNote.DumpcoreHeader = XEN_ELFNOTE_DUMPCORE_HEADER
        value ElfNote.DumpcoreXenVersion = XEN_ELFNOTE_DUMPCORE_XEN_VERSION
        value ElfNote.DumpcoreFormatVersion = XEN_ELFNOTE_DUMPCORE_FORMAT_VERSION
        """;
}
