using Xenith.Cli.Userland;

namespace Xenith.Cli.Testing.Scenarios;

/// <summary>
/// Hundreds of short processes, files and pipes with one right answer: a parallel build whose every object file has the checksum that the
/// same compiler, from the same root file system, makes of it on the computer that runs the tests.
/// </summary>
internal sealed class Compiler : Scenario
{
    private const int Files = 200;

    public override string Name => "compiler";

    public override string Point => "'make -j4' of 200 C files in dom0 with four vCPUs on two CPUs gives the object files, to the byte, that the same compiler makes outside";

    public override IEnumerable<TestCase> Cases(Scale scale) => scale == Scale.Full ? [Case()] : [];

    private static TestCase Case() => new("make -j4", async bench =>
    {
        var commands = $"files={Files}\n{Dom0Userland.Resource("compile.sh")}";
        var outside = await OutsideAsync(await bench.Workshop.RootFileSystemAsync(bench.Cancel), commands, bench.Cancel);
        var boot = await RootSession.BootAsync(bench, commands, cpus: 2, vcpus: 4);
        TestBench.CheckOrderly(boot);
        TestBench.Check(boot.Lines.Count == Files + 4, $"{boot.Lines.Count} lines came out, not {Files + 4}");
        var expected = outside.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var different = boot.Lines.Zip(expected).FirstOrDefault(pair => pair.First != pair.Second);
        TestBench.Check(different == default, $"dom0 printed '{different.First}', the same commands outside '{different.Second}'");
        bench.Note($"gcc {boot.Lines[0]}, {boot.End.CpuSeconds:f0} CPU s");
    });

    /// <summary>Runs commands in the root file system without a machine around it: the image is mounted in a mount namespace of its own.</summary>
    private static Task<string> OutsideAsync(string image, string commands, CancellationToken cancel) => HostCommand.CheckAsync("unshare",
    [
        "--mount", "sh", "-ec",
        """
        mount -o ro,loop "$0" /mnt
        mount -t tmpfs tmpfs /mnt/tmp
        mount -t proc proc /mnt/proc
        mount --bind /dev /mnt/dev
        exec chroot /mnt sh -c "$1"
        """,
        image, commands,
    ], cancel: cancel);
}
