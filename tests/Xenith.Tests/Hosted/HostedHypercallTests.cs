// Hypercalls of dom0 from end to end, through the table, guest memory and page tables, with translation caches that hide no missing flush.

using System.Text;
using Xenith.Abi;
using Xenith.Machine;
using Xenith.Machine.Simulation;
using Xunit;

namespace Xenith.Tests.Hosted;

public sealed class HostedHypercallTests
{
    /// <summary>Some pages of dom0 that its kernel does not need: its own image's.</summary>
    private const ulong Scratch = TestKernel.VirtualStart + 0x1000;

    [Fact]
    public void Numbers_outside_the_table_answer_ENOSYS()
    {
        using var hypervisor = new HostedHypervisor();
        foreach (uint number in (uint[])[11, 43, 47, 56, 1000, uint.MaxValue])
            Assert.Equal(-(long)Errno.ENOSYS, hypervisor.Call((HypercallNumber)number));
    }

    [Fact]
    public void The_version_is_that_of_Xen_4_17()
    {
        using var hypervisor = new HostedHypervisor();
        Assert.Equal(0x0004_0011, hypervisor.Call(HypercallNumber.XenVersion, (ulong)XenVersionOp.Version));
        Assert.Equal(-(long)Errno.EFAULT, hypervisor.Call(HypercallNumber.XenVersion, (ulong)XenVersionOp.ExtraVersion, AddressSpace.DirectMap));
    }

    [Fact]
    public void The_console_prints_what_dom0_writes()
    {
        using var hypervisor = new HostedHypervisor();
        byte[] text = Encoding.ASCII.GetBytes("hello from dom0\n");
        for (int i = 0; i < text.Length; i++)
            hypervisor.Write(Scratch + (ulong)i, text[i]);
        Assert.Equal(0, hypervisor.Call(HypercallNumber.ConsoleIo, (ulong)ConsoleIoOp.Write, (ulong)text.Length, Scratch));
        Assert.EndsWith("hello from dom0\n", hypervisor.Log);
    }

    [Fact]
    public void A_page_table_can_never_be_mapped_writable()
    {
        using var hypervisor = new HostedHypervisor();
        ulong table = Entry(hypervisor, hypervisor.Info.PtBase, 1).Frame.Value;
        long result = hypervisor.Call(HypercallNumber.UpdateVaMapping, Scratch, table << 12 | 7, (ulong)UpdateVaMappingFlags.Invlpg);
        Assert.Equal(-(long)Errno.EBUSY, result);
        Assert.Equal(0, hypervisor.Call(HypercallNumber.UpdateVaMapping, Scratch, table << 12 | 5, (ulong)UpdateVaMappingFlags.Invlpg));
        Assert.False(hypervisor.Cpu.TryWriteAsUser(Scratch, 0UL));
    }

    [Fact]
    public void A_mapping_changes_and_the_flush_that_was_asked_for_happens()
    {
        using var hypervisor = new HostedHypervisor();
        PageTableEntry before = Entry(hypervisor, Scratch, 1);
        PageTableEntry other = Entry(hypervisor, Scratch + 0x1000, 1);
        hypervisor.Write(Scratch, 1UL);
        hypervisor.Write(Scratch + 0x1000, 2UL);
        Assert.Equal(0, hypervisor.Call(HypercallNumber.UpdateVaMapping, Scratch, other.Bits, (ulong)UpdateVaMappingFlags.Invlpg));
        Assert.Equal(2UL, hypervisor.Read<ulong>(Scratch));
        Assert.Equal(0, hypervisor.Call(HypercallNumber.UpdateVaMapping, Scratch, before.Bits, (ulong)UpdateVaMappingFlags.TlbFlush));
        Assert.Equal(1UL, hypervisor.Read<ulong>(Scratch));
    }

