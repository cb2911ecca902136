using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;

namespace Xenith.Hypervisor.Console;

/// <summary>
/// Keys d and 0: what each CPU does, in the hypervisor and in its guest, and the registers of dom0's vCPUs. The registers of a guest that is inside are known to its CPU alone, so
/// each CPU prints its own.
/// </summary>
internal static class RegisterDump
{
    /// <summary>A vCPU that is looked for may be on its way from one CPU to another so often.</summary>
    private const int MostTries = 4;

    internal static void PrintCpus(Host host)
    {
        ConsoleLog log = host.Log;
        log.Always($"'d' pressed -> dumping registers");
        log.Always($"");
        for (uint cpu = host.Pcpus.Online.Next(0); cpu < CpuSet.Capacity; cpu = host.Pcpus.Online.Next(cpu + 1))
            host.CpuCalls.Run(CpuSet.Of(cpu), host.KeyState.RegisterCall);
    }

    internal static void PrintDom0(Host host)
    {
        ConsoleLog log = host.Log;
        log.Always($"'0' pressed -> dumping Dom0's registers");
        if (host.Domains.Find(0) is not Domain dom0)
            return;
        for (ulong id = 0; id < (ulong)dom0.Vcpus.Length; id++)
        {
            if (dom0.FindVcpu(id) is not Vcpu vcpu)
                continue;
            log.Always($"*** Dumping Dom0 vcpu#{vcpu.Id} state: ***");
            PrintVcpu(host, vcpu);
        }
    }

    /// <summary>Prints a vCPU where its registers are: on the CPU that holds them, or in memory.</summary>
    private static void PrintVcpu(Host host, Vcpu vcpu)
    {
        if (!vcpu.IsInitialised)
        {
            host.Log.Always($"not initialised");
            return;
        }
        VcpuCall call = host.KeyState.VcpuCall;
        call.Wanted = vcpu;
        call.IsDone = false;
        for (int tries = 0; tries < MostTries && !call.IsDone; tries++)
        {
            int holder = vcpu.Scheduling.LoadedOn;
            if (holder >= 0)
                host.CpuCalls.Run(CpuSet.Of((uint)holder), call);
            else
            {
                CrashDump.PrintSaved(vcpu);
                call.IsDone = true;
            }
        }
        call.Wanted = null;
        if (!call.IsDone)
            host.Log.Always($"It moves from CPU to CPU: no registers");
    }

    /// <summary>What the hypervisor did on this CPU when it was asked.</summary>
    private static void PrintOwnState(Pcpu cpu, ref GuestFrame interrupted)
    {
        cpu.Host.Log.Always($"*** Dumping CPU{cpu.Id} host state: ***");
        Containment.Report(cpu.Host.Log, ref interrupted, Cpu.PageFaultAddress);
        cpu.Host.Log.Always($"");
    }

    /// <summary>The guest of the CPU that runs this: its registers are in the CPU's frame.</summary>
    private static void PrintGuest(Pcpu cpu)
    {
        ConsoleLog log = cpu.Host.Log;
        if (cpu.IsIdle || cpu.Loaded is not Vcpu vcpu)
            log.Always($"CPU{cpu.Id} is idle");
        else
        {
            log.Always($"*** Dumping CPU{cpu.Id} guest state (d{vcpu.Domain.Id}v{vcpu.Id}): ***");
            log.Always($"CPU:    {cpu.Id}");
            CrashDump.PrintState(vcpu, ref PerCpu.Frame);
        }
        log.Always($"");
    }

    /// <summary>Has a CPU print itself.</summary>
    internal sealed class Call : CpuCall
    {
        /// <inheritdoc/>
        public override void RunInterrupting(ref GuestFrame interrupted)
        {
            if (!interrupted.FromGuest)
                PrintOwnState(Pcpu.Current, ref interrupted);
            PrintGuest(Pcpu.Current);
        }

        /// <summary>Without an interrupt: on the CPU that serves the key, or on one that waits for another with interrupts off.</summary>
        public override void Run()
        {
            Pcpu cpu = Pcpu.Current;
            cpu.Host.Log.Always($"*** Dumping CPU{cpu.Id} host state: ***");
            cpu.Host.Log.Always($"CPU{cpu.Id} {(cpu.IsInDeferredWork ? "serves this key" : "waits for another CPU")}");
            cpu.Host.Log.Always($"");
            PrintGuest(cpu);
        }
    }

    /// <summary>Has the CPU that holds a vCPU print it.</summary>
    internal sealed class VcpuCall : CpuCall
    {
        /// <summary>The vCPU.</summary>
        internal Vcpu? Wanted { get; set; }

        /// <summary>It has been printed.</summary>
        internal bool IsDone { get; set; }

        /// <inheritdoc/>
        public override void Run()
        {
            // It may have left in between.
            if (Wanted is not Vcpu vcpu || Pcpu.Current.Loaded != vcpu)
                return;
            CrashDump.PrintState(vcpu, ref PerCpu.Frame);
            IsDone = true;
        }
    }
}
