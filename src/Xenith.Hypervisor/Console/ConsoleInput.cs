using System.Threading;
using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Console;

/// <summary>
/// What is typed on the serial lines. It goes to dom0, or to the hypervisor, where each byte is a debug key (<see cref="DebugKeys"/>); Ctrl-A three times
/// switches between the two, as `conswitch` says. Bytes are served out of interrupts, on the way out to a guest.
/// </summary>
public sealed class ConsoleInput
{
    private const int SwitchLength = 3;

    /// <summary>Rounds of service for one interrupt: more than a line can keep busy.</summary>
    private const int Rounds = 64;

    private readonly SpinLock _lock = new(LockRank.ConsoleInput);
    private readonly ConsoleInputRing _ring = new();
    private int _switchCount;
    private int _isDue;
    private int _isServed;

    /// <summary>Letter that switches together with Ctrl, 0 if there is none.</summary>
    public byte SwitchLetter { get; set; } = (byte)'a';

    /// <summary>True while what is typed are debug keys.</summary>
    public bool IsForHypervisor { get; private set; }

    /// <summary>Adds a byte for dom0; lost if too many wait.</summary>
    public void Put(byte value)
    {
        using (_lock.EnterInterruptSafe())
            _ring.Put(value);
    }

    /// <summary>Takes the oldest byte that waits for dom0.</summary>
    public bool TryTake(out byte value)
    {
        using (_lock.EnterInterruptSafe())
            return _ring.TryTake(out value);
    }

    /// <summary>Serves both serial lines until they want nothing more. One CPU does that at a time; another that comes has it go round once more.</summary>
    internal void Serve(Host host)
    {
        Volatile.Write(ref _isDue, 1);
        while (Volatile.Read(ref _isDue) != 0 && Interlocked.CompareExchange(ref _isServed, 1, 0) == 0)
        {
            Volatile.Write(ref _isDue, 0);
            ServeLines(host);
            Volatile.Write(ref _isServed, 0);
        }
    }

    private void ServeLines(Host host)
    {
        ConsoleLog log = host.Log;
        for (int round = 0; round < Rounds; round++)
        {
            Receive(host, log.Serial);
            Receive(host, log.Second);
            log.Pump();
            if (!log.Serial.WantsService && !log.Second.WantsService)
                return;
        }
    }

    /// <summary>Gives the input to dom0 or to the hypervisor, and says so.</summary>
    internal void Switch(ConsoleLog log, bool toHypervisor)
    {
        IsForHypervisor = toHypervisor;
        if (SwitchLetter == 0)
            log.Always($"*** Serial input to {(toHypervisor ? "Xen" : "DOM0")}");
        else
            log.Always($"*** Serial input to {(toHypervisor ? "Xen" : "DOM0")} (type 'CTRL-{(char)SwitchLetter}' three times to switch input)");
    }

    /// <summary>A byte as it was typed. Part of the switch sequence is held back until it is clear that it is none.</summary>
    internal void Typed(Host host, byte value)
    {
        if (SwitchLetter != 0 && value == (SwitchLetter & 0x1f))
        {
            _switchCount++;
            if (_switchCount == SwitchLength)
            {
                _switchCount = 0;
                Switch(host.Log, !IsForHypervisor);
            }
            return;
        }
        for (; _switchCount > 0; _switchCount--)
            Deliver(host, (byte)(SwitchLetter & 0x1f));
        Deliver(host, value);
    }

    private void Receive(Host host, SerialPort port)
    {
        while (port.TryReceive(out byte value))
            Typed(host, value);
    }

    private void Deliver(Host host, byte value)
    {
        if (IsForHypervisor)
        {
            DebugKeys.Press(host, value);
            return;
        }
        Put(value);
        host.EventBindings.Raise(host, (uint)Virq.Console);
    }
}
