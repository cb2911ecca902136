using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>Starting and stopping a domain's vCPUs.</summary>
internal static class VcpuStart
{
    /// <summary>VCPUOP_initialise: gives a vCPU that was never started its first registers.</summary>
    internal static long Initialise(Vcpu vcpu, ulong argument, uint number)
    {
        // Beyond the 32 that have a place in shared_info, vcpu_info has to be registered first.
        if (!vcpu.Info.Exists)
            return XenError.Invalid.ToResult();
        XenError error = VcpuContext.Load(vcpu, argument);
        return error == XenError.Restart ? Continuation.Again(number, (ulong)VcpuOp.Initialise) : error.ToResult();
    }

    /// <summary>VCPUOP_up: lets a vCPU run that has been initialised.</summary>
    internal static long Up(Vcpu vcpu)
    {
        if (vcpu.Scheduling.IsUp)
            return 0;
        if (!vcpu.IsInitialised)
            return XenError.Invalid.ToResult();
        vcpu.Scheduling.Up();
        return 0;
    }

    /// <summary>VCPUOP_send_nmi: the vCPU's handler is entered on its next way out.</summary>
    internal static long SendNmi(Vcpu vcpu)
    {
        vcpu.Pv.NmiPending = true;
        vcpu.Scheduling.Wake();
        if (vcpu.IsCurrent)
            PerCpu.RaiseWork(PendingWork.Deferred);
        else
            vcpu.Scheduling.Kick(PendingWork.Deferred);
        return 0;
    }

    /// <summary>VCPUOP_down: stops a vCPU. Without the last one the domain is switched off.</summary>
    internal static long Down(Vcpu vcpu)
    {
        Vcpu?[] vcpus = vcpu.Domain.Vcpus;
        bool others = false;
        for (int i = 0; i < vcpus.Length; i++)
            others |= vcpus[i] is Vcpu other && other != vcpu && other.Scheduling.IsUp;
        if (!others)
            DomainLife.Shutdown(vcpu.Domain, DomainLife.PowerOff);
        else if (vcpu.Scheduling.IsUp)
            vcpu.Scheduling.Down();
        return 0;
    }
}
