// Serial input on a hypervisor booted in the process: who gets what is typed, and what the keys print.

using Xenith.Abi;
using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Domains;
using Xenith.Tests.Hosted;
using Xunit;

namespace Xenith.Tests.Console;

public sealed class DebugKeyTests
{
    private const string Switch = "\u0001\u0001\u0001";
    private const ulong Buffer = 5;

    [Fact]
    public void What_is_typed_is_dom0s_until_Ctrl_A_three_times()
    {
        using var hypervisor = new HostedHypervisor();
        Assert.Contains("*** Serial input to DOM0 (type 'CTRL-a' three times to switch input)", hypervisor.Log);
        Assert.Equal("ls\r", Typed(hypervisor, "ls\r"));
        // Fewer than three are dom0's own.
        Assert.Equal("\u0001x\u0001\u0001y", Typed(hypervisor, "\u0001x\u0001\u0001y"));
        Assert.Equal("", Typed(hypervisor, Switch + "h"));
        Assert.Contains("*** Serial input to Xen (type 'CTRL-a' three times to switch input)", hypervisor.Log);
        Assert.Contains("(XEN) 'h' pressed -> showing installed handlers\n", hypervisor.Log);
        Assert.Contains("(XEN)  key 'd' (ascii '64') => dump registers", hypervisor.Log);
        Assert.Equal("z", Typed(hypervisor, Switch + "z"));
        Assert.EndsWith("(XEN) *** Serial input to DOM0 (type 'CTRL-a' three times to switch input)\n", hypervisor.Log);
    }

    [Fact]
    public void Conswitch_chooses_another_letter_none_at_all_or_keeps_the_input()
    {
        using (var other = new HostedHypervisor("conswitch=bx"))
        {
            Assert.Contains("*** Serial input to Xen (type 'CTRL-b' three times to switch input)", other.Log);
            Assert.Equal("", Typed(other, Switch));
            Assert.Equal("q", Typed(other, "\u0002\u0002\u0002q"));
        }
        using var none = new HostedHypervisor("conswitch=.");
        Assert.Contains("*** Serial input to DOM0\n", none.Log);
        Assert.Equal(Switch + "h", Typed(none, Switch + "h"));
    }

    [Fact]
    public void Every_key_that_is_listed_prints_something_of_its_own_and_no_other_does()
    {
        using var hypervisor = new HostedHypervisor();
        for (int key = 0; key < 256; key++)
        {
            if ((char)key is 'R' or 'N')
                continue;
            int before = hypervisor.Log.Length;
            bool known = DebugKeys.Press(hypervisor.Host, (byte)key);
            Assert.Equal(DebugKeys.Describe((byte)key) is not null, known);
            Assert.Equal(known, hypervisor.Log.Length > before);
        }
    }

    [Theory]
    [InlineData('q', "General information for domain 0:", "VCPU0: [has=T]")]
    [InlineData('d', "*** Dumping CPU0 guest state (d0v0): ***", "d0: 1 vCPUs")]
    [InlineData('0', "*** Dumping Dom0 vcpu#0 state: ***", "RIP:    e033:")]
    [InlineData('m', "Physical memory information:", "Dom heap: ")]
    [InlineData('m', " 0 of descriptors, ", " shared, 0 loaned")]
    [InlineData('n', "CPU\tNMI\n(XEN)   0\t  0\n", "d0v0: NMI neither pending nor masked")]
    [InlineData('s', "marked as", "No domains have emulated TSC")]
    [InlineData('i', "IRQ information:", "IO-APIC interrupt information:")]
    [InlineData('t', "System time ", "Dumping timer queues:")]
    [InlineData('a', "CPU00:", "timer=vcpu_")]
    [InlineData('r', "Online Cpus: 0", "Scheduler: SMP Credit Scheduler (credit)")]
    [InlineData('e', "Event channel information for domain 0:", "port [p/m/s]")]
    [InlineData('g', "grant-table for remote d0 (v1)", "gnttab_usage_print_all ] done")]
    [InlineData('*', "[q: dump domain", "[z: dump IOAPIC info]")]
    public void Keys_print_what_they_are_for(char key, string first, string second)
    {
        using var hypervisor = new HostedHypervisor();
        Typed(hypervisor, Switch + key);
        Assert.Contains(first, hypervisor.Log);
        Assert.Contains(second, hypervisor.Log);
    }

