using System.Runtime;
using System.Threading;
using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Interrupts;
using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Time;
using Xenith.Machine;

namespace Xenith.Hypervisor.Boot;

/// <summary>
/// Starts the CPUs that the firmware describes, one at a time: INIT, then up to two start-up interrupts (SDM vol. 3, 9.4.4.1), then a limited wait for the CPU to say that it is there. What a CPU
/// needs (block, objects) is made while booting, so one that was stopped can be started again later.
/// </summary>
/// <remarks>
/// A CPU that did not answer in time is reset once more, so that it cannot wake up late in the middle of something else.
/// </remarks>
public sealed class SecondaryStart
{
    private const ulong Millisecond = 1_000_000, UsualWait = 50 * Millisecond, LooksPerSecond = 100_000, LooksPerSecondLater = 1000;
    private const ulong InitWait = 10 * Millisecond, StartUpWait = Millisecond / 5, SecondStartUpAfter = 10 * Millisecond, AnswerWait = 5000 * Millisecond;

    /// <summary>CPUs whose APIC id does not fit into the xAPIC's eight bits, or is its broadcast, cannot be reached.</summary>
    private const uint FirstWideId = 255;

    private readonly Mfn[] _descriptors = new Mfn[SecondaryCpus.Most];
    private CpuSetup.Common _common;
    private Mfn _page = Mfn.Invalid;
    private readonly TscCheck _tsc = new();
    private uint _count = 1;
    private uint _most = 1;
    private int _arrived;

    /// <summary>What compares the CPUs' clocks.</summary>
    internal TscCheck Tsc => _tsc;

    /// <summary>CPUs that have a block and an object, whether or not they answer.</summary>
    public uint Count => _count;

    /// <summary>
    /// Decides which CPUs there will be, and takes memory for them: a page below 1 MiB for the first instructions, and a block for each. <paramref name="most"/> is what the command line allows.
    /// </summary>
    internal static SecondaryStart Prepare(ConsoleLog log, EarlyMemory early, EarlyMemory low, PlatformInformation platform, uint bootApicId, bool isX2Apic, uint most)
    {
        SecondaryStart start = new();
        MoveToFront(platform, bootApicId);
        log.Info($"SMP: Allowing {platform.CpuCount + platform.CpusToCome} CPUs ({platform.CpusToCome} hotplug CPUs)");
        if (platform.CpusLost != 0)
            log.Always($"WARNING: NR_CPUS limit of {SecondaryCpus.Most} reached - ignoring {platform.CpusLost} further processors");
        // Those beyond the limit are not started, but can be later. With one CPU there is nothing to prepare.
        uint wanted = most <= 1 ? 1 : platform.CpuCount;
        start._most = most;
        if (wanted <= 1)
            return start;
        if (!low.TryTake(AddressSpace.PageSize, AddressSpace.PageSize, 0xa_0000, out ulong page))
        {
            log.Always($"No free page below 1 MiB: only the first CPU is used");
            return start;
        }
        start._page = Mfn.FromAddress(page);
        for (uint cpu = 1; cpu < wanted; cpu++)
        {
            if (platform.Cpus[cpu].ApicId >= FirstWideId && !isX2Apic)
            {
                log.Always($"CPU with APIC id {platform.Cpus[cpu].ApicId} is not used: that id needs x2APIC mode");
                continue;
            }
            if (!HypervisorAddressSpace.TryMapCpuBlock(early, start._count, out start._descriptors[start._count]))
            {
                log.Always($"Too little memory for CPU {cpu} and those after it");
                break;
            }
            platform.Cpus[start._count] = platform.Cpus[cpu];
            start._count++;
        }
        return start;
    }

