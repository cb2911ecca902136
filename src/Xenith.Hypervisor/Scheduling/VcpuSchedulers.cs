using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Pools;

namespace Xenith.Hypervisor.Scheduling;

/// <summary>The entry of vCPUs and their domains into the scheduler's books, and their way out when the domain is no more.</summary>
internal static class VcpuSchedulers
{
    /// <summary>Makes a new vCPU known to the scheduler; the vCPUs of a domain belong to the CPUs in turn. False if there is no memory.</summary>
    internal static bool TryJoin(Host host, Vcpu vcpu)
    {
        Domain domain = vcpu.Domain;
        if (domain.Share is null)
        {
            using Construction making = host.Pools.SchedulingDomains.Begin(host.Memory);
            if (!making.IsPossible)
                return false;
            domain.Share = making.Finish(host.Scheduler.CreateDomain(domain.Id));
        }
        uint cpu = FirstCpu(host, vcpu.Id);
        using Construction unitMaking = host.Pools.SchedulingUnits.Begin(host.Memory);
        if (!unitMaking.IsPossible)
            return false;
        vcpu.Scheduling.Join(host.Scheduler, unitMaking.Finish(host.Scheduler.CreateUnit(domain.Share, vcpu.Id, cpu)));
        return true;
    }

    /// <summary>A vCPU that will not run again leaves; it is in no queue and on no CPU.</summary>
    internal static void Leave(Host host, Vcpu vcpu)
    {
        if (vcpu.Scheduling.Unit is not SchedulingUnit unit)
            return;
        host.Scheduler.Forget(unit);
        vcpu.Scheduling.Part();
        host.Pools.SchedulingUnits.Return(unit);
    }

    /// <summary>A domain whose vCPUs have left leaves too.</summary>
    internal static void Leave(Host host, Domain domain)
    {
        if (domain.Share is not SchedulingDomain share)
            return;
        domain.Share = null;
        host.Scheduler.Forget(share);
        host.Pools.SchedulingDomains.Return(share);
    }

    private static uint FirstCpu(Host host, uint vcpu)
    {
        CpuSet online = host.Pcpus.Online;
        if (online.IsEmpty)
            return 0;
        uint cpu = online.Next(0);
        for (uint i = vcpu % (uint)online.Count; i > 0; i--)
            cpu = online.Next(cpu + 1);
        return cpu;
    }
}
