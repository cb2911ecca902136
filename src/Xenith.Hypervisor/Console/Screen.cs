using System;
using Xenith.Machine;

namespace Xenith.Hypervisor.Console;

/// <summary>
/// A screen of character cells that shows the log. Lines scroll up; what a terminal would take for a control sequence is left out. Video memory is only written, and
/// only where a cell changes: reading it, or writing all of it for each new line, would take longer than sending the line at 115,200 baud.
/// </summary>
public abstract class Screen
{
    private const byte Blank = (byte)' ', Escape = 0x1b;
    private const int TabStop = 8;

    // What the screen is to show, then what it does show.
    private readonly Table<byte> _cells;
    private int _escape;

    /// <summary>A screen of a size, over memory for two bytes for each cell. It shows nothing yet, whatever is in video memory.</summary>
    protected Screen(Table<byte> cells, int columns, int rows)
    {
        _cells = cells;
        Columns = columns;
        Rows = rows;
    }

    /// <summary>Size in characters.</summary>
    public int Columns { get; }
    public int Rows { get; }

    /// <summary>Place of the next character.</summary>
    public int Column { get; private set; }
    public int Row { get; private set; }

    /// <summary>Bytes of memory that a screen needs for its cells.</summary>
    public static ulong MemoryFor(int columns, int rows) => 2 * (ulong)columns * (ulong)rows;

    /// <summary>Blanks the screen.</summary>
    internal void Clear()
    {
        for (ulong i = 0; i < _cells.Count; i++)
            _cells[i] = Blank;
        for (int row = 0; row < Rows; row++)
        {
            for (int column = 0; column < Columns; column++)
                Draw(column, row, Blank);
        }
        Column = 0;
        Row = 0;
    }

    /// <summary>Shows a byte: printable ASCII, newline, carriage return, tab, backspace.</summary>
    public void Put(byte value)
    {
        if (IsInSequence(value))
            return;
        switch (value)
        {
            case (byte)'\n':
                NextLine();
                break;
            case (byte)'\r':
                Column = 0;
                break;
            case (byte)'\b':
                Column = Math.Max(Column - 1, 0);
                break;
            case (byte)'\t':
                Column = Math.Min((Column / TabStop + 1) * TabStop, Columns - 1);
                break;
            case >= 0x20 and < 0x7f:
                Show(value);
                break;
        }
    }

    /// <summary>The character that a cell shows, for tests.</summary>
    internal byte At(int column, int row) => _cells[Index(column, row)];

    /// <summary>Puts a character into a cell of video memory.</summary>
    protected abstract void Draw(int column, int row, byte character);

    /// <summary>Called when the cursor has come to a new line.</summary>
    protected virtual void MoveCursor()
    {
    }

    private void Show(byte character)
    {
        if (Column == Columns)
            NextLine();
        ulong at = Index(Column, Row);
        _cells[at] = character;
        Refresh(at, Column, Row);
        Column++;
    }

    private void NextLine()
    {
        Column = 0;
        if (Row + 1 < Rows)
            Row++;
        else
            Scroll();
        MoveCursor();
    }

    private void Scroll()
    {
        for (int row = 0; row < Rows; row++)
        {
            for (int column = 0; column < Columns; column++)
            {
                ulong at = Index(column, row);
                _cells[at] = row + 1 < Rows ? _cells[Index(column, row + 1)] : Blank;
                Refresh(at, column, row);
            }
        }
    }

    private void Refresh(ulong at, int column, int row)
    {
        ulong shown = at + _cells.Count / 2;
        if (_cells[shown] == _cells[at])
            return;
        _cells[shown] = _cells[at];
        Draw(column, row, _cells[at]);
    }

    private ulong Index(int column, int row) => (ulong)row * (ulong)Columns + (ulong)column;

    /// <summary>ESC [ parameters letter, and ESC with one character (ECMA-48, 5.3 and 5.4).</summary>
    private bool IsInSequence(byte value)
    {
        if (value == Escape)
        {
            _escape = 1;
            return true;
        }
        if (_escape == 0)
            return false;
        bool goesOn = _escape == 1 ? value == (byte)'[' : value is >= 0x20 and < 0x40;
        _escape = goesOn ? 2 : 0;
        return true;
    }
}
