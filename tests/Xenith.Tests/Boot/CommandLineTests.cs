using System.Text;
using CsCheck;
using Xenith.Hypervisor.Boot;
using Xunit;

namespace Xenith.Tests.Boot;

public class CommandLineTests
{
    private const ulong MiB = 1 << 20;

    [Fact]
    public void SplitsAtBlanksAndNowhereElse()
    {
        List<string> found = [];
        foreach (Option option in new OptionEnumerator("  a  no-b=1 \"c d\" e==f "u8))
        {
            found.Add($"{Text(option.Name)}|{option.IsNegated}|{option.HasValue}|{Text(option.Value)}");
        }

        Assert.Equal(["a|False|False|", "b|True|True|1", "\"c|False|False|", "d\"|False|False|", "e|False|True|=f"], found);
    }

    [Theory]
    [InlineData("loglvl=all -- console=hvc0 quiet", "loglvl=all", "console=hvc0 quiet")]
    [InlineData("loglvl=all", "loglvl=all", "")]
    [InlineData("a --b", "a --b", "")]
    public void SplitsOffWhatIsDom0s(string line, string own, string forDom0)
    {
        OptionEnumerator.Split(Encoding.ASCII.GetBytes(line), out ReadOnlySpan<byte> first, out ReadOnlySpan<byte> second);
        Assert.Equal(own, Text(first));
        Assert.Equal(forDom0, Text(second));
    }

    [Fact]
    public void KnowsTheDefaults()
    {
        HypervisorOptions options = Parse("");
        Assert.False(options.NoReboot);
        Assert.Equal((1u, uint.MaxValue), (options.Dom0MinimumVcpus, options.Dom0MaximumVcpus));
        Assert.True(options.Console.Com1 && options.Console.Vga && !options.Console.Com2);
        Assert.Equal((2, 2, 0, 2), (options.LogLevel.Always, options.LogLevel.Limited, options.GuestLogLevel.Always, options.GuestLogLevel.Limited));
        Assert.Equal(0u, options.ConsoleRingSize);
        Assert.Equal(uint.MaxValue, options.MaximumCpus);
        Assert.Equal(SchedulerOption.Credit, options.Scheduler);
        Assert.Equal(ProtectionOption.On, options.Smap);
        Assert.Equal(WatchdogOption.Off, options.Watchdog);
        Assert.Equal(5u, options.WatchdogTimeout);
        Assert.Equal(IommuOption.NotGiven, options.Iommu);
        Assert.False(options.Com1.IsSet);
        Assert.Equal((115200u, 0x3f8u, 4u), (options.Com1.Baud, options.Com1.IoBase, options.Com1.Irq));
    }

    [Theory]
    [InlineData("noreboot", true)]
    [InlineData("noreboot=yes", true)]
    [InlineData("noreboot=on", true)]
    [InlineData("noreboot=true", true)]
    [InlineData("noreboot=enable", true)]
    [InlineData("noreboot=1", true)]
    [InlineData("noreboot=no", false)]
    [InlineData("noreboot=off", false)]
    [InlineData("noreboot=false", false)]
    [InlineData("noreboot=disable", false)]
    [InlineData("noreboot=0", false)]
    [InlineData("noreboot no-noreboot", false)]
    [InlineData("no-noreboot=off", true)]
    [InlineData("noreboot noreboot=maybe", true)]
    public void ReadsBooleans(string line, bool expected)
    {
        Assert.Equal(expected, Parse(line).NoReboot);
    }

    [Theory]
    [InlineData("16", 16UL << 10)]
    [InlineData("0x10", 16UL << 10)]
    [InlineData("020", 16UL << 10)]
    [InlineData("16B", 16UL)]
    [InlineData("16k", 16UL << 10)]
    [InlineData("16M", 16UL << 20)]
    [InlineData("16g", 16UL << 30)]
    [InlineData("1T", 1UL << 40)]
    [InlineData("16MB", null)]
    [InlineData("", null)]
    [InlineData("-1", null)]
    [InlineData("99999999999999999999", null)]
    [InlineData("99999999T", null)]
    public void ReadsSizes(string text, ulong? expected)
    {
        Assert.Equal(expected is not null, OptionValues.TrySize(Encoding.ASCII.GetBytes(text), out ulong bytes));
        Assert.Equal(expected ?? bytes, bytes);
    }

