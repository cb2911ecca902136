using System.Runtime.CompilerServices;
using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Events;
using Xenith.Hypervisor.Time;
using Xenith.Machine;
using Op = Xenith.Abi.VcpuOp;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>
/// vcpu_op (24): a domain starts, stops and asks about its own vCPUs, sets their timers, and says where it wants its copies of what they share with
/// the hypervisor (public/vcpu.h).
/// </summary>
internal static class VcpuHypercalls
{
    /// <summary>(command, vCPU, address of the argument). dom0 asks at boot for 8192 vCPUs whether they are up, so one that does not exist is refused first.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static long VcpuOp(ulong command, ulong vcpuId, ulong argument, ulong a4, ulong a5, uint number)
    {
        Vcpu caller = Serving.Vcpu;
        if (caller.Domain.FindVcpu(unchecked((uint)vcpuId)) is not Vcpu vcpu)
            return XenError.NoEntry.ToResult();
        Op operation = (Op)unchecked((uint)command);
        switch (operation)
        {
            case Op.SetSingleshotTimer:
                return SetOneShot(caller, vcpu, argument);
            case Op.StopSingleshotTimer:
                if (vcpu != caller)
                    return XenError.Invalid.ToResult();
                vcpu.Timers.StopOneShot();
                return 0;
            case Op.SetPeriodicTimer:
                return SetPeriod(vcpu, argument);
            case Op.StopPeriodicTimer:
                vcpu.Timers.SetPeriod(0);
                return 0;
            default:
                return Other(caller, vcpu, operation, argument, number);
        }
    }

    private static long Other(Vcpu caller, Vcpu vcpu, Op operation, ulong argument, uint number)
    {
        switch (operation)
        {
            case Op.Initialise:
                return VcpuStart.Initialise(vcpu, argument, number);
            case Op.Up:
                return VcpuStart.Up(vcpu);
            case Op.Down:
                return VcpuStart.Down(vcpu);
            case Op.IsUp:
                return vcpu.Scheduling.IsUp ? 1 : 0;
            case Op.GetRunstateInfo:
                return Written(GuestMemory.TryWrite(argument, vcpu.Timers.RunstateNow()));
            case Op.RegisterRunstateMemoryArea:
                return RegisterRunstateArea(vcpu, argument);
            case Op.RegisterVcpuInfo:
                return RegisterInfo(caller, vcpu, argument, (uint)operation, number);
            case Op.RegisterVcpuTimeMemoryArea:
                return RegisterTimeArea(vcpu, argument);
            case Op.SendNmi:
                if (argument != 0)
                    return XenError.Invalid.ToResult();
                return VcpuStart.SendNmi(vcpu);
            case Op.GetPhysid:
                return GetPhysicalId(vcpu, argument);
            default:
                return XenError.NotImplemented.ToResult();
        }
    }

    private static long SetOneShot(Vcpu caller, Vcpu vcpu, ulong argument)
    {
        if (vcpu != caller)
            return XenError.Invalid.ToResult();
        if (!GuestMemory.TryRead(argument, out VcpuSetSingleshotTimer timer))
            return XenError.BadAddress.ToResult();
        // VCPU_SSHOTTMR_future asks to be refused if the moment has passed. Xen 4.17 takes no notice of it and fires at once, and so do we.
        vcpu.Timers.SetOneShot(timer.TimeoutAbsNs);
        return 0;
    }

    private static long SetPeriod(Vcpu vcpu, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out ulong period))
            return XenError.BadAddress.ToResult();
        if (period < VcpuTimers.ShortestPeriod || period > VcpuTimers.LongestPeriod)
            return XenError.Invalid.ToResult();
        vcpu.Timers.SetPeriod(period);
        return 0;
    }

    private static long RegisterRunstateArea(Vcpu vcpu, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out ulong address) || !AddressSpace.IsGuestAddress(address))
            return XenError.BadAddress.ToResult();
        vcpu.Timers.RegisterRunstateArea(address);
        return 0;
    }

    private static long RegisterTimeArea(Vcpu vcpu, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out ulong address) || !AddressSpace.IsGuestAddress(address))
            return XenError.BadAddress.ToResult();
        vcpu.Timers.RegisterTimeArea(address);
        return 0;
    }

    private static long RegisterInfo(Vcpu caller, Vcpu vcpu, ulong argument, uint operation, uint number)
    {
        if (!GuestMemory.TryRead(argument, out VcpuRegisterVcpuInfo place))
            return XenError.BadAddress.ToResult();
        XenError error = VcpuInfoPlace.Move(caller, vcpu, place.Mfn, place.Offset);
        return error == XenError.Restart ? Continuation.Again(number, operation) : error.ToResult();
    }

    /// <summary>APIC id and, in the upper half, ACPI id of the CPU that a vCPU of the hardware domain is tied to; refused for all others.</summary>
    private static long GetPhysicalId(Vcpu vcpu, ulong argument)
    {
        PcpuTable cpus = Host.Current.Pcpus;
        if (!vcpu.Domain.IsPrivileged || !vcpu.Scheduling.IsTied(cpus.End, out uint id) || cpus.Find(id) is not Pcpu cpu)
            return XenError.Invalid.ToResult();
        return Written(GuestMemory.TryWrite(argument, new VcpuGetPhysid { PhysId = cpu.ApicId | (ulong)cpu.AcpiId << 32 }));
    }

    private static long Written(bool done) => done ? 0 : XenError.BadAddress.ToResult();
}
