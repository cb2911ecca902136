using Xenith.Machine;

namespace Xenith.Hypervisor.Interrupts;

/// <summary>Interrupts from CPU to CPU: the interrupt command register (SDM vol. 3, 11.6.1; in x2APIC mode one MSR, 11.12.9).</summary>
public sealed partial class LocalApic
{
    private const uint Fixed = 0, Nmi = 4 << 8, Init = 5 << 8, StartUp = 6 << 8, LevelAssert = 1 << 14, ToAllOthers = 3 << 18, Pending = 1 << 12;

    /// <summary>Turns of waiting for the last message to leave; it takes some bus cycles, so this is for broken hardware only.</summary>
    private const int Patience = 1_000_000;

    /// <summary>Sends a vector to the CPU with an APIC id.</summary>
    public void Send(uint apicId, byte vector) => Message(apicId, Fixed | LevelAssert | vector);

    /// <summary>Sends an NMI.</summary>
    public void SendNmi(uint apicId) => Message(apicId, Nmi | LevelAssert);

    /// <summary>Sends an NMI to all CPUs but this.</summary>
    public void SendNmiToOthers() => Message(0, ToAllOthers | Nmi | LevelAssert);

    /// <summary>Resets a CPU: it waits for <see cref="SendStartUp"/> then.</summary>
    public void SendInit(uint apicId) => Message(apicId, Init | LevelAssert);

    /// <summary>Starts a CPU that waits after a reset, in real mode at the start of a page below 1 MiB.</summary>
    public void SendStartUp(uint apicId, Mfn page) => Message(apicId, StartUp | LevelAssert | (uint)(page.Value & 0xff));

    private void Message(uint apicId, uint command)
    {
        if (_isX2Apic)
        {
            // WRMSR of an x2APIC register does not wait for earlier stores: what the message is about must be visible first (11.12.3).
            System.Threading.Interlocked.MemoryBarrier();
            Cpu.WriteMsr(X2ApicRegister(Command), (ulong)apicId << 32 | command);
            return;
        }
        // The two halves belong together, and a handler may send too.
        bool enabled = Cpu.InterruptsEnabled;
        Cpu.DisableInterrupts();
        for (int i = 0; i < Patience && (_registers.Read32(Command) & Pending) != 0; i++)
            Cpu.Pause();
        _registers.Write32(CommandHigh, apicId << 24);
        _registers.Write32(Command, command);
        if (enabled)
            Cpu.EnableInterrupts();
    }
}
