using Spectre.Console;

namespace Xenith.Cli.Testing;

/// <summary>A table on the terminal, redrawn a few times a second: a row for each part, and below it what runs just now.</summary>
internal sealed class LiveView(IReadOnlyList<TestPart> parts) : IProgressView
{
    private const int ShownAtOnce = 4;
    private readonly Lock gate = new();
    private readonly Dictionary<string, Row> rows = parts.ToDictionary(part => part.Name, _ => new Row());
    private readonly Dictionary<(string Part, string Test), DateTime> running = [];
    private readonly List<string> shown = [];
    private string said = "";

    private sealed class Row
    {
        public int Passed, Failed, Skipped;
        public DateTime? Begun;
        public TimeSpan? Time;
    }

    /// <summary>Runs the work with the table on the screen, and leaves the finished table there, with what was shown below it.</summary>
    public async Task ShowAsync(Func<Task> work)
    {
        await AnsiConsole.Live(Draw()).AutoClear(false).StartAsync(async display =>
        {
            var task = work();
            while (!task.IsCompleted)
            {
                display.UpdateTarget(Draw());
                await Task.WhenAny(task, Task.Delay(200));
            }
            lock (gate)
            {
                running.Clear();
                said = "";
            }
            display.UpdateTarget(Draw());
            await task;
        });
        foreach (var text in shown)
            AnsiConsole.WriteLine(text);
    }

    public void Say(string message) => Change(() => said = message);

    public void Show(string text) => Change(() => shown.Add(text));

    public void Begin(TestPart part) => Change(() => rows[part.Name].Begun = DateTime.UtcNow);

    public void Started(string part, string test) => Change(() => running[(part, test)] = DateTime.UtcNow);

    public void Finished(TestResult result) => Change(() =>
    {
        running.Remove((result.Part, result.Name));
        said = "";
        var row = rows[result.Part];
        _ = result.Verdict switch { Verdict.Passed => row.Passed++, Verdict.Failed => row.Failed++, _ => row.Skipped++ };
    });

    public void End(TestPart part, TimeSpan time) => Change(() =>
    {
        rows[part.Name].Time = time;
        foreach (var left in running.Keys.Where(key => key.Part == part.Name).ToList())
            running.Remove(left);
    });

    private void Change(Action change)
    {
        lock (gate)
            change();
    }

    private Table Draw()
    {
        lock (gate)
        {
            var table = new Table().Border(TableBorder.Rounded).AddColumns("part", "passed", "failed", "time", "");
            foreach (var part in parts)
            {
                var row = rows[part.Name];
                var time = row.Time ?? (row.Begun is { } begun ? DateTime.UtcNow - begun : (TimeSpan?)null);
                table.AddRow(
                    new Text(part.Name), new Text(row.Begun is null ? "" : $"{row.Passed}", new Style(Color.Green)),
                    new Text(row.Failed == 0 ? "" : $"{row.Failed}", new Style(Color.Red)),
                    new Text(time is { } value ? $"{value.TotalSeconds:f0} s" : ""),
                    new Text(row.Time is null && row.Begun is not null ? Now(part.Name) : row.Failed > 0 ? "failed" : row.Time is not null ? "done" : "", new Style(Color.Grey)));
            }
            return table;
        }
    }

    private string Now(string part)
    {
        var lines = running.Where(entry => entry.Key.Part == part).OrderByDescending(entry => entry.Value).Take(ShownAtOnce)
            .Select(entry => $"{entry.Key.Test} ({(DateTime.UtcNow - entry.Value).TotalSeconds:f0} s)").ToList();
        return lines.Count > 0 ? string.Join('\n', lines) : said;
    }
}
