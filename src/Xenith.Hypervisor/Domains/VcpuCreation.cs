using Xenith.Hypervisor.Paravirtual;
using Xenith.Hypervisor.Scheduling;
using Xenith.Machine;

namespace Xenith.Hypervisor.Domains;

/// <summary>Makes the vCPUs of a domain: all of them before the first one runs, as many as the domain may ever have.</summary>
internal static class VcpuCreation
{
    /// <summary>vCPUs whose vcpu_info lies in shared_info at first (public/xen.h, XEN_LEGACY_MAX_VCPUS).</summary>
    internal const uint WithInfo = 32;

    private const uint InfoSize = 64;

    /// <summary>
    /// Makes a vCPU that is down, with all that it needs to run, and makes it known to the scheduler. The domain has its shared_info and its per-domain area. False if there is no
    /// memory.
    /// </summary>
    internal static bool TryCreate(Host host, Domain domain, uint id, out Vcpu vcpu)
    {
        vcpu = new Vcpu(domain, id);
        if (!host.Vectors.TryCreate(host.Memory.Allocator, out Mfn area))
            return false;
        vcpu.VectorArea = area;
        if (id < WithInfo)
        {
            vcpu.Info = domain.SharedInfo.Slice(id * InfoSize, InfoSize);
            vcpu.Info.Store8(1, 1);
        }
        Join(host, vcpu);
        domain.Vcpus[(int)id] = vcpu;
        return true;
    }

    /// <summary>Makes a vCPU known to the scheduler; it belongs to the CPUs in turn.</summary>
    internal static void Join(Host host, Vcpu vcpu)
    {
        Domain domain = vcpu.Domain;
        SchedulingDomain share = domain.Share ??= host.Scheduler.CreateDomain(domain.Id);
        uint cpu = host.Pcpus.Online.Next(0);
        for (uint i = 0; i < vcpu.Id; i++)
        {
            cpu = host.Pcpus.Online.Next(cpu + 1);
            if (cpu >= CpuSet.Capacity)
                cpu = host.Pcpus.Online.Next(0);
        }
        vcpu.Scheduling.Join(host.Scheduler, host.Scheduler.CreateUnit(share, vcpu.Id, cpu < CpuSet.Capacity ? cpu : 0));
    }
}