    // Free memory: 1000 MiB.
    [Theory]
    [InlineData("", 1000 - 62.5, null)]
    [InlineData("dom0_mem=512M", 512, null)]
    [InlineData("dom0_mem=524288", 512, null)]
    [InlineData("dom0_mem=512M,max:768M", 512, 768)]
    [InlineData("dom0_mem=max:300M", 300, 300)]
    [InlineData("dom0_mem=min:600M,512M", 600, null)]
    [InlineData("dom0_mem=min:600M,512M,max:550M", 550, 550)]
    [InlineData("dom0_mem=50%", 500, null)]
    [InlineData("dom0_mem=100M+10%", 200, null)]
    [InlineData("dom0_mem=-128M", 872, null)]
    [InlineData("dom0_mem=-10%", 900, null)]
    [InlineData("dom0_mem=2G", 1000, null)]
    [InlineData("dom0_mem=512M dom0_mem=bad", 512, null)]
    [InlineData("dom0_mem=512M dom0_mem=min:700M", 700, null)]
    public void ReadsDom0Memory(string line, double pages, int? maximum)
    {
        const ulong Free = 1000 * MiB / 4096;
        Dom0MemoryOption memory = Parse(line).Dom0Memory;
        Assert.Equal((ulong)(pages * 256), memory.InitialPages(Free));
        Assert.Equal(maximum is int most ? (ulong)most * 256 : ulong.MaxValue, memory.MaximumPages(Free));
    }

    [Theory]
    [InlineData("dom0_mem=")]
    [InlineData("dom0_mem")]
    [InlineData("dom0_mem=512X")]
    [InlineData("dom0_mem=100%")]
    [InlineData("dom0_mem=10%+100M")]
    [InlineData("dom0_mem=10%+10%")]
    [InlineData("dom0_mem=1M+1M")]
    [InlineData("dom0_mem=512M,,")]
    [InlineData("no-dom0_mem")]
    [InlineData("dom0_max_vcpus=x")]
    [InlineData("dom0_max_vcpus=-")]
    [InlineData("dom0_max_vcpus=4-2")]
    [InlineData("dom0_max_vcpus=0")]
    [InlineData("console=tape")]
    [InlineData("console=")]
    [InlineData("com1=fast")]
    [InlineData("com1=115200,9n1")]
    [InlineData("com1=115200,8x1")]
    [InlineData("com1=115200,8n1,0x3f8,4,junk")]
    [InlineData("loglvl=loud")]
    [InlineData("sched=fair")]
    [InlineData("smap=sometimes")]
    [InlineData("no-smap=1")]
    [InlineData("conring_size=big")]
    [InlineData("clocksource=sun")]
    [InlineData("maxcpus=-1")]
    [InlineData("watchdog=dog")]
    [InlineData("nmi=never")]
    [InlineData("iommu=maybe")]
    [InlineData("hpet=broadcast=sometimes")]
    [InlineData("vga=gfx-1024x768")]
    [InlineData("vga=text-80x26")]
    [InlineData("vga=")]
    [InlineData("conswitch=abc")]
    [InlineData("console_timestamps=now")]
    [InlineData("reboot=z")]
    [InlineData("mem=lots")]
    [InlineData("no-mem")]
    [InlineData("badpage=1-")]
    [InlineData("badpage=5-4")]
    [InlineData("badpage=")]
    [InlineData("numa=fake=x")]
    [InlineData("spec-ctrl=yes")]
    [InlineData("spec-ctrl=telepathy")]
    [InlineData("xpti=dom1")]
    [InlineData("sched_ratelimit_us=-1")]
    [InlineData("acpi=perhaps")]
    [InlineData("ucode=scan=what")]
    [InlineData("edd=1x")]
    [InlineData("dma_bits=x")]
    public void ShowsBadValues(string line)
    {
        CommandLineParser parser = new(Encoding.ASCII.GetBytes("first " + line));
        Assert.True(parser.MoveNext());
        Assert.Equal(OptionProblem.Unknown, parser.Problem);
        Assert.Equal("first", Text(parser.Option.Text));
        Assert.True(parser.MoveNext());
        Assert.Equal(OptionProblem.BadValue, parser.Problem);
        Assert.Equal(line, Text(parser.Option.Text));
        Assert.False(parser.MoveNext());
    }

    [Fact]
    public void TellsWhatHasNoEffect()
    {
        CommandLineParser parser = new("placeholder no-real-mode edd=off ivrs_hpet[0]=00:14.0 acpi=verbose ucode=-1,no-scan telepathy ivrs_hpets"u8);
        List<OptionProblem> problems = [];
        while (parser.MoveNext())
        {
            problems.Add(parser.Problem);
        }

        Assert.Equal([.. Enumerable.Repeat(OptionProblem.WithoutEffect, 6), OptionProblem.Unknown, OptionProblem.Unknown], problems);
    }

