// The fuzzer itself: sequences are the same for the same seed, survive being written down, and the invariants see what is wrong. And a few hundred sequences, which every run of the tests makes;
// `./test fuzz` makes more.

using Xenith.Fuzzing.Calls;
using Xenith.Fuzzing.Runs;
using Xenith.Fuzzing.Worlds;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;
using Xunit;

namespace Xenith.Tests.Fuzzing;

public sealed class FuzzTests
{
    [Theory]
    [InlineData(1UL)]
    [InlineData(77UL)]
    public void The_same_seed_ends_in_the_same_state(ulong seed)
    {
        Assert.Equal(Play(SequenceRun.Generate(seed)), Play(SequenceRun.Generate(seed)));
        Assert.NotEqual(Play(SequenceRun.Generate(seed)), Play(SequenceRun.Generate(seed + 1)));
    }

    [Fact]
    public void A_sequence_survives_being_written_down()
    {
        for (ulong seed = 0; seed < 300; seed++)
        {
            FuzzStep[] steps = SequenceRun.Generate(seed);
            string[] lines = [.. steps.Select(step => StepText.Write(in step))];
            FuzzStep[] read = StepText.ReadAll(lines);
            Assert.Equal(lines, read.Select(step => StepText.Write(in step)));
            if (seed < 5)
                Assert.Equal(Play(steps), Play(read));
        }
    }

    [Fact]
    public void What_is_no_step_is_refused_by_name()
    {
        var error = Assert.Throws<FormatException>(() => StepText.Read("v1 cpu0 call 0x1a page5 args q1:2"));
        Assert.Contains("'q1:2'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_reference_too_many_or_too_few_is_seen()
    {
        using var world = new FuzzWorld();
        Assert.Null(world.Audit.FindMistake());
        Mfn frame = world.DomainOf(1)!.Pages.First;
        world.Host.Memory.Frames[frame].Count++;
        Assert.Contains("references, not", world.Audit.FindMistake(), StringComparison.Ordinal);
        world.Host.Memory.Frames[frame].Count--;
        Assert.Null(world.Audit.FindMistake());
        Assert.True(world.Host.Memory.Allocator.TryAllocate(0, Hypervisor.Memory.AllocationFlags.None, out _));
        Assert.Contains("the hypervisor has", world.Audit.FindMistake(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_image_counts_references_as_the_fuzzer_does()
    {
        for (ulong seed = 1; seed <= 60; seed++)
        {
            using var world = new FuzzWorld();
            foreach (FuzzStep step in SequenceRun.Generate(seed))
            {
                if (world.Apply(in step) == StepOutcome.HostEnded)
                    break;
            }
            Assert.True(ReferenceAudit.Run(world.Host) == 0, $"seed {seed}: {world.Machine.Com1.Text}");
            Assert.Null(world.Audit.FindMistake());
            Mfn frame = world.DomainOf(0)?.Pages.First ?? Mfn.Invalid;
            if (frame.IsInvalid)
                continue;
            world.Host.Memory.Frames[frame].Count++;
            Assert.Equal(1u, ReferenceAudit.Run(world.Host));
            world.Host.Memory.Frames[frame].Count--;
            world.Host.Memory.Frames[frame].Type++;
            Assert.NotEqual(0u, ReferenceAudit.Run(world.Host));
        }
    }

    [Fact]
    public void A_page_table_that_is_written_past_the_checks_is_seen()
    {
        using var world = new FuzzWorld();
        Mfn root = world.DomainOf(1)!.FindVcpu(0)!.Pv.KernelRoot;
        // Slot 1 of the root: a table that maps itself writable.
        PageTableView.At(root).Write(1, new PageTableEntry(root, PageFlags.Present | PageFlags.Writable | PageFlags.User));
        Assert.Contains("maps itself writable", world.Audit.FindMistake(), StringComparison.Ordinal);
    }

    [Fact]
    public void Some_sequences_run_clean()
    {
        var statistics = new Statistics();
        for (ulong seed = 1; seed <= 400; seed++)
        {
            FuzzFailure? failure = SequenceRun.Run(SequenceRun.Generate(seed), seed % 2 == 0, Care.Usual, statistics);
            Assert.True(failure is null, $"seed {seed}, step {failure?.Step}: {failure?.What}");
        }
        // A fuzzer whose calls are all refused tests nothing.
        Assert.True(statistics.Idle * 10 < statistics.Steps, $"{statistics.Idle} of {statistics.Steps} steps were idle");
        foreach (int call in (int[])[1, 12, 13, 14, 20, 24, 26, 29, 32])
            Assert.True(statistics.Results.GetValueOrDefault((call, 0)) > 10, $"call {call} succeeded {statistics.Results.GetValueOrDefault((call, 0))} times");
    }

    private static ulong Play(FuzzStep[] steps)
    {
        using var world = new FuzzWorld();
        foreach (FuzzStep step in steps)
        {
            if (world.Apply(in step) == StepOutcome.HostEnded)
                break;
        }
        return world.Fingerprint();
    }
}
