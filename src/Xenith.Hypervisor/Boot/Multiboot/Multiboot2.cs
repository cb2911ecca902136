// Multiboot, version 2: a list of tags, each with a type and a size, on eight-byte boundaries (Multiboot2 2.0, section 3.6). GRUB 2 uses
// it, under BIOS and EFI. Strings are arguments only.

using System;

namespace Xenith.Hypervisor.Boot;

internal static class Multiboot2
{
    /// <summary>What EAX holds when a loader of this kind starts the hypervisor.</summary>
    internal const uint Magic = 0x36d7_6289;

    // Far more than a loader has to tell.
    private const uint LongestInformation = 4 << 20;

    private const int ListHeader = 8;
    private const int TagHeader = 8;

    private enum Tag : uint
    {
        End = 0,
        CommandLine = 1,
        LoaderName = 2,
        Module = 3,
        BasicMemory = 4,
        MemoryMap = 6,
        VideoBios = 7,
        Framebuffer = 8,
        Efi32SystemTable = 11,
        Efi64SystemTable = 12,
        OldAcpi = 14,
        NewAcpi = 15,
        EfiMemoryMap = 17,
        EfiBootServices = 18,
        Efi32ImageHandle = 19,
        Efi64ImageHandle = 20,
    }

    internal static BootError Parse<TMemory>(TMemory memory, ulong address, ref BootInformation information)
        where TMemory : struct, IFirmwareMemory
    {
        uint total = new TableBytes(memory.Bytes(address, ListHeader)).U32(0);
        ReadOnlySpan<byte> list = memory.Bytes(address, Math.Min(total, LongestInformation));
        if (total < ListHeader + TagHeader || list.IsEmpty)
        {
            return BootError.NotReadable;
        }

        information.Start = address;
        information.End = address + total;
        uint lower = 0;
        uint upper = 0;
        int at = ListHeader;
        while (at <= list.Length - TagHeader)
        {
            TableBytes rest = new(list.Slice(at));
            uint size = rest.U32(4);
            if (rest.U32(0) == (uint)Tag.End || size < TagHeader || size > unchecked((uint)rest.Length))
            {
                break;
            }

            TableBytes tag = new(rest.All.Slice(0, unchecked((int)size)));
            if (tag.U32(0) == (uint)Tag.BasicMemory)
            {
                lower = tag.U32(8);
                upper = tag.U32(12);
            }

            Add(tag, address + unchecked((ulong)at), ref information);
            at += Math.Min((unchecked((int)size) + 7) & ~7, rest.Length);
        }

        if (information.MemoryMap.Count == 0)
        {
            information.MemoryMap.Add(0, lower * 1024UL, MemoryKind.Usable);
            information.MemoryMap.Add(0x10_0000, upper * 1024UL, MemoryKind.Usable);
        }

        return BootError.None;
    }

    private static void Add(TableBytes tag, ulong address, ref BootInformation information)
    {
        switch ((Tag)tag.U32(0))
        {
            case Tag.CommandLine:
                information.CommandLineAddress = address + 8;
                information.CommandLineLength = BootStrings.Length(tag.All.Slice(8));
                break;

            case Tag.LoaderName:
                information.LoaderNameAddress = address + 8;
                information.LoaderNameLength = BootStrings.Length(tag.All.Slice(8));
                break;

            case Tag.Module when tag.Length >= 16:
                information.Add(new BootModule
                {
                    Start = tag.U32(8),
                    End = tag.U32(12),
                    TextAddress = address + 16,
                    TextLength = BootStrings.Length(tag.All.Slice(16)),
                });
                break;

            case Tag.MemoryMap:
                AddMap(tag, ref information.MemoryMap);
                break;

            case Tag.VideoBios when tag.Length >= 784:
                information.VideoBios.Mode = tag.U16(8);
                information.VideoBios.ControllerInformation = address + 16;
                information.VideoBios.ModeInformation = address + 16 + 512;
                break;

            case Tag.Framebuffer:
                AddFramebuffer(tag, ref information.Framebuffer);
                break;

            case Tag.NewAcpi:
            case Tag.OldAcpi when information.AcpiRootAddress == 0:
                information.AcpiRootAddress = address + 8;
                break;

            case Tag.Efi32SystemTable or Tag.Efi64SystemTable or Tag.EfiMemoryMap or Tag.EfiBootServices
                or Tag.Efi32ImageHandle or Tag.Efi64ImageHandle:
                AddFirmware(tag, address, ref information.Firmware);
                break;
        }
    }

    // Size of an entry, version, then entries: base, length, type, reserved. Later versions may have longer ones.
    private static void AddMap(TableBytes tag, ref MemoryMap to)
    {
        uint entry = tag.U32(8);
        if (entry < 20 || entry > unchecked((uint)tag.Length))
        {
            return;
        }

        for (int at = 16; at <= tag.Length - unchecked((int)entry); at += unchecked((int)entry))
        {
            to.Add(tag.U64(at), tag.U64(at + 8), MemoryMap.KindOf(tag.U32(at + 16)));
        }
    }

    private static void AddFramebuffer(TableBytes tag, ref BootFramebuffer framebuffer)
    {
        framebuffer.Address = tag.U64(8);
        framebuffer.Pitch = tag.U32(16);
        framebuffer.Width = tag.U32(20);
        framebuffer.Height = tag.U32(24);
        framebuffer.BitsPerPixel = tag.U8(28);
        framebuffer.Kind = (FramebufferKind)tag.U8(29);
        if (framebuffer.Kind == FramebufferKind.Rgb)
        {
            framebuffer.Red = new ColorField { Position = tag.U8(32), Bits = tag.U8(33) };
            framebuffer.Green = new ColorField { Position = tag.U8(34), Bits = tag.U8(35) };
            framebuffer.Blue = new ColorField { Position = tag.U8(36), Bits = tag.U8(37) };
        }
    }

    private static void AddFirmware(TableBytes tag, ulong address, ref BootFirmware firmware)
    {
        switch ((Tag)tag.U32(0))
        {
            case Tag.Efi32SystemTable:
                firmware.SystemTable = tag.U32(8);
                break;
            case Tag.Efi64SystemTable:
                firmware.SystemTable = tag.U64(8);
                firmware.Is64Bit = true;
                break;
            case Tag.EfiBootServices:
                firmware.BootServicesActive = true;
                break;
            case Tag.Efi32ImageHandle:
                firmware.ImageHandle = tag.U32(8);
                break;
            case Tag.Efi64ImageHandle:
                firmware.ImageHandle = tag.U64(8);
                break;
            case Tag.EfiMemoryMap when tag.Length > 16:
                firmware.MemoryMapEntryLength = tag.U32(8);
                firmware.MemoryMap = address + 16;
                firmware.MemoryMapLength = unchecked((ulong)(tag.Length - 16));
                break;
        }
    }
}
