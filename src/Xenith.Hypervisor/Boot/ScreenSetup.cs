using Xenith.Abi;
using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Boot;

/// <summary>
/// `console=vga`: finds the screen that the boot loader has left, a framebuffer or the text mode that a PC starts in, shows on it what has been printed so far, and gives it to
/// dom0 in the end, unless `vga=keep`.
/// </summary>
internal static class ScreenSetup
{
    /// <summary>Device mappings from here on are the screen's; those before are few and small.</summary>
    private const uint FirstSlot = 0x1_0000;

    // Words in the BIOS data area (IBM PC/AT Technical Reference): columns, and one less than the number of lines.
    private const ulong ColumnsWord = 0x44a, RowsByte = 0x484;
    private const int UsualColumns = 80, UsualRows = 25, MostRows = 60;

    /// <summary>Attaches the screen if there is one and it is wanted.</summary>
    internal static void Attach(ConsoleLog log, EarlyMemory early, in BootInformation information, in HypervisorOptions options)
    {
        if (!options.Console.Vga)
            return;
        if (options.Vga.AsksForMode)
            log.Warning($"vga: no mode is set here; the screen is used as the boot loader left it");
        Screen? screen = FramebufferScreen.IsUsable(in information.Framebuffer) ? OpenFramebuffer(early, in information.Framebuffer)
            : !IsGraphics(in information.Framebuffer) && TextScreen.IsThere() ? OpenText(early)
            : null;
        if (screen is null)
            return;
        screen.Clear();
        log.Attach(screen);
    }

    /// <summary>Leaves the screen to dom0, or keeps it.</summary>
    internal static void Release(ConsoleLog log, in HypervisorOptions options)
    {
        if (log.Screen is null)
            return;
        log.Always($"Xen is {(options.Vga.Keep ? "keeping" : "relinquishing")} VGA console.");
        if (!options.Vga.Keep)
            log.Screen = null;
    }

    /// <summary>What dom0 is told of the screen (public/xen.h, dom0_vga_console_info). False if there is nothing to tell.</summary>
    internal static bool TryDescribe(in BootFramebuffer framebuffer, Screen? screen, bool isEfi, out Dom0VgaConsoleInfo information)
    {
        information = default;
        if (FramebufferScreen.IsUsable(in framebuffer) && framebuffer.Kind == FramebufferKind.Rgb)
        {
            information.VideoType = (byte)(isEfi ? VgaConsoleType.EfiLfb : VgaConsoleType.VesaLfb);
            information.VesaLfbWidth = (ushort)framebuffer.Width;
            information.VesaLfbHeight = (ushort)framebuffer.Height;
            information.VesaLfbBytesPerLine = (ushort)(framebuffer.Pitch & 0xffff);
            information.VesaLfbBitsPerPixel = framebuffer.BitsPerPixel;
            information.VesaLfbLfbBase = (uint)(framebuffer.Address & 0xffff_ffff);
            information.VesaLfbExtLfbBase = (uint)(framebuffer.Address >> 32);
            // The VESA interface counts video memory in units of 64 KiB, EFI in bytes.
            ulong bytes = FramebufferScreen.BytesOf(in framebuffer);
            information.VesaLfbLfbSize = (uint)(isEfi ? bytes : bytes + 0xffff >> 16);
            information.VesaLfbRedPos = framebuffer.Red.Position;
            information.VesaLfbRedSize = framebuffer.Red.Bits;
            information.VesaLfbGreenPos = framebuffer.Green.Position;
            information.VesaLfbGreenSize = framebuffer.Green.Bits;
            information.VesaLfbBluePos = framebuffer.Blue.Position;
            information.VesaLfbBlueSize = framebuffer.Blue.Bits;
            return true;
        }
        if (IsGraphics(in framebuffer) || !TextScreen.IsThere())
            return false;
        ReadTextSize(out int columns, out int rows);
        information.VideoType = (byte)VgaConsoleType.TextMode3;
        information.TextMode3FontHeight = 16;
        information.TextMode3Columns = (ushort)columns;
        information.TextMode3Rows = (ushort)rows;
        // With a screen of ours, dom0 goes on below what stands there; else it takes over an empty one.
        information.TextMode3CursorX = (ushort)(screen is TextScreen text ? text.Column : 0);
        information.TextMode3CursorY = (ushort)(screen is TextScreen used ? used.Row : 0);
        return true;
    }

    private static bool IsGraphics(in BootFramebuffer framebuffer) => framebuffer.IsPresent && framebuffer.Kind != FramebufferKind.Text;

    private static Screen? OpenFramebuffer(EarlyMemory early, in BootFramebuffer framebuffer)
    {
        int columns = FramebufferScreen.ColumnsOf(in framebuffer), rows = FramebufferScreen.RowsOf(in framebuffer);
        return HypervisorAddressSpace.TryMapFramebuffer(early, FirstSlot, framebuffer.Address, PagesOf(framebuffer.Address, FramebufferScreen.BytesOf(in framebuffer)), out MmioRegion memory) && TryTakeCells(early, columns, rows, out Table<byte> cells)
            ? new FramebufferScreen(memory, in framebuffer, cells)
            : null;
    }

    private static Screen? OpenText(EarlyMemory early)
    {
        ReadTextSize(out int columns, out int rows);
        return HypervisorAddressSpace.TryMapDevices(early, FirstSlot, TextScreen.Address, TextScreen.Pages, out MmioRegion memory) && TryTakeCells(early, columns, rows, out Table<byte> cells)
            ? new TextScreen(memory, cells, columns, rows)
            : null;
    }

    private static bool TryTakeCells(EarlyMemory early, int columns, int rows, out Table<byte> cells)
    {
        ulong bytes = Screen.MemoryFor(columns, rows);
        cells = default;
        if (!early.TryTake(bytes, AddressSpace.PageSize, ulong.MaxValue, out ulong address))
            return false;
        cells = Table<byte>.Over(address, bytes);
        return true;
    }

    private static uint PagesOf(ulong address, ulong bytes) => (uint)((address % AddressSpace.PageSize + bytes + AddressSpace.PageSize - 1) / AddressSpace.PageSize);

    // A video BIOS keeps both; what makes no sense is taken for the usual.
    private static void ReadTextSize(out int columns, out int rows)
    {
        System.ReadOnlySpan<byte> columnsWord = BootMemory.Bytes(ColumnsWord, 2), rowsByte = BootMemory.Bytes(RowsByte, 1);
        columns = columnsWord[0] | columnsWord[1] << 8;
        rows = rowsByte[0] + 1;
        if (columns != UsualColumns || rows is < UsualRows or > MostRows)
        {
            columns = UsualColumns;
            rows = UsualRows;
        }
    }
}