    [Fact]
    public void A_page_that_becomes_a_page_table_is_out_of_every_writers_reach()
    {
        using var hypervisor = new HostedHypervisor();
        PageTableEntry page = Entry(hypervisor, Scratch, 1);
        for (ulong i = 0; i < 512; i++)
            hypervisor.Write(Scratch + i * 8, 0UL);
        Assert.Equal(-(long)Errno.EINVAL, Pin(hypervisor, page.Frame, MmuExtCommand.PinL1Table));

        // Read-only, and on purpose without a flush: the writable translation is still in the cache.
        Assert.Equal(0, hypervisor.Call(HypercallNumber.UpdateVaMapping, Scratch, page.Without(PageFlags.Writable).Bits));
        Assert.True(hypervisor.Cpu.Tlb.Reaches(page.Frame, forWriting: true));
        Assert.Equal(0, Pin(hypervisor, page.Frame, MmuExtCommand.PinL1Table));
        Assert.False(hypervisor.Cpu.Tlb.Reaches(page.Frame, forWriting: true));
        Assert.False(hypervisor.Cpu.TryWriteAsUser(Scratch, ~0UL));
        Assert.Equal(0, Pin(hypervisor, page.Frame, MmuExtCommand.UnpinTable));
    }

    [Fact]
    public void A_multicall_puts_a_result_beside_each_call()
    {
        using var hypervisor = new HostedHypervisor();
        var entries = new MulticallEntry[3];
        entries[0].Op = (ulong)HypercallNumber.XenVersion;
        entries[1].Op = 43;
        entries[2].Op = (ulong)HypercallNumber.XenVersion;
        for (ulong i = 0; i < 3; i++)
            hypervisor.Write(Scratch + i * 64, entries[i]);
        Assert.Equal(0, hypervisor.Call(HypercallNumber.Multicall, Scratch, 3));
        Assert.Equal([0x0004_0011, -(long)Errno.ENOSYS, 0x0004_0011],
            Enumerable.Range(0, 3).Select(i => (long)hypervisor.Read<MulticallEntry>(Scratch + (ulong)i * 64).Result));
    }

    [Fact]
    public void A_one_shot_timer_ends_in_an_event()
    {
        using var hypervisor = new HostedHypervisor();
        ulong shared = MapSharedInfo(hypervisor);
        hypervisor.Write(Scratch, new EventChannelBindVirq { Virq = (uint)Virq.Timer });
        Assert.Equal(0, hypervisor.Call(HypercallNumber.EventChannelOp, (ulong)EventChannelOp.BindVirq, Scratch));
        uint port = hypervisor.Read<EventChannelBindVirq>(Scratch).Port;
        ulong due = hypervisor.Host.Time.Now + 5_000_000;
        Assert.Equal(0, hypervisor.Call(HypercallNumber.SetTimerOp, due));
        Assert.Equal(0UL, Pending(hypervisor, shared, port));
        for (int i = 0; i < 50 && Pending(hypervisor, shared, port) == 0; i++)
            hypervisor.Cpu.InterruptGuest();
        Assert.Equal(1UL, Pending(hypervisor, shared, port));
        Assert.InRange(hypervisor.Host.Time.Now, due, due + 1_000_000);
        Assert.Equal(1, hypervisor.Read<byte>(shared));
    }

    private static ulong Pending(HostedHypervisor hypervisor, ulong shared, uint port) =>
        hypervisor.Read<ulong>(shared + 2048 + port / 64 * 8) >> (int)(port & 63) & 1;

    private static ulong MapSharedInfo(HostedHypervisor hypervisor)
    {
        const ulong at = Scratch + 0x2000;
        Assert.Equal(0, hypervisor.Call(HypercallNumber.UpdateVaMapping, at, hypervisor.Info.SharedInfo | 7, (ulong)UpdateVaMappingFlags.Invlpg));
        return at;
    }

    private static long Pin(HostedHypervisor hypervisor, Mfn frame, MmuExtCommand command)
    {
        hypervisor.Write(Scratch + 0x1000, new MmuExtOp { Cmd = (uint)command, Mfn = frame.Value });
        return hypervisor.Call(HypercallNumber.MmuExtOp, Scratch + 0x1000, 1, 0, DomainIds.Self);
    }

    /// <summary>The entry of a level that maps an address in dom0's page tables.</summary>
    private static PageTableEntry Entry(HostedHypervisor hypervisor, ulong address, int level)
    {
        Mfn table = new PageTableEntry(hypervisor.Cpu.Cr3).Frame;
        for (int at = 4; at > level; at--)
            table = PageTableView.At(table)[AddressSpace.TableIndex(address, at)].Frame;
        return PageTableView.At(table)[AddressSpace.TableIndex(address, level)];
    }
}
