// Whether a value has the shape that the option table asks for. Options whose value is taken apart by code of their own have the shape `text` there.

using System;

namespace Xenith.Hypervisor.Boot;

/// <summary>The check of a value against a line of <see cref="OptionTable"/>.</summary>
internal static class OptionShape
{
    private static ReadOnlySpan<byte> List => "list "u8;

    /// <summary>True if the value of the option is one that the words allow.</summary>
    internal static bool Accepts(ReadOnlySpan<byte> words, Option option)
    {
        if (words.SequenceEqual("text"u8))
            return true;
        if (words.SequenceEqual("bool"u8))
            return OptionValues.TryBoolean(option, out _);
        if (!OptionValues.TryText(option, out ReadOnlySpan<byte> value))
            return false;
        if (words.StartsWith(List))
            return AcceptsList(words.Slice(List.Length), value);
        return HasWord(words, "bool"u8) && value.IsEmpty || AcceptsOne(words, value, false);
    }

    /// <summary>True if an item of a list is one of the booleans that the words name.</summary>
    internal static bool IsBooleanOf(ReadOnlySpan<byte> words, ReadOnlySpan<byte> item) => AcceptsOne(words, item, true);

    private static bool AcceptsList(ReadOnlySpan<byte> words, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
            return HasWord(words, "bool"u8);
        while (OptionValues.TryTakeItem(ref value, (byte)',', out ReadOnlySpan<byte> item))
        {
            if (!AcceptsOne(words, item, true))
                return false;
        }
        return true;
    }

    private static bool AcceptsOne(ReadOnlySpan<byte> words, ReadOnlySpan<byte> item, bool booleans)
    {
        while (OptionValues.TryTakeItem(ref words, (byte)' ', out ReadOnlySpan<byte> word))
        {
            bool accepted = word.SequenceEqual("bool"u8) ? OptionValues.TryBoolean(item, out _)
                : word.SequenceEqual("int"u8) ? IsInteger(item)
                : word.SequenceEqual("size"u8) ? OptionValues.TrySize(item, out _)
                : word[^1] == (byte)'=' || word[^1] == (byte)':' ? item.StartsWith(word)
                : booleans ? OptionValues.TryBooleanItem(item, word, out _)
                : item.SequenceEqual(word);
            if (accepted)
                return true;
        }
        return false;
    }

    private static bool IsInteger(ReadOnlySpan<byte> text)
    {
        if (!text.IsEmpty && text[0] == (byte)'-')
            text = text.Slice(1);
        return OptionValues.TryTakeInteger(ref text, out _) && text.IsEmpty;
    }

    private static bool HasWord(ReadOnlySpan<byte> words, ReadOnlySpan<byte> sought)
    {
        while (OptionValues.TryTakeItem(ref words, (byte)' ', out ReadOnlySpan<byte> word))
        {
            if (word.SequenceEqual(sought))
                return true;
        }
        return false;
    }
}
