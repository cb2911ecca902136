using System.Diagnostics;
using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Boot;

/// <summary>
/// What can be seen only where the hypervisor really runs: it tries the protections of its own image, and makes and destroys domains in memory that no collector keeps. Compiled in where XENITH_SELFTEST is defined, that is, with `-p:XenithChecks=true`;
/// the scenario checked-image reads what it prints.
/// </summary>
internal static class SelfTest
{
    /// <summary>Runs once, when booting is over and before the first guest.</summary>
    [Conditional("XENITH_SELFTEST")]
    internal static void Run(Host host)
    {
        TryImage(host.Log);
        TryDomains(host);
    }

    private static void TryDomains(Host host)
    {
        // Each end waits for all other CPUs to pass, which take their time while they sleep.
        uint rounds = host.Pcpus.Online.Count == 1 ? 10_000u : 10;
        PageAllocator allocator = host.Memory.Allocator;
        uint failures = LiveAndDie(host, 1000, 4) ? 0u : 1u;
        ulong free = allocator.FreeFrames;
        for (uint i = 0; i < rounds; i++)
        {
            if (!LiveAndDie(host, (ushort)(513 + i % 500), 1 + i % 4))
                failures++;
        }
        long lost = unchecked((long)(free - allocator.FreeFrames));
        if (lost != 0)
            failures++;
        host.Log.Always($"Self test: domains: {rounds} in {host.Pools.Domains.PagesPerObject} pages, vCPUs in {host.Pools.Vcpus.PagesPerObject}, {lost} lost, {failures} failures");
    }

    /// <summary>A domain with a page, an event channel and a grant table, and its end. True if nothing of it is left.</summary>
    private static bool LiveAndDie(Host host, ushort id, uint vcpus)
    {
        if (DomainLife.Create(host, id, false, vcpus, out Domain? made) != XenError.None || made is not Domain domain)
            return false;
        for (uint i = 0; i < vcpus; i++)
        {
            if (DomainLife.AddVcpu(host, domain, i, out _) != XenError.None)
                return false;
        }
        domain.Pages.MaxPages = 1;
        if (!domain.Pages.TryAllocate(0, AllocationFlags.None, out _)
            || domain.Events.AllocateUnbound(0, out _) != XenError.None
            || domain.Grants.Grow(1) != XenError.None)
            return false;
        // Nobody is served yet, so nothing interrupts this; other CPUs only have to pass, and may have to be answered for that.
        for (int i = 0; i < 100_000_000; i++)
        {
            StepBudget budget = new(null);
            bool dead = DomainLife.Destroy(domain, ref budget) == XenError.None;
            host.Grace.Pass(Pcpu.Current);
            host.Reaper.Work(host);
            // Its return to the pool is the last step, which another CPU may take.
            if (dead && host.Domains.Find(id) is null && host.Pools.Domains.FreeCount == host.Pools.Domains.Capacity - 1)
                return true;
            host.CpuCalls.Wait();
        }
        return false;
    }

    private static void TryImage(ConsoleLog log)
    {
        uint pages = 0, failures = 0;
        for (ulong address = Image.TextStart; address < Image.DataEnd; address += AddressSpace.PageSize)
        {
            pages++;
            if (Image.TryRewrite(address) || Image.TryRewrite(AddressSpace.DirectMap + Image.PhysicalOf(address)))
            {
                failures++;
                log.Error($"Self test: the image's page at {address:x16} can be written");
            }
        }
        for (int i = 0; Image.TryGetGuardPage(i, out ulong guard); i++)
        {
            if (Image.TryRewrite(guard))
            {
                failures++;
                log.Error($"Self test: the guard page at {guard:x16} can be written");
            }
        }
        if (pages < 16)
            failures++;
        // The probe itself: what is data can be written under both addresses.
        if (!Image.TryRewrite(Image.BssStart) || !Image.TryRewrite(AddressSpace.DirectMap + Image.PhysicalOf(Image.BssStart)))
        {
            failures++;
            log.Error($"Self test: the image's data cannot be written");
        }
        log.Always($"Self test: image: {pages} pages of code and constants, {failures} failures");
    }
}
