using System.Threading;
using Xenith.Hypervisor.Time;
using Xenith.Machine;

namespace Xenith.Hypervisor.Power;

/// <summary>The end of the host is one CPU's affair: the others are stopped by NMI, which reaches them whatever they do, so that nothing goes on and the log is not garbled.</summary>
internal static class OtherCpus
{
    private const ulong Patience = 100_000_000;

    /// <summary>Stops all other CPUs. Does not return if another CPU is doing so already.</summary>
    internal static void Stop()
    {
        // Before there is a host there are no other CPUs.
        if (PerCpu.Context<object>() is not Pcpu cpu)
            return;
        Host host = cpu.Host;
        int own = unchecked((int)cpu.Id) + 1;
        int ending = Interlocked.CompareExchange(ref host.EndingCpu, own, 0);
        if (ending == own)
            return;
        if (ending != 0)
            Cpu.Stop();
        int others = host.Pcpus.Online.Count - 1;
        if (others <= 0)
            return;
        host.Interrupts.LocalApic.SendNmiToOthers();
        SystemTime time = host.Time;
        ulong end = time.Now + Patience;
        while (Volatile.Read(ref host.StoppedCpus) < others && time.Now < end)
            Cpu.Pause();
    }
}
