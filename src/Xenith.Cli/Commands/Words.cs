using System.Text;

namespace Xenith.Cli.Commands;

/// <summary>Splits an option's value into words as a shell does: at blanks, with quotes and backslashes.</summary>
internal static class Words
{
    /// <returns>Null if a quote is not closed.</returns>
    public static IReadOnlyList<string>? Split(string text)
    {
        List<string> words = [];
        var word = new StringBuilder();
        var inside = false;
        char? quote = null;
        for (var at = 0; at < text.Length; at++)
        {
            var letter = text[at];
            if (letter == '\\' && quote != '\'' && at + 1 < text.Length)
                word.Append(text[++at]);
            else if (letter == quote)
                quote = null;
            else if (quote is null && letter is '\'' or '"')
                quote = letter;
            else if (quote is null && char.IsWhiteSpace(letter))
            {
                if (inside)
                    words.Add(word.ToString());
                word.Clear();
                inside = false;
                continue;
            }
            else
                word.Append(letter);
            inside = true;
        }
        if (inside)
            words.Add(word.ToString());
        return quote is null ? words : null;
    }
}
