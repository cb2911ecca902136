using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Time;

/// <summary>
/// The wall clock as guests see it: in shared_info, the UTC time at which system time was 0 (public/xen.h, wc_sec and the rest), with a version that is odd while
/// it changes.
/// </summary>
internal static class WallClock
{
    // Offsets in struct shared_info, 64-bit.
    private const uint VersionAt = 3072, SecondsAt = 3076, NanosecondsAt = 3080, SecondsHighAt = 3084;

    /// <summary>Writes the wall clock into a domain's shared_info.</summary>
    internal static void Publish(Domain domain, SystemTime time)
    {
        SharedArea shared = domain.SharedInfo;
        if (!shared.Exists)
            return;
        uint version = shared.Load32(VersionAt) | 1;
        shared.Store32(VersionAt, version);
        shared.Store32(SecondsAt, unchecked((uint)time.WallClockSeconds));
        shared.Store32(SecondsHighAt, (uint)(time.WallClockSeconds >> 32));
        shared.Store32(NanosecondsAt, time.WallClockNanoseconds);
        shared.Store32(VersionAt, unchecked(version + 1));
    }

    /// <summary>Writes the wall clock if the domain has never seen it.</summary>
    internal static void PublishFirst(Domain domain, SystemTime time)
    {
        if (domain.SharedInfo.Exists && domain.SharedInfo.Load32(VersionAt) == 0)
            Publish(domain, time);
    }

    /// <summary>Sets the clock for everybody: it showed so much when system time was <paramref name="systemTime"/>.</summary>
    internal static void Set(Host host, ulong seconds, uint nanoseconds, ulong systemTime)
    {
        host.Time.SetWallClock(seconds, nanoseconds, systemTime);
        for (uint id = 0; id < host.Domains.End; id++)
        {
            if (host.Domains.Find(id) is Domain domain)
                Publish(domain, host.Time);
        }
    }
}