    [Fact]
    public void Each_CPU_tells_what_it_does_in_the_hypervisor_and_in_its_guest()
    {
        using var hypervisor = new HostedHypervisor(cpus: 3);
        Typed(hypervisor, Switch + "d");
        // CPU 0 serves the key, the others were woken up from their sleep for it.
        Assert.Contains("(XEN) *** Dumping CPU0 host state: ***\n(XEN) CPU0 serves this key\n(XEN) \n(XEN) *** Dumping CPU0 guest state (d0v0): ***\n", hypervisor.Log, StringComparison.Ordinal);
        for (int cpu = 1; cpu < 3; cpu++)
            Assert.Matches($@"\(XEN\) \*\*\* Dumping CPU{cpu} host state: \*\*\*\n\(XEN\) ----\[ Xenith  x86_64 \]----\n\(XEN\) CPU:    {cpu}\n(.*\n)+\(XEN\) CPU{cpu} is idle\n", hypervisor.Log);
    }

    [Fact]
    public void Registers_of_a_vCPU_that_another_CPU_holds_are_printed_by_that_CPU()
    {
        using var hypervisor = new HostedHypervisor(cpus: 2);
        Vcpu second = hypervisor.Host.Domains.Find(0)!.FindVcpu(1)!;
        second.IsInitialised = true;
        second.Registers.Rip = 0x1111_0001;
        DebugKeys.Press(hypervisor.Host, (byte)'0');
        Assert.Contains("[<0000000011110001>]", hypervisor.Log, StringComparison.Ordinal);
        // Now a CPU has it loaded, and what is saved is of the past.
        second.Scheduling.LoadedOn = 1;
        hypervisor.Host.Pcpus.Find(1)!.Loaded = second;
        hypervisor.Machine.Cpus[1].Frame.Rip = 0x2222_0002;
        DebugKeys.Press(hypervisor.Host, (byte)'0');
        Assert.Contains("[<0000000022220002>]", hypervisor.Log, StringComparison.Ordinal);
        Assert.Single(System.Text.RegularExpressions.Regex.Matches(hypervisor.Log, "0000000011110001"));
    }

    [Fact]
    public void Frames_are_counted_by_what_they_are()
    {
        using var hypervisor = new HostedHypervisor();
        Xenith.Machine.Mfn lent = hypervisor.FrameOf(0x30);
        ulong[] before = Pages(hypervisor);
        hypervisor.Host.Memory.Types.SetLoaned(lent, true);
        ulong[] after = Pages(hypervisor);
        Assert.Equal([before[0] - 1, before[1], before[2], before[3], 1UL], after);
        Assert.True(before[1] > 3 && before[3] >= 1, "dom0 has page tables and its shared_info");
        Assert.True(before.Aggregate((sum, count) => sum + count) + hypervisor.Host.Memory.Allocator.FreeFrames <= hypervisor.Host.Memory.Frames.Count);
        Assert.True(before[0] > hypervisor.Host.Domains.Find(0)!.Pages.TotalPages / 2, "most of dom0's pages are nothing special");

        static ulong[] Pages(HostedHypervisor hypervisor)
        {
            DebugKeys.Press(hypervisor.Host, (byte)'m');
            string line = hypervisor.Log.Split('\n').Last(text => text.Contains("Pages: ", StringComparison.Ordinal));
            return [.. System.Text.RegularExpressions.Regex.Matches(line, "[0-9]+").Select(match => ulong.Parse(match.Value))];
        }
    }

    [Fact]
    public void An_NMI_that_a_key_sends_is_counted_and_told_to_dom0()
    {
        using var hypervisor = new HostedHypervisor();
        Typed(hypervisor, Switch + "N");
        hypervisor.Cpu.Step();
        hypervisor.Call(HypercallNumber.XenVersion);
        DebugKeys.Press(hypervisor.Host, (byte)'n');
        Assert.Contains("(XEN) Triggering NMI on APIC ID 0\n", hypervisor.Log, StringComparison.Ordinal);
        Assert.Contains("(XEN) CPU\tNMI\n(XEN)   0\t  1\n(XEN) d0v0: NMI pending\n", hypervisor.Log, StringComparison.Ordinal);
    }