    /// <summary>
    /// Starts CPUs as far as the command line allows, and says how many there are. <paramref name="watchdogSeconds"/> after which one that does not get on is reported, 0 for never.
    /// </summary>
    internal void StartAll(Host host, uint watchdogSeconds)
    {
        _common = CpuSetup.Capture();
        if (!_page.IsInvalid)
            host.Memory.Devices.Deny(_page, 1);
        for (uint cpu = 1; cpu < _count; cpu++)
        {
            Pcpu made = new(host, cpu) { ApicId = host.Platform.Cpus[cpu].ApicId, AcpiId = host.Platform.Cpus[cpu].AcpiId };
            SecondaryCpus.Prepare(cpu, made, _descriptors[cpu]);
            if (!host.Speculation.TryPrepareCpu(host.Memory.Allocator, cpu, SecondaryCpus.BlockOf(cpu)))
            {
                host.Log.Always($"Too little memory for the page tables of CPU {cpu} and those after it");
                _count = cpu;
            }
        }
        if (watchdogSeconds != 0)
            NmiWatchdog.Prepare(host, watchdogSeconds);
        for (uint cpu = 1; cpu < _count && host.Pcpus.Online.Count < _most; cpu++)
        {
            if (host.Pcpus.Find(cpu) is Pcpu starting && !TryStart(starting))
                host.Log.Always($"Failed to bring up CPU {cpu} (error -{(int)XenError.Io})");
        }
        host.Log.Always($"Brought up {host.Pcpus.Online.Count} CPUs");
    }

    /// <summary>Starts a CPU that is not online and waits until it is. False if it does not answer. One at a time: the caller sees to that.</summary>
    internal bool TryStart(Pcpu cpu)
    {
        Host host = cpu.Host;
        LocalApic apic = host.Interrupts.LocalApic;
        Volatile.Write(ref _arrived, 0);
        SecondaryCpus.Arm(cpu.Id, _page);
        apic.SendInit(cpu.ApicId);
        WaitFor(host.Time, InitWait, false);
        apic.SendStartUp(cpu.ApicId, _page);
        if (!WaitFor(host.Time, StartUpWait + SecondStartUpAfter, true))
            apic.SendStartUp(cpu.ApicId, _page);
        bool came = WaitFor(host.Time, AnswerWait, true);
        if (!came)
        {
            apic.SendInit(cpu.ApicId);
            host.Log.Always($"CPU {cpu.Id} (APIC id {cpu.ApicId}): Not responding.");
        }
        SecondaryCpus.Disarm();
        if (came)
            _tsc.Compare(host, cpu.Id);
        return came;
    }

    /// <summary>The first C# of another CPU: on its own stack, with its own record, interrupts off.</summary>
    [RuntimeExport("secondary_main")]
    private static void Main()
    {
        Descriptors.InitializeCpu(PerCpu.Id);
        Pcpu cpu = Pcpu.Current;
        Host host = cpu.Host;
        SecondaryStart start = host.Secondary;
        CpuSetup.Copy(in start._common);
        host.Interrupts.LocalApic.EnableSecondary();
        host.Speculation.ConfigureCpu();
        host.Memory.Tlb.Enter();
        cpu.ResetForStart();
        cpu.Identify();
        host.CpuCalls.SetOnline(cpu.Id, true);
        Volatile.Write(ref start._arrived, 1);
        cpu.Watchdog?.Start();
        Cpu.StartScheduling();
    }

    /// <summary>Waits so long, or until the CPU has arrived if that is wanted; says whether it has. The clock is the TSC, which runs always.</summary>
    private bool WaitFor(SystemTime time, ulong nanoseconds, bool arrival)
    {
        ulong start = time.Now, end = start + nanoseconds;
        for (ulong now = start; now < end; now = time.Now)
        {
            if (arrival && Volatile.Read(ref _arrived) != 0)
                return true;
            Cpu.Pause();
            // One that takes longer than usual is looked for less often.
            Cpu.WaitTicks(time.TscHertz / (now - start < UsualWait ? LooksPerSecond : LooksPerSecondLater));
        }
        return arrival && Volatile.Read(ref _arrived) != 0;
    }

    /// <summary>CPU 0 is the one that boots, whatever the firmware's order; one that the firmware does not describe is added.</summary>
    private static void MoveToFront(PlatformInformation platform, uint bootApicId)
    {
        platform.AddBootCpu(bootApicId);
        for (uint i = 0; i < platform.CpuCount; i++)
        {
            if (platform.Cpus[i].ApicId != bootApicId)
                continue;
            CpuDescription boot = platform.Cpus[i];
            for (uint at = i; at > 0; at--)
                platform.Cpus[at] = platform.Cpus[at - 1];
            platform.Cpus[0] = boot;
            return;
        }
    }
}
