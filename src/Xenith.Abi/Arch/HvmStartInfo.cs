// xen/arch-x86/hvm/start_info.h: what a PVH guest finds at the address in EBX when it first runs.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Memory types of the PVH map, those of E820.</summary>
public enum HvmMemoryType : uint
{
    Ram = 1,
    Reserved = 2,
    Acpi = 3,
    Nvs = 4,
    Unusable = 5,
    Disabled = 6,
    Pmem = 7,
}

/// <summary>Magic number of the structure.</summary>
public static class HvmStartConstants
{
    public const uint MagicValue = 0x336ec578;
}

/// <summary>What a PVH guest finds when it starts; all addresses are physical. C: <c>struct hvm_start_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmStartInfo
{
    public uint Magic;
    public uint Version;
    public uint Flags;
    public uint NrModules;
    public ulong ModlistPaddr;
    public ulong CmdlinePaddr;
    public ulong RsdpPaddr;
    public ulong MemmapPaddr;
    public uint MemmapEntries;
    public uint Reserved;
}

/// <summary>A module. C: <c>struct hvm_modlist_entry</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmModlistEntry
{
    public ulong Paddr;
    public ulong Size;
    public ulong CmdlinePaddr;
    public ulong Reserved;
}

/// <summary>A range of memory. C: <c>struct hvm_memmap_table_entry</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmMemmapTableEntry
{
    public ulong Addr;
    public ulong Size;
    public uint Type;
    public uint Reserved;
}
