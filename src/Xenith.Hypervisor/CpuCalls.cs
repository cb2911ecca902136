using System.Threading;
using Xenith.Hypervisor.Interrupts;
using Xenith.Machine;

namespace Xenith.Hypervisor;

/// <summary>Something that other CPUs are to do, in an interrupt handler: short, without locks that are held with interrupts on, without waiting for another CPU.</summary>
public abstract class CpuCall
{
    /// <summary>Runs on each CPU that was asked, with interrupts off, at most once at a time on each.</summary>
    public abstract void Run();

    /// <summary>The same, where the CPU was interrupted for it: with the registers of what it did, in a guest or in the hypervisor.</summary>
    public virtual void RunInterrupting(ref GuestFrame interrupted) => Run();
}

/// <summary>WBINVD.</summary>
internal sealed class WriteBackCaches : CpuCall
{
    /// <inheritdoc/>
    public override void Run() => Cpu.WriteBackInvalidate();
}

/// <summary>
/// "Run this on those CPUs and wait": one call at a time for the whole host. Who waits for his turn or for the answers goes on answering others, be it by interrupt or, where
/// interrupts are off, by looking himself; so two CPUs that call each other cannot hold each other up. The caller holds no lock that an interrupt handler takes.
/// </summary>
public sealed class CpuCalls
{
    private readonly Host _host;
    private CpuCall? _call;
    private int _turn;
    private int _missing;

    internal CpuCalls(Host host) => _host = host;

    /// <summary>Writes a CPU's caches back and empties them.</summary>
    internal CpuCall WriteBackCaches { get; } = new WriteBackCaches();

    /// <summary>Runs a call on the online CPUs of a set, this one included if it is in it, and comes back when all are done.</summary>
    public void Run(in CpuSet cpus, CpuCall call)
    {
        LockOrder.CheckWait();
        uint own = PerCpu.Id;
        Take();
        CpuSet asked = cpus.And(_host.Pcpus.Online);
        bool here = asked.Contains(own);
        asked.Remove(own);
        _call = call;
        Volatile.Write(ref _missing, asked.Count);
        for (uint cpu = asked.Next(0); cpu < CpuSet.Capacity; cpu = asked.Next(cpu + 1))
        {
            if (_host.Pcpus.Find(cpu) is not Pcpu other)
                continue;
            Volatile.Write(ref other.IsAskedToCall, 1);
            _host.Interrupts.LocalApic.Send(other.ApicId, Vectors.CallFunction);
        }
        if (here)
        {
            bool enabled = Cpu.InterruptsEnabled;
            Cpu.DisableInterrupts();
            call.Run();
            if (enabled)
                Cpu.EnableInterrupts();
        }
        while (Volatile.Read(ref _missing) != 0)
            Wait();
        Volatile.Write(ref _turn, 0);
    }

    /// <summary>Changes who is online while no call is under way.</summary>
    internal void SetOnline(uint cpu, bool online)
    {
        Take();
        _host.Pcpus.SetOnline(cpu, online);
        Volatile.Write(ref _turn, 0);
    }

    /// <summary>Does what this CPU was asked to, if anything. Interrupts are off.</summary>
    internal void Answer(Pcpu cpu)
    {
        if (Interlocked.Exchange(ref cpu.IsAskedToCall, 0) == 0)
            return;
        _call?.Run();
        Interlocked.Decrement(ref _missing);
    }

    /// <summary>The same, out of the interrupt that asks for it.</summary>
    internal void Answer(Pcpu cpu, ref GuestFrame interrupted)
    {
        if (Interlocked.Exchange(ref cpu.IsAskedToCall, 0) == 0)
            return;
        _call?.RunInterrupting(ref interrupted);
        Interlocked.Decrement(ref _missing);
    }

    /// <summary>One turn of waiting for another CPU: where interrupts cannot come, the requests of others are looked for.</summary>
    internal void Wait()
    {
        if (!Cpu.InterruptsEnabled)
        {
            Answer(Pcpu.Current);
            _host.Memory.Tlb.Answer();
        }
        Cpu.Pause();
    }

    private void Take()
    {
        while (Interlocked.CompareExchange(ref _turn, 1, 0) != 0)
            Wait();
    }
}
