// What a multiboot loader tells, whichever version of the protocol it speaks. It is copied out of the loader's memory once; only strings
// and modules stay where they are, and the caller keeps their memory from being used.

using System;
using Xenith.Machine;

namespace Xenith.Hypervisor.Boot;

/// <summary>Why boot information cannot be used.</summary>
internal enum BootError
{
    None,
    UnknownLoader,
    NotReadable,
    NoMemoryMap,
}

/// <summary>Errors in words.</summary>
internal static class BootErrorText
{
    /// <summary>One sentence.</summary>
    internal static string Message(this BootError error) => error switch
    {
        BootError.UnknownLoader => "Not started by a multiboot boot loader",
        BootError.NotReadable => "The boot loader's information is not readable",
        BootError.NoMemoryMap => "The boot loader gave no memory map",
        _ => "No error",
    };
}

/// <summary>Boot information; see <see cref="Multiboot1"/> and <see cref="Multiboot2"/>.</summary>
internal struct BootInformation
{
    internal BootModules Modules;
    internal int ModuleCount;

    /// <summary>Modules that there was no room for.</summary>
    internal int LostModules;

    /// <summary>The firmware's memory map, sorted and without overlaps.</summary>
    internal MemoryMap MemoryMap;

    /// <summary>The hypervisor's command line as the loader gave it.</summary>
    internal ulong CommandLineAddress, CommandLineLength;

    /// <summary>True if strings begin with a file name (multiboot 1, but not from GRUB 2).</summary>
    internal bool StringsHaveNames;

    /// <summary>Name of the boot loader.</summary>
    internal ulong LoaderNameAddress, LoaderNameLength;

    /// <summary>ACPI root pointer as the loader copied it, 0 if it gave none.</summary>
    internal ulong AcpiRootAddress;

    internal BootFramebuffer Framebuffer;
    internal BootVideoBios VideoBios;
    internal BootFirmware Firmware;

    /// <summary>Machine addresses of the loader's own structure.</summary>
    internal ulong Start, End;

    /// <summary>The hypervisor's command line without a file name.</summary>
    internal readonly ReadOnlySpan<byte> CommandLine => CommandLineIn(default(FirmwareMemory));

    internal readonly ReadOnlySpan<byte> LoaderName => BootMemory.Bytes(LoaderNameAddress, LoaderNameLength);

    /// <summary>A module's string without its file name.</summary>
    internal readonly ReadOnlySpan<byte> ModuleArguments(int index) => ModuleArgumentsIn(default(FirmwareMemory), index);

    /// <summary>Reads what a loader left at an address; the magic number says which protocol it is.</summary>
    internal static bool TryParse(uint magic, uint address, out BootInformation information, out BootError error)
    {
        error = Parse(default(FirmwareMemory), magic, address, out information);
        return error == BootError.None;
    }

    /// <summary>The same for any memory.</summary>
    internal static BootError Parse<TMemory>(TMemory memory, uint magic, ulong address, out BootInformation information)
        where TMemory : struct, IFirmwareMemory
    {
        information = default;
        BootError error = magic switch
        {
            Multiboot1.Magic => Multiboot1.Parse(memory, address, ref information),
            Multiboot2.Magic => Multiboot2.Parse(memory, address, ref information),
            _ => BootError.UnknownLoader,
        };
        information.MemoryMap.Normalize();
        return error != BootError.None ? error : information.MemoryMap.Count == 0 ? BootError.NoMemoryMap : BootError.None;
    }

    internal readonly ReadOnlySpan<byte> CommandLineIn<TMemory>(TMemory memory)
        where TMemory : struct, IFirmwareMemory =>
        BootStrings.Arguments(memory.Bytes(CommandLineAddress, CommandLineLength), StringsHaveNames);

    internal readonly ReadOnlySpan<byte> ModuleArgumentsIn<TMemory>(TMemory memory, int index)
        where TMemory : struct, IFirmwareMemory =>
        BootStrings.Arguments(memory.Bytes(Modules[index].TextAddress, Modules[index].TextLength), StringsHaveNames);

    internal void Add(BootModule module)
    {
        if (ModuleCount == BootModules.Capacity)
        {
            LostModules++;
            return;
        }

        module.End = Math.Max(module.Start, module.End);
        Modules[ModuleCount] = module;
        ModuleCount++;
    }
}