    [Fact]
    public void ReadsTheOtherOptions()
    {
        HypervisorOptions options = Parse(
            "dom0_max_vcpus=2-4 console=com1,com2H com1=38400/115200,7e2,0x2f8,3 loglvl=info guest_loglvl=warning/all sched=rtds smap=hvm no-smep"
            + " conring_size=64k clocksource=acpi maxcpus=3 watchdog=force watchdog_timeout=30 iommu=verbose,no");
        Assert.Equal((2u, 4u), (options.Dom0MinimumVcpus, options.Dom0MaximumVcpus));
        Assert.True(!options.Console.Vga && options.Console.Com1 && options.Console.Com2);
        Assert.True(options.Com1.IsSet);
        Assert.Equal((38400u, 1_843_200u), (options.Com1.Baud, options.Com1.ClockHertz));
        Assert.Equal((7, SerialParity.Even, 2), (options.Com1.DataBits, options.Com1.Parity, options.Com1.StopBits));
        Assert.Equal((0x2f8u, 3u), (options.Com1.IoBase, options.Com1.Irq));
        Assert.Equal((3, 3), (options.LogLevel.Always, options.LogLevel.Limited));
        Assert.Equal((2, 4), (options.GuestLogLevel.Always, options.GuestLogLevel.Limited));
        Assert.Equal(SchedulerOption.Rtds, options.Scheduler);
        Assert.Equal(ProtectionOption.GuestsOnly, options.Smap);
        Assert.Equal(ProtectionOption.Off, options.Smep);
        Assert.Equal(65536u, options.ConsoleRingSize);
        Assert.Equal(ClockSourceOption.Acpi, options.ClockSource);
        Assert.Equal(3u, options.MaximumCpus);
        Assert.Equal(WatchdogOption.Forced, options.Watchdog);
        Assert.Equal(30u, options.WatchdogTimeout);
        Assert.Equal(IommuOption.Off, options.Iommu);
    }

    [Fact]
    public void ReadsOptionsOfTheConsole()
    {
        HypervisorOptions options = Parse(
            "console=com1L,vga com2=9600,8e1,0x3e8 vga=gfx-1024x768x32,keep console_timestamps=datems console_to_ring sync_console conswitch=bx reboot=k,w");
        Assert.Equal((SerialHalf.Low, 9600u, 0x3e8u, 3u), (options.Console.Com1Half, options.Com2.Baud, options.Com2.IoBase, options.Com2.Irq));
        Assert.True(options.Vga.Keep && options.Vga.AsksForMode && options.GuestsToRing && options.SyncConsole && options.KeepInput && options.WarmReboot);
        Assert.Equal((TimestampOption.DateMilliseconds, (byte)'b', RebootOption.Keyboard), (options.Timestamps, options.SwitchCharacter, options.Reboot));
        Assert.Equal(TimestampOption.Date, Parse("console_timestamps").Timestamps);
        Assert.Equal(TimestampOption.None, Parse("console_timestamps no-console_timestamps").Timestamps);
        Assert.Equal(0, Parse("conswitch=.").SwitchCharacter);
        Assert.True(Parse("reboot=no").NoReboot);
    }

    [Fact]
    public void ReadsOptionsOfMemory()
    {
        HypervisorOptions options = Parse("mem=1G availmem=512M badpage=0x10,0x20-0x2f badpage=7 bootscrub=no scrub-domheap numa=fake=4 gnttab_max_frames=16");
        Assert.Equal((1UL << 30, 512UL << 20, 3), (options.MemoryLimit, options.AvailableLimit, options.BadPageCount));
        Assert.Equal((0x20UL, 0x2fUL, 7UL), (options.BadPages[1].First, options.BadPages[1].Last, options.BadPages[2].Last));
        Assert.Equal((BootScrubOption.Off, true, 4u, 16u), (options.BootScrub, options.ScrubDomains, options.FakeNodes, options.GrantFrames));
        Assert.False(Parse("numa=off").Numa);
    }

    [Fact]
    public void ReadsOptionsOfProcessorsAndScheduling()
    {
        HypervisorOptions options = Parse(
            "no-x2apic x2apic-mode=cluster tdt=0 no-smt hpet=0 nmi=fatal noirqbalance msi=off mmcfg=no,amd-fam10 sched=credit2 sched-gran=core dom0_vcpus_pin "
            + "sched_credit_tslice_ms=5 sched_ratelimit_us=0 vcpu_migration_delay=1000 credit2_runqueue=all");
        Assert.Equal((SwitchOption.Off, SwitchOption.On, SwitchOption.NotGiven), (Parse("no-global-pages").GlobalPages, Parse("global-pages").GlobalPages, options.GlobalPages));
        Assert.False(options.X2Apic || options.TscDeadline || options.Hpet || options.Msi || options.Mmcfg);
        Assert.True(options.NoIrqBalance && options.PinDom0);
        Assert.Equal((SwitchOption.Off, SwitchOption.Off, NmiOption.Fatal), (options.X2ApicPhysical, options.Smt, options.Nmi));
        Assert.Equal((SchedulerOption.Credit2, GranularityOption.Core, RunQueueOption.All), (options.Scheduler, options.Granularity, options.Credit2RunQueue));
        Assert.Equal((5u, 0u, 1000u), (options.CreditTimeSlice, options.RateLimit, options.MigrationDelay));
    }

