using Xenith.Hypervisor.Console;

namespace Xenith.Hypervisor.Grants;

/// <summary>What is in use: for debug key g, and for who counts it anew.</summary>
public sealed partial class GrantTable
{
    /// <summary>Lines after which a dump stops: a domain may have very many entries.</summary>
    private const uint LinesOfDump = 200;

    /// <summary>Prints the table's size and a line for each entry that somebody uses. What another CPU changes meanwhile is seen before or after.</summary>
    internal void Dump(ConsoleLog log)
    {
        log.Always($"grant-table for remote d{_domain.Id} (v{Version})");
        log.Always($"  {_count} frames ({MaxFrames} max)");
        uint lines = 0;
        for (uint reference = 0; reference < _count * EntriesPerFrame; reference++)
        {
            ActiveGrant active = Active(reference);
            if (!active.IsPinned)
                continue;
            if (lines == LinesOfDump)
            {
                log.Always($"  and more");
                return;
            }
            lines++;
            uint header = Shared(reference).Load32(EntryOffset(reference));
            uint frame = Shared(reference).Load32(EntryOffset(reference) + FrameOffset);
            log.Always($"[0x{reference:x3}]  {active.Grantee,5} 0x{active.Frame:x6} 0x{(uint)active.Writers << 16 | active.Readers:x8}          {header >> DomainShift,5} 0x{frame:x6} 0x{header & 0xffff:x2}");
        }
        if (lines == 0)
            log.Always($"no active grant table entries");
    }

    /// <summary>What is known of an entry. False beyond the table.</summary>
    internal bool TryGetActive(uint reference, out ActiveGrant active)
    {
        bool isInside = reference < _count * EntriesPerFrame;
        active = isInside ? Active(reference) : default;
        return isInside;
    }
}
