using System.Diagnostics;
using System.Text;

namespace Xenith.Cli;

/// <summary>
/// Runs one program of the host to its end and collects what it printed. Output is read until the program itself ends, not
/// until the pipe closes: build servers that a program leaves behind keep its pipe open for minutes.
/// </summary>
internal static class HostCommand
{
    /// <summary>How long a pipe may stay open after its program ended before what it still holds is given up.</summary>
    private static readonly TimeSpan Straggling = TimeSpan.FromMilliseconds(500);

    public sealed record Result(int Status, string Output)
    {
        /// <summary>The last lines of the output, for a message.</summary>
        public string Tail(int lines = 12) =>
            string.Join('\n', Output.TrimEnd().Split('\n').TakeLast(lines));
    }

    /// <param name="onLine">Called for every line of either stream as it arrives.</param>
    /// <param name="stop">Asks a program that reads its input to come to its end: its input ends. Without one, it ends at once.</param>
    public static async Task<Result> RunAsync(
        string program, IEnumerable<string> arguments, string? directory = null,
        IReadOnlyDictionary<string, string>? environment = null, Action<string>? onLine = null, CancellationToken cancel = default, CancellationToken? stop = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = directory ?? "",
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;

        using var process = Start(start);
        var input = process.StandardInput;
        if (stop is null)
            input.Close();
        using var stopping = stop?.Register(input.Close);
        var text = new StringBuilder();
        void Take(object _, DataReceivedEventArgs line)
        {
            if (line.Data is null)
                return;
            lock (text)
                text.Append(line.Data).Append('\n');
            onLine?.Invoke(line.Data);
        }
        process.OutputDataReceived += Take;
        process.ErrorDataReceived += Take;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await EndAsync(process, cancel);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        lock (text)
            return new Result(process.ExitCode, text.ToString());
    }

    /// <summary>As <see cref="RunAsync"/>, but a status other than 0 is a failure that shows the program's last words.</summary>
    public static async Task<string> CheckAsync(string program, IEnumerable<string> arguments, string? directory = null, CancellationToken cancel = default)
    {
        var result = await RunAsync(program, arguments, directory, cancel: cancel);
        return result.Status == 0
            ? result.Output
            : throw ToolException.Failure($"{program} {string.Join(' ', arguments)}: status {result.Status}\n{result.Tail()}");
    }

    public static bool Exists(string program) => Locate(program) is not null;

    /// <summary>The full path of a program on PATH or in the system directories that a plain user's PATH leaves out.</summary>
    public static string? Locate(string program) =>
        $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin".Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(directory => Path.Combine(directory, program)).FirstOrDefault(File.Exists);

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new InvalidOperationException("no process");
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            throw ToolException.Failure($"cannot start {start.FileName}: {error.Message}");
        }
    }

    private static async Task EndAsync(Process process, CancellationToken cancel)
    {
        // WaitForExitAsync also waits for the end of the pipes; HasExited does not.
        var whole = process.WaitForExitAsync(cancel);
        while (!process.HasExited)
            await Task.WhenAny(whole, Task.Delay(50, cancel));
        cancel.ThrowIfCancellationRequested();
        await Task.WhenAny(whole, Task.Delay(Straggling, cancel));
    }
}
