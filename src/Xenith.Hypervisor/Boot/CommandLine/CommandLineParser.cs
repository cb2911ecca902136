// Reads the command line into options. Nothing in it can stop the boot: what is not known or makes no sense is shown to the caller, who
// has a log, and the option keeps its value. The parser stops at each such place and goes on when asked:
//
//     CommandLineParser parser = new(text);
//     while (parser.MoveNext())
//         log.Warning(...parser.Problem, parser.Option...);
//     options = parser.Options;

using System;

namespace Xenith.Hypervisor.Boot;

internal enum OptionProblem
{
    None,

    /// <summary>No option of Xen has this name.</summary>
    Unknown,

    /// <summary>Real Xen has the option; here it has no effect.</summary>
    WithoutEffect,

    /// <summary>The value makes no sense for the option.</summary>
    BadValue,
}

/// <summary>Reads a command line; see the head of the file.</summary>
internal ref struct CommandLineParser(ReadOnlySpan<byte> commandLine)
{
    private OptionEnumerator _rest = new(commandLine);
    private HypervisorOptions _options = HypervisorOptions.Default;

    /// <summary>What has been read so far; complete when <see cref="MoveNext"/> has answered false.</summary>
    internal readonly HypervisorOptions Options => _options;

    /// <summary>What is wrong with <see cref="Option"/>.</summary>
    internal OptionProblem Problem { get; private set; }

    /// <summary>The option at which the parser stopped.</summary>
    internal readonly Option Option => _rest.Current;

    /// <summary>Goes on to the next option with a problem; false at the end of the command line.</summary>
    internal bool MoveNext()
    {
        while (_rest.MoveNext())
        {
            Problem = Apply(_rest.Current);
            if (Problem != OptionProblem.None)
                return true;
        }
        Problem = OptionProblem.None;
        return false;
    }

    private OptionProblem Apply(Option option)
    {
        if (!OptionTable.TryFind(option, out OptionRow row))
            return OptionProblem.Unknown;
        if (!_options.TryApply(option, out bool valid))
            valid = OptionShape.Accepts(row.Values, option);
        return !valid ? OptionProblem.BadValue : row.HasEffect ? OptionProblem.None : OptionProblem.WithoutEffect;
    }
}
