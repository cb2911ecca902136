// Our names beside C's for xen/kexec.h. AbiTable explains the format.

namespace Xenith.Tests.Abi;

internal static class KexecTable
{
    public const string Rows = """
        header xen/kexec.h
        value KexecCommand.Exec = KEXEC_CMD_kexec
        value KexecCommand.LoadV1 = KEXEC_CMD_kexec_load_v1
        value KexecCommand.UnloadV1 = KEXEC_CMD_kexec_unload_v1
        value KexecCommand.GetRange = KEXEC_CMD_kexec_get_range
        value KexecCommand.Load = KEXEC_CMD_kexec_load
        value KexecCommand.Unload = KEXEC_CMD_kexec_unload
        value KexecCommand.Status = KEXEC_CMD_kexec_status
        value KexecRangeId.Crash = KEXEC_RANGE_MA_CRASH
        value KexecRangeId.Xen = KEXEC_RANGE_MA_XEN
        value KexecRangeId.Cpu = KEXEC_RANGE_MA_CPU
        value KexecRangeId.Xenheap = KEXEC_RANGE_MA_XENHEAP
        value KexecRangeId.BootParam = KEXEC_RANGE_MA_BOOT_PARAM
        value KexecRangeId.EfiMemmap = KEXEC_RANGE_MA_EFI_MEMMAP
        value KexecRangeId.Vmcoreinfo = KEXEC_RANGE_MA_VMCOREINFO
        value KexecType.Default = KEXEC_TYPE_DEFAULT
        value KexecType.Crash = KEXEC_TYPE_CRASH
        value KexecConstants.XenNoPages = KEXEC_XEN_NO_PAGES
        struct KexecImage = struct xen_kexec_image
            PageList = page_list
            IndirectionPage = indirection_page
            StartAddress = start_address
        struct KexecExec = both struct xen_kexec_exec
            Type = type
        struct KexecLoadV1 = struct xen_kexec_load_v1
            Type = type
            Image = image
        struct KexecRange = struct xen_kexec_range
            Range = range
            Nr = nr
            Size = size
            Start = start
        struct KexecSegment = struct xen_kexec_segment
            Buf = buf.h
            BufSize = buf_size
            DestMaddr = dest_maddr
            DestSize = dest_size
        struct KexecLoad = struct xen_kexec_load
            Type = type
            Pad = _pad
            Arch = arch
            NrSegments = nr_segments
            Segments = segments.h
            EntryMaddr = entry_maddr
        struct KexecUnload = both struct xen_kexec_unload
            Type = type
        struct KexecStatus = both struct xen_kexec_status
            Type = type
        """;
}