    [Fact]
    public void Plus_and_minus_change_the_log_level_and_G_whose()
    {
        using var hypervisor = new HostedHypervisor("loglvl=warning guest_loglvl=none/warning");
        Assert.Contains("(XEN) Std. Loglevel: Errors and warnings\n(XEN) Guest Loglevel: Nothing (Rate-limited: Errors and warnings)\n", hypervisor.Log);
        Typed(hypervisor, Switch + "++-G+");
        Assert.Contains("'+' pressed -> standard log level: Errors, warnings and info (rate limited Errors, warnings and info)\n", hypervisor.Log);
        Assert.Contains("'-' pressed -> standard log level: Errors, warnings and info (rate limited All)\n", hypervisor.Log);
        Assert.Contains("'G' pressed -> guest log level adjustments enabled\n", hypervisor.Log);
        Assert.Contains("'+' pressed -> guest log level: Errors (rate limited Errors and warnings)\n", hypervisor.Log);
    }

    [Fact]
    public void The_ring_is_printed_once_more_and_not_what_that_prints()
    {
        using var hypervisor = new HostedHypervisor();
        string before = hypervisor.Log;
        DebugKeys.Press(hypervisor.Host, (byte)'w');
        Assert.Equal(before + "(XEN) 'w' pressed -> dumping console ring buffer (dmesg)\n" + before + "(XEN) 'w' pressed -> dumping console ring buffer (dmesg)\n", hypervisor.Log);
    }

    [Theory]
    [InlineData("", 16)]
    [InlineData("conring_size=64k", 64)]
    [InlineData("conring_size=100k", 64)]
    [InlineData("conring_size=1", 16)]
    public void The_ring_has_the_size_that_was_asked_for(string option, uint expected)
    {
        using var hypervisor = new HostedHypervisor("loglvl=all " + option);
        Assert.Contains($"(XEN) Allocated console ring of {expected} KiB.\n", hypervisor.Log);
        Assert.Equal(expected << 10, hypervisor.Host.Log.Ring.Size);
        uint index = 0;
        var buffer = new byte[100_000];
        int count = hypervisor.Host.Log.ReadRing(buffer, false, ref index, false);
        Assert.Equal(hypervisor.Log, System.Text.Encoding.ASCII.GetString(buffer, 0, count));
    }

    [Fact]
    public void Com2_is_a_console_too_and_com1_is_then_dom0s()
    {
        using var hypervisor = new HostedHypervisor("console=com2");
        Assert.Equal("", hypervisor.Log);
        Assert.Contains("*** Serial input to DOM0", hypervisor.Machine.Com2.Text);
        hypervisor.Machine.Com2.Type(Switch + "h");
        hypervisor.Machine.Advance(1_000_000);
        hypervisor.Call(HypercallNumber.XenVersion);
        Assert.Contains("'h' pressed", hypervisor.Machine.Com2.Text);
        Assert.True(hypervisor.Host.Domains.Find(0)!.Pv.Ports.IsAllowed(0x3f8, 8));
        Assert.False(hypervisor.Host.Domains.Find(0)!.Pv.Ports.IsAllowed(0x2f8, 1));
    }

    [Fact]
    public void A_port_without_an_interrupt_is_polled()
    {
        using var hypervisor = new HostedHypervisor("com1=115200,8n1,0x3f8,0");
        hypervisor.Machine.Com1.Type("x");
        for (int i = 0; i < 10; i++)
            hypervisor.Machine.Advance(20_000_000);
        Assert.Equal("x", Read(hypervisor));
    }

    // dom0's kernel sets up every line that its firmware's tables mention; the console's is among them.
    [Fact]
    public void Dom0_cannot_take_the_consoles_interrupt_away()
    {
        using var hypervisor = new HostedHypervisor();
        ulong buffer = HostedHypervisor.AddressOf(Buffer);
        hypervisor.Write(buffer, new PhysdevSetupGsi { Gsi = 4, Triggering = 0, Polarity = 0 });
        Assert.Equal(-17, hypervisor.Call(HypercallNumber.PhysdevOp, (ulong)PhysdevOp.SetupGsi, buffer));
        Assert.Equal("still here", Typed(hypervisor, "still here"));
    }

    private static string Typed(HostedHypervisor hypervisor, string text)
    {
        hypervisor.Machine.Com1.Type(text);
        hypervisor.Machine.Advance(1_000_000);
        return Read(hypervisor);
    }

    private static string Read(HostedHypervisor hypervisor)
    {
        // Input is served on the way out of the first call.
        hypervisor.Call(HypercallNumber.XenVersion);
        ulong buffer = HostedHypervisor.AddressOf(Buffer);
        long count = hypervisor.Call(HypercallNumber.ConsoleIo, (ulong)ConsoleIoOp.Read, 100, buffer);
        return new string([.. Enumerable.Range(0, (int)count).Select(i => (char)hypervisor.Read<byte>(buffer + (ulong)i))]);
    }
}
