// Xen's command line: options between blanks, `name`, `name=value` or `no-name`. There is no quoting: a quotation mark is a character
// like any other, and a blank always ends an option (docs/misc/xen-command-line.pandoc, "Types of parameter").

using System;

namespace Xenith.Hypervisor.Boot;

/// <summary>One option of the command line.</summary>
internal readonly ref struct Option(ReadOnlySpan<byte> text)
{
    private static ReadOnlySpan<byte> Negation => "no-"u8;

    /// <summary>The whole option as it was written.</summary>
    internal ReadOnlySpan<byte> Text { get; } = text;

    /// <summary>What comes before the first '=', with a leading "no-".</summary>
    internal ReadOnlySpan<byte> WrittenName => Text.IndexOf((byte)'=') is var at and >= 0 ? Text.Slice(0, at) : Text;

    /// <summary>The name without a leading "no-".</summary>
    internal ReadOnlySpan<byte> Name => IsNegated ? WrittenName.Slice(Negation.Length) : WrittenName;

    /// <summary>What comes after the first '='; empty if there is none.</summary>
    internal ReadOnlySpan<byte> Value => Text.IndexOf((byte)'=') is var at and >= 0 ? Text.Slice(at + 1) : default;

    internal bool HasValue => Text.IndexOf((byte)'=') >= 0;

    /// <summary>Whether the name begins with "no-".</summary>
    internal bool IsNegated => WrittenName.StartsWith(Negation);

    internal bool Is(ReadOnlySpan<byte> name) => Name.SequenceEqual(name);
}

/// <summary>Walks over the options of a command line.</summary>
internal ref struct OptionEnumerator(ReadOnlySpan<byte> commandLine)
{
    private ReadOnlySpan<byte> _rest = commandLine;

    public Option Current { get; private set; }

    public readonly OptionEnumerator GetEnumerator() => this;

    public bool MoveNext()
    {
        while (!_rest.IsEmpty && _rest[0] == (byte)' ')
        {
            _rest = _rest.Slice(1);
        }

        if (_rest.IsEmpty)
        {
            return false;
        }

        int end = _rest.IndexOf((byte)' ');
        Current = new Option(end < 0 ? _rest : _rest.Slice(0, end));
        _rest = end < 0 ? default : _rest.Slice(end);
        return true;
    }

    /// <summary>Splits a command line at " -- ": what follows belongs to dom0's kernel.</summary>
    internal static void Split(ReadOnlySpan<byte> commandLine, out ReadOnlySpan<byte> own, out ReadOnlySpan<byte> forDom0)
    {
        int at = commandLine.IndexOf(" -- "u8);
        own = at < 0 ? commandLine : commandLine.Slice(0, at);
        forDom0 = at < 0 ? default : commandLine.Slice(at + 4);
    }
}
