using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Hypervisor.Pools;
using Xenith.Hypervisor.Scheduling;
using Xenith.Machine;

namespace Xenith.Hypervisor.Domains;

/// <summary>The beginning of a domain, and the last step after its end, which undoes it.</summary>
internal static partial class DomainLife
{
    /// <summary>
    /// Makes a domain without memory and vCPUs and enters it into the table. <see cref="XenError.NoMemory"/>, or <see cref="XenError.Exists"/> if the id is another's;
    /// <see cref="XenError.Invalid"/> for more vCPUs than a domain can have, or none.
    /// </summary>
    internal static XenError Create(Host host, ushort id, bool privileged, uint maxVcpus, out Domain? domain)
    {
        domain = null;
        if (maxVcpus is 0 or > Domain.MostVcpus)
            return XenError.Invalid;
        Domain made;
        using (Construction making = host.Pools.Domains.Begin(host.Memory))
        {
            if (!making.IsPossible)
                return XenError.NoMemory;
            made = making.Finish(new Domain(id, privileged, maxVcpus));
        }
        XenError error = HypervisorAddressSpace.CreatePerDomainArea(host.Memory, made);
        if (error == XenError.None && !host.Domains.Add(made))
            error = XenError.Exists;
        if (error != XenError.None)
        {
            FreeOwn(host, made);
            return error;
        }
        if (!host.Memory.Allocator.TryAllocate(0, AllocationFlags.Zeroed, out Mfn shared))
        {
            made.State = DomainState.Dead;
            made.Put();
            return XenError.NoMemory;
        }
        made.SharedInfoFrame = shared;
        made.SharedInfo = SharedArea.Page(shared);
        host.Memory.Types.ShareWithGuest(shared, made);
        domain = made;
        return XenError.None;
    }

    /// <summary>
    /// Makes a vCPU of a domain, which is down. Its vcpu_info lies in shared_info if there is room. <see cref="XenError.Invalid"/> if the domain may not have it, <see cref="XenError.Exists"/> if it
    /// has it, or <see cref="XenError.NoMemory"/>.
    /// </summary>
    internal static XenError AddVcpu(Host host, Domain domain, uint id, out Vcpu? vcpu)
    {
        const uint infosInSharedInfo = 32, infoSize = 64;
        vcpu = null;
        if (id >= (uint)domain.Vcpus.Length || domain.State != DomainState.Alive)
            return XenError.Invalid;
        if (domain.Vcpus[id] is not null)
            return XenError.Exists;
        using (Construction making = host.Pools.Vcpus.Begin(host.Memory))
        {
            if (!making.IsPossible)
                return XenError.NoMemory;
            vcpu = making.Finish(new Vcpu(domain, id));
        }
        if (!host.Vectors.TryCreate(host.Memory.Allocator, out Mfn area) || !VcpuSchedulers.TryJoin(host, vcpu))
        {
            if (!area.IsInvalid)
                host.Vectors.Free(host.Memory.Allocator, area);
            host.Pools.Vcpus.Return(vcpu);
            vcpu = null;
            return XenError.NoMemory;
        }
        vcpu.VectorArea = area;
        vcpu.Pv.Xcr0 = PvControlRegisters.FirstXcr0(host.Vectors);
        if (id < infosInSharedInfo)
        {
            vcpu.Info = domain.SharedInfo.Slice(id * infoSize, infoSize);
            // A vCPU starts with events masked.
            vcpu.Info.Store8(1, 1);
        }
        domain.Vcpus[id] = vcpu;
        return XenError.None;
    }

    /// <summary>The last step: nobody refers to the domain and nobody can find it.</summary>
    internal static void Recycle(Host host, Domain domain)
    {
        Invariant.Holds(domain.References == 0 && domain.Pages.TotalPages == 0 && domain.Pages.SharedPages == 0);
        for (int i = 0; i < domain.Vcpus.Length; i++)
        {
            if (domain.Vcpus[i] is Vcpu vcpu)
            {
                VcpuSchedulers.Leave(host, vcpu);
                if (!vcpu.VectorArea.IsInvalid)
                    host.Vectors.Free(host.Memory.Allocator, vcpu.VectorArea);
                host.Pools.Vcpus.Return(vcpu);
            }
            domain.Vcpus[i] = null;
        }
        VcpuSchedulers.Leave(host, domain);
        FreeOwn(host, domain);
    }

    /// <summary>Frees the frames that the hypervisor used for the domain, and gives it back to the pool.</summary>
    private static void FreeOwn(Host host, Domain domain)
    {
        HypervisorAddressSpace.FreePerDomainArea(host.Memory, domain);
        domain.Events.FreeFrames(host.Memory.Allocator);
        domain.Grants.FreeFrames(host.Memory.Allocator);
        domain.Pv.Ports.FreeFrames(host.Memory.Allocator);
        host.Pools.Domains.Return(domain);
    }
}
