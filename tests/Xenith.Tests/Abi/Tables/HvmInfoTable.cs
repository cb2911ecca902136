// Our names beside C's for xen/hvm/e820.h, xen/hvm/hvm_info_table.h. AbiTable explains the format.

namespace Xenith.Tests.Abi;

internal static class HvmInfoTable
{
    public const string Rows = """
        header xen/hvm/e820.h
        header xen/hvm/hvm_info_table.h
        value HvmE820.Page = HVM_E820_PAGE
        value HvmE820.NrOffset = HVM_E820_NR_OFFSET
        value HvmE820.Offset = HVM_E820_OFFSET
        value HvmE820.Below4gRamEnd = HVM_BELOW_4G_RAM_END
        value HvmE820.Below4gMmioStart = HVM_BELOW_4G_MMIO_START
        value HvmE820.Below4gMmioLength = HVM_BELOW_4G_MMIO_LENGTH
        value HvmInfo.InfoPfn = HVM_INFO_PFN
        value HvmInfo.InfoOffset = HVM_INFO_OFFSET
        value HvmInfo.InfoPaddr = HVM_INFO_PADDR
        value HvmInfo.MaxVcpus = HVM_MAX_VCPUS
        struct HvmInfoTable = both struct hvm_info_table
            Signature = signature
            Length = length
            Checksum = checksum
            ApicMode = apic_mode
            NrVcpus = nr_vcpus
            LowMemPgend = low_mem_pgend
            ReservedMemPgstart = reserved_mem_pgstart
            HighMemPgend = high_mem_pgend
            VcpuOnline = vcpu_online
        """;
}
