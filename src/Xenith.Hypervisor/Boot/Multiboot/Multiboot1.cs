// Multiboot, version 1: one structure whose flags say which of its fields are valid (Multiboot 0.6.96, section 3.3). QEMU's -kernel uses
// it. Strings begin with a file name, except from GRUB 2.

using System;

namespace Xenith.Hypervisor.Boot;

internal static class Multiboot1
{
    /// <summary>What EAX holds when a loader of this kind starts the hypervisor.</summary>
    internal const uint Magic = 0x2bad_b002;

    private const int Length = 116;
    private const int ModuleLength = 16;

    // The list of modules is read this far; BootInformation keeps fewer and counts the rest.
    private const uint MostModules = 1024;

    // Enough for thousands of entries.
    private const uint LongestMap = 64 << 10;

    private const uint HasMemory = 1u << 0;
    private const uint HasCommandLine = 1u << 2;
    private const uint HasModules = 1u << 3;
    private const uint HasMemoryMap = 1u << 6;
    private const uint HasLoaderName = 1u << 9;
    private const uint HasVideoBios = 1u << 11;
    private const uint HasFramebuffer = 1u << 12;

    internal static BootError Parse<TMemory>(TMemory memory, ulong address, ref BootInformation information)
        where TMemory : struct, IFirmwareMemory
    {
        TableBytes info = new(memory.Bytes(address, Length));
        if (info.Length == 0)
        {
            return BootError.NotReadable;
        }

        information.Start = address;
        information.End = address + Length;
        uint flags = info.U32(0);
        if ((flags & HasCommandLine) != 0)
        {
            information.CommandLineAddress = info.U32(16);
            information.CommandLineLength = BootStrings.Length(memory, information.CommandLineAddress);
        }

        if ((flags & HasLoaderName) != 0)
        {
            information.LoaderNameAddress = info.U32(64);
            information.LoaderNameLength = BootStrings.Length(memory, information.LoaderNameAddress);
        }

        information.StringsHaveNames =
            !BootStrings.IsGrub2(memory.Bytes(information.LoaderNameAddress, information.LoaderNameLength));
        if ((flags & HasModules) != 0)
        {
            AddModules(memory, info.U32(24), Math.Min(info.U32(20), MostModules), ref information);
        }

        if ((flags & HasMemoryMap) != 0)
        {
            AddMap(memory.Bytes(info.U32(48), Math.Min(info.U32(44), LongestMap)), ref information.MemoryMap);
        }
        else if ((flags & HasMemory) != 0)
        {
            information.MemoryMap.Add(0, info.U32(4) * 1024UL, MemoryKind.Usable);
            information.MemoryMap.Add(0x10_0000, info.U32(8) * 1024UL, MemoryKind.Usable);
        }

        if ((flags & HasVideoBios) != 0)
        {
            information.VideoBios.ControllerInformation = info.U32(72);
            information.VideoBios.ModeInformation = info.U32(76);
            information.VideoBios.Mode = info.U16(80);
        }

        if ((flags & HasFramebuffer) != 0)
        {
            AddFramebuffer(info, ref information.Framebuffer);
        }

        return BootError.None;
    }

    private static void AddModules<TMemory>(TMemory memory, ulong list, uint count, ref BootInformation information)
        where TMemory : struct, IFirmwareMemory
    {
        for (uint i = 0; i < count; i++)
        {
            TableBytes entry = new(memory.Bytes(list + (i * (ulong)ModuleLength), ModuleLength));
            if (entry.Length == 0)
            {
                return;
            }

            BootModule module = new() { Start = entry.U32(0), End = entry.U32(4), TextAddress = entry.U32(8) };
            module.TextLength = BootStrings.Length(memory, module.TextAddress);
            information.Add(module);
        }
    }

    // Entries: size of the rest, base, length, type. The size is not the same for all.
    private static void AddMap(ReadOnlySpan<byte> map, ref MemoryMap to)
    {
        while (map.Length >= 24)
        {
            TableBytes entry = new(map);
            uint size = entry.U32(0);
            to.Add(entry.U64(4), entry.U64(12), MemoryMap.KindOf(entry.U32(20)));
            if (size < 20 || size > unchecked((uint)map.Length) - 4)
            {
                return;
            }

            map = map.Slice(unchecked((int)size) + 4);
        }
    }

    private static void AddFramebuffer(TableBytes info, ref BootFramebuffer framebuffer)
    {
        framebuffer.Address = info.U64(88);
        framebuffer.Pitch = info.U32(96);
        framebuffer.Width = info.U32(100);
        framebuffer.Height = info.U32(104);
        framebuffer.BitsPerPixel = info.U8(108);
        framebuffer.Kind = (FramebufferKind)info.U8(109);
        if (framebuffer.Kind == FramebufferKind.Rgb)
        {
            framebuffer.Red = new ColorField { Position = info.U8(110), Bits = info.U8(111) };
            framebuffer.Green = new ColorField { Position = info.U8(112), Bits = info.U8(113) };
            framebuffer.Blue = new ColorField { Position = info.U8(114), Bits = info.U8(115) };
        }
    }
}
