using Xenith.Hypervisor.Console;
using Xenith.Machine;

namespace Xenith.Hypervisor.Domains;

/// <summary>Prints who called whom, with the names of methods, from the unwind tables that the image carries.</summary>
internal static class Backtrace
{
    private const int MaxFrames = 32;

    /// <summary>The calls that led to an interrupted instruction of the hypervisor.</summary>
    internal static void Print(ConsoleLog log, ref GuestFrame frame)
    {
        ulong rip = frame.Rip, rsp = frame.Rsp, rbp = frame.Rbp;
        log.Always($"Xenith call trace:");
        for (int i = 0; i < MaxFrames; i++)
        {
            if (Symbols.TryFind(rip, out var name, out ulong offset))
                log.Always($"   [<{rip:x16}>] {(i == 0 ? 'R' : 'F')} {name}+{offset:x}");
            else
                log.Always($"   [<{rip:x16}>] {(i == 0 ? 'R' : 'F')}");
            if (!Unwinder.Step(ref rip, ref rsp, ref rbp))
                return;
        }
    }
}
