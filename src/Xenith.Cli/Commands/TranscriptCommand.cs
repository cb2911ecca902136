using System.CommandLine;
using Xenith.Cli.Emulation;
using Xenith.Cli.Testing;

namespace Xenith.Cli.Commands;

/// <summary>'xenith transcript': records what the hostile PV kernel says on real Xen, for the tests to compare with.</summary>
internal static class TranscriptCommand
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(600);

    public static Command Create()
    {
        var command = new Command("transcript", "Record again what the hostile PV kernel (guests/hostile) says on Debian's Xen");
        command.SetAction((_, cancel) => RunAsync(cancel));
        return command;
    }

    private static async Task<int> RunAsync(CancellationToken cancel)
    {
        var workshop = await Workshop.OpenAsync(Say, cancel);
        var real = await workshop.HypervisorAsync(RunOptions.Debian, cancel);
        var guest = await HostileTranscript.BuildAsync(workshop.Repository, cancel);
        async Task<MachineEnd> WatchAsync(string options) => await new Machine(HostileTranscript.Machine(real, guest, options), await workshop.UserlandAsync(cancel))
            .RunAsync(new Session.Watch(Stream.Null), Limit, cancel);

        Say("all attacks");
        var end = await WatchAsync("");
        if (HostileTranscript.AttacksIn(end.Log) is not { } attacks)
        {
            Say($"the guest did not come to its end: {end.Cause} {end.Detail}");
            return ExitStatus.Failure;
        }
        List<string> lines = [.. attacks];
        foreach (var name in HostileTranscript.Crashes)
        {
            Say(name);
            lines.Add(HostileTranscript.CrashIn(name, (await WatchAsync($"crash={name}")).Log));
        }
        await File.WriteAllLinesAsync(HostileTranscript.RecordedFile(workshop.Repository), lines, cancel);
        return ExitStatus.Success;
    }

    private static void Say(string message) => Console.Error.WriteLine($"xenith: {message}");
}