    [Fact]
    public void ReadsMitigations()
    {
        HypervisorOptions options = Parse("xpti=dom0=off,domu spec-ctrl=rsb=no-pv,verw,no-ibpb,bti-thunk=jmp pcid=no-xpti tsx=0");
        Assert.Equal((SwitchOption.Off, SwitchOption.On), (options.Xpti.Dom0, options.Xpti.DomU));
        Assert.Equal((SwitchOption.Off, SwitchOption.NotGiven), (options.Speculation.Rsb.Pv, options.Speculation.Rsb.Hvm));
        Assert.Equal((SwitchOption.On, SwitchOption.On, SwitchOption.Off), (options.Speculation.Verw.Pv, options.Speculation.Verw.Hvm, options.Speculation.Ibpb));
        Assert.Equal((PcidOption.NotIsolated, SwitchOption.Off), (options.Pcid, options.Tsx));

        HypervisorOptions off = Parse("xpti=dom0 spec-ctrl=no");
        Assert.True(off.Speculation.AllOff);
        Assert.Equal((SwitchOption.On, SwitchOption.Off, SwitchOption.Off), (off.Xpti.Dom0, off.Xpti.DomU, off.PvL1tf.Dom0));
        Assert.True(Parse("spec-ctrl=no-xen").Speculation.XenOff);
    }

    [Fact]
    public void ReadsOtherFormsOfTheSame()
    {
        Assert.Equal((3u, 3u), (Parse("dom0_max_vcpus=3").Dom0MinimumVcpus, Parse("dom0_max_vcpus=3").Dom0MaximumVcpus));
        Assert.Equal((1u, 3u), (Parse("dom0_max_vcpus=-3").Dom0MinimumVcpus, Parse("dom0_max_vcpus=-3").Dom0MaximumVcpus));
        Assert.Equal((3u, uint.MaxValue), (Parse("dom0_max_vcpus=3-").Dom0MinimumVcpus, Parse("dom0_max_vcpus=3-").Dom0MaximumVcpus));
        Assert.Equal(1u, Parse("nosmp").MaximumCpus);
        Assert.Equal(uint.MaxValue, Parse("maxcpus=0").MaximumCpus);
        Assert.Equal(IommuOption.On, Parse("iommu=verbose").Iommu);
        Assert.Equal(IommuOption.Forced, Parse("iommu=force").Iommu);
        Assert.Equal(WatchdogOption.On, Parse("watchdog").Watchdog);
        Assert.Equal(0u, Parse("com1=auto").Com1.Baud);
        Assert.Equal(SerialParity.Odd, Parse("com1=baud=9600,parity=o,stop-bits=1,io-base=0x3e8").Com1.Parity);
        Assert.True(Parse("com1=115200,8n1,pci").Com1.IsPci);
        Assert.False(Parse("console=none").Console.Com1);
    }

    [Fact]
    public void SurvivesAnyText()
    {
        Gen<string> word = Gen.OneOf(
            "dom0_mem=", "com1=", "loglvl=", "console=", "no-", "min:", "max:", ",", "/", "+", "-", "%", "=", " ", "1", "0x", "99999999999999999999",
            "M", "T", "dom0_max_vcpus=", "conring_size=", "maxcpus=", "iommu=", "115200", "8n1", "all", "\0", "ÿ", "spec-ctrl=", "rsb=", "pv", "xpti=", "vga=", "gfx-",
            "text-80x", "mode-", "keep", "badpage=", "mem=", "conswitch=", "reboot=", "console_timestamps=", "numa=", "fake=", "hpet=", "broadcast", "ucode=", "scan",
            "ivrs_hpet[", "cet=", "acpi=", "nmi=", "x", "com2=", "reg-shift=");
        word.Array[0, 30].Sample(
            words =>
            {
                byte[] line = Encoding.Latin1.GetBytes(string.Concat(words));
                CommandLineParser parser = new(line);
                int stops = 0;
                while (parser.MoveNext())
                {
                    stops++;
                }

                Assert.InRange(stops, 0, line.Length);
                Dom0MemoryOption memory = parser.Options.Dom0Memory;
                Assert.InRange(memory.InitialPages(1000), 0u, 1000u);
            },
            iter: 20000);
    }

    private static HypervisorOptions Parse(string line)
    {
        CommandLineParser parser = new(Encoding.ASCII.GetBytes(line));
        while (parser.MoveNext())
        {
        }

        return parser.Options;
    }

    private static string Text(ReadOnlySpan<byte> text) => Encoding.ASCII.GetString(text);
}
