// multicall: entries are made in order, with results written back, and the list can stop between and inside entries.

using Xenith.Abi;
using Xenith.Hypervisor.Hypercalls;
using Xenith.Machine;
using Xunit;

namespace Xenith.Tests.Hypercalls;

public sealed class MulticallTests
{
    private const ulong List = GuestScene.Memory + 0x1000;
    private const ulong Untouched = 0x7777;

    [Fact]
    public void Each_entry_gets_its_own_result()
    {
        using var guest = new GuestScene();
        Put(guest, 0, HypercallNumber.XenVersion);
        Put(guest, 1, (HypercallNumber)11);
        Put(guest, 2, HypercallNumber.XenVersion, (ulong)XenVersionOp.PageSize);
        Assert.Equal(0, guest.Call(HypercallNumber.Multicall, List, 3));
        Assert.Equal([0x40011, -38, 4096], Results(guest, 3));
    }

    [Fact]
    public void A_list_of_none_does_nothing_but_its_address_must_be_the_guests()
    {
        using var guest = new GuestScene();
        Put(guest, 0, HypercallNumber.XenVersion);
        Assert.Equal(0, guest.Call(HypercallNumber.Multicall, List, 0));
        Assert.Equal([(long)Untouched], Results(guest, 1));
        Assert.Equal(-14, guest.Call(HypercallNumber.Multicall, GuestScene.Forbidden, 0));
        Assert.Equal(-14, guest.Call(HypercallNumber.Multicall, GuestScene.Unmapped, 1));
    }

    [Fact]
    public void Only_the_low_half_of_the_count_counts()
    {
        using var guest = new GuestScene();
        Put(guest, 0, HypercallNumber.XenVersion);
        Assert.Equal(0, guest.Call(HypercallNumber.Multicall, List, 1UL << 32 | 1));
        Assert.Equal([0x40011L], Results(guest, 1));
    }

    [Fact]
    public void A_multicall_inside_is_refused_and_the_rest_goes_on()
    {
        using var guest = new GuestScene();
        Put(guest, 0, HypercallNumber.Multicall, List + 0x800, 1);
        Put(guest, 1, HypercallNumber.XenVersion);
        Assert.Equal(0, guest.Call(HypercallNumber.Multicall, List, 2));
        Assert.Equal([-22, 0x40011], Results(guest, 2));
    }

    [Fact]
    public void The_number_of_an_entry_has_64_bits()
    {
        using var guest = new GuestScene();
        Put(guest, 0, (HypercallNumber)0);
        guest.Write(List, 1UL << 32 | 17);
        Assert.Equal(0, guest.Call(HypercallNumber.Multicall, List, 1));
        Assert.Equal([-38L], Results(guest, 1));
    }

    [Fact]
    public void A_result_that_cannot_be_written_ends_the_list()
    {
        using var guest = new GuestScene();
        ulong page = guest.ReadOnlyPage();
        Assert.Equal(-14, guest.Call(HypercallNumber.Multicall, page, 2));
        Assert.False(guest.Vcpu.Multicall.IsActive);
    }

    [Fact]
    public void It_stops_between_entries_when_the_CPU_is_wanted_and_names_what_is_left()
    {
        using var guest = new GuestScene();
        for (int i = 0; i < 3; i++)
            Put(guest, i, HypercallNumber.XenVersion);
        PerCpu.Frame.Rip = 0x1002;
        PerCpu.RaiseWork(PendingWork.Schedule);
        Assert.Equal(13, guest.Call(HypercallNumber.Multicall, List, 3));
        Assert.Equal([0x40011, (long)Untouched, (long)Untouched], Results(guest, 3));
        Assert.Equal((0x1000UL, List + 64, 2UL), (PerCpu.Frame.Rip, PerCpu.Frame.Rdi, PerCpu.Frame.Rsi));
        Assert.Equal(0, guest.Call(HypercallNumber.Multicall, PerCpu.Frame.Rdi, PerCpu.Frame.Rsi));
        Assert.Equal([0x40011L, 0x40011L, 0x40011L], Results(guest, 3));
    }

    [Fact]
    public void An_entry_that_stops_half_way_is_changed_in_the_list()
    {
        using var guest = new GuestScene(privileged: true);
        guest.WriteText(GuestScene.Memory, new string('a', 600));
        Put(guest, 0, HypercallNumber.XenVersion);
        Put(guest, 1, HypercallNumber.ConsoleIo, (ulong)ConsoleIoOp.Write, 600, GuestScene.Memory);
        // An event makes long calls stop; between entries too, so the first one is made alone.
        guest.Vcpu.Info.Store8(1, 0);
        guest.Vcpu.Info.Store8(0, 1);
        Assert.Equal(13, guest.Call(HypercallNumber.Multicall, List, 2));
        Assert.Equal(List + 64, PerCpu.Frame.Rdi);
        Assert.Equal(13, guest.Call(HypercallNumber.Multicall, PerCpu.Frame.Rdi, PerCpu.Frame.Rsi));
        var entry = guest.Read<MulticallEntry>(List + 64);
        Assert.Equal((600UL - 256, GuestScene.Memory + 256), (entry.Args[1], entry.Args[2]));
        Assert.Equal((List + 64, 1UL), (PerCpu.Frame.Rdi, PerCpu.Frame.Rsi));

        guest.Vcpu.Info.Store8(0, 0);
        Assert.Equal(0, guest.Call(HypercallNumber.Multicall, PerCpu.Frame.Rdi, PerCpu.Frame.Rsi));
        Assert.Equal(0, Results(guest, 2)[1]);
        Assert.Equal(600, guest.Printed.Count(c => c == 'a'));
    }

    private static void Put(GuestScene guest, int index, HypercallNumber number, ulong a1 = 0, ulong a2 = 0, ulong a3 = 0)
    {
        MulticallEntry entry = default;
        entry.Op = (ulong)number;
        entry.Result = Untouched;
        (entry.Args[0], entry.Args[1], entry.Args[2]) = (a1, a2, a3);
        guest.Write(List + (ulong)index * 64, entry);
    }

    private static long[] Results(GuestScene guest, int count)
    {
        var results = new long[count];
        for (int i = 0; i < count; i++)
            results[i] = guest.Read<long>(List + (ulong)i * 64 + 8);
        return results;
    }
}
