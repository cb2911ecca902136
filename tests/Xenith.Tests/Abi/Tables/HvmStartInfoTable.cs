// Our names beside C's for xen/arch-x86/hvm/start_info.h. AbiTable explains the format.

namespace Xenith.Tests.Abi;

internal static class HvmStartInfoTable
{
    public const string Rows = """
        header xen/arch-x86/hvm/start_info.h
        value HvmMemoryType.Ram = XEN_HVM_MEMMAP_TYPE_RAM
        value HvmMemoryType.Reserved = XEN_HVM_MEMMAP_TYPE_RESERVED
        value HvmMemoryType.Acpi = XEN_HVM_MEMMAP_TYPE_ACPI
        value HvmMemoryType.Nvs = XEN_HVM_MEMMAP_TYPE_NVS
        value HvmMemoryType.Unusable = XEN_HVM_MEMMAP_TYPE_UNUSABLE
        value HvmMemoryType.Disabled = XEN_HVM_MEMMAP_TYPE_DISABLED
        value HvmMemoryType.Pmem = XEN_HVM_MEMMAP_TYPE_PMEM
        value HvmStartConstants.MagicValue = XEN_HVM_START_MAGIC_VALUE
        struct HvmStartInfo = both struct hvm_start_info
            Magic = magic
            Version = version
            Flags = flags
            NrModules = nr_modules
            ModlistPaddr = modlist_paddr
            CmdlinePaddr = cmdline_paddr
            RsdpPaddr = rsdp_paddr
            MemmapPaddr = memmap_paddr
            MemmapEntries = memmap_entries
            Reserved = reserved
        struct HvmModlistEntry = both struct hvm_modlist_entry
            Paddr = paddr
            Size = size
            CmdlinePaddr = cmdline_paddr
            Reserved = reserved
        struct HvmMemmapTableEntry = both struct hvm_memmap_table_entry
            Addr = addr
            Size = size
            Type = type
            Reserved = reserved
        """;
}
