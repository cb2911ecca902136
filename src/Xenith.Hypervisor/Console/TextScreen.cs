using Xenith.Machine;

namespace Xenith.Hypervisor.Console;

/// <summary>
/// The text mode that a PC starts in (IBM VGA): a byte of character and one of colour for each cell, at 0xb8000. Two cells are written at once, since devices are
/// written in units of 32 bits.
/// </summary>
internal sealed class TextScreen : Screen
{
    /// <summary>Where the memory of the text mode lies.</summary>
    internal const ulong Address = 0xb8000;

    /// <summary>Pages that 80 columns of 60 lines take.</summary>
    internal const uint Pages = 3;

    private const ushort GraphicsIndex = 0x3ce, GraphicsData = 0x3cf, CrtcIndex = 0x3d4, CrtcData = 0x3d5;
    private const byte Miscellaneous = 6, CursorHigh = 0x0e, CursorLow = 0x0f;
    private const uint LightGrey = 0x0700_0700;

    private readonly MmioRegion _memory;

    internal TextScreen(MmioRegion memory, Table<byte> cells, int columns, int rows)
        : base(cells, columns, rows) => _memory = memory;

    /// <summary>
    /// True if there is a VGA, in a text mode, with its memory where we look for it: its graphics register 6 says so. Where no device answers, reads give all ones.
    /// </summary>
    internal static bool IsThere()
    {
        Port.Out8(GraphicsIndex, Miscellaneous);
        byte mode = Port.In8(GraphicsData);
        return mode != 0xff && (mode & 0x01) == 0 && (mode & 0x0c) == 0x0c;
    }

    /// <inheritdoc/>
    protected override void Draw(int column, int row, byte character)
    {
        int left = column & ~1;
        uint first = column == left ? character : At(left, row);
        uint second = column != left ? character : left + 1 < Columns ? At(left + 1, row) : (byte)' ';
        _memory.Write32((uint)((row * Columns + left) * 2), LightGrey | first | second << 16);
    }

    /// <inheritdoc/>
    protected override void MoveCursor()
    {
        int at = Row * Columns + Column;
        Port.Out8(CrtcIndex, CursorHigh);
        Port.Out8(CrtcData, (byte)(at >> 8 & 0xff));
        Port.Out8(CrtcIndex, CursorLow);
        Port.Out8(CrtcData, (byte)(at & 0xff));
    }
}
