using Xenith.Abi;
using Xenith.Hypervisor.Events;
using Xenith.Hypervisor.Grants;
using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Hypervisor.Scheduling;
using Xenith.Machine;

namespace Xenith.Hypervisor.Domains;

/// <summary>
/// The end of a domain in steps, each of which can stop anywhere and be gone on with: no CPU runs it; what others could reach it by is closed; what it holds of others is given back; and when no
/// CPU has anything of it in its hands any more, its page tables, its pages and what the hypervisor shared with it go. Pages that others still map stay, and the domain with them.
/// </summary>
internal static partial class DomainLife
{
    /// <summary>
    /// Takes from a domain all that it has: XEN_DOMCTL_destroydomain. <see cref="XenError.Restart"/> if it has to be called again; <see cref="XenError.None"/> once nothing is left to do, and
    /// again after that for as long as somebody else's references keep the domain. <see cref="XenError.Invalid"/> for the domain of the caller or dom0.
    /// </summary>
    internal static XenError Destroy(Domain domain, ref StepBudget budget)
    {
        Host host = Host.Current;
        if (domain.Id == 0 || domain == Pcpu.Current.Served?.Domain)
            return XenError.Invalid;
        if (!domain.TryBeginTeardown())
            return XenError.Restart;
        XenError error = XenError.None;
        while (error == XenError.None && domain.Teardown != TeardownStep.Done)
        {
            error = budget.IsSpent ? XenError.Restart : Take(host, domain, ref budget);
            if (error != XenError.None)
                break;
            budget.Step();
            domain.Teardown++;
        }
        domain.EndTeardown();
        return error;
    }

    /// <summary>Does one step, or a part of it and answers <see cref="XenError.Restart"/>.</summary>
    private static XenError Take(Host host, Domain domain, ref StepBudget budget)
    {
        switch (domain.Teardown)
        {
            case TeardownStep.Stop:
                domain.State = DomainState.Dying;
                Pause(domain);
                return XenError.None;
            case TeardownStep.LeaveCpus:
                return LeaveCpus(host, domain);
            case TeardownStep.CloseEvents:
                return domain.Events.CloseAll(ref budget);
            case TeardownStep.UnmapInterrupts:
                domain.Pirqs.UnmapAll();
                domain.Watchdogs.StopAll();
                return XenError.None;
            case TeardownStep.ReturnGrants:
                return domain.IsSuspect ? GrantSweep.ReleaseAll(host, domain, ref budget) : domain.Grants.Mappings.ReleaseAll(host, ref budget);
            case TeardownStep.BeginGrace:
                domain.TeardownTicket = host.Grace.Begin();
                return XenError.None;
            case TeardownStep.AwaitGrace:
                if (!host.Grace.IsOver(domain.TeardownTicket))
                    return XenError.Restart;
                StopTimers(domain);
                return XenError.None;
            case TeardownStep.ReleaseVcpus:
                return ReleaseVcpus(domain, ref budget);
            case TeardownStep.EndSharing:
                EndSharing(host, domain);
                return XenError.None;
            case TeardownStep.RelinquishPages:
                // Busy: others map some of them. They are not our business any more.
                return domain.Pages.Relinquish(ref budget) == XenError.Restart ? XenError.Restart : XenError.None;
            default:
                domain.State = DomainState.Dead;
                domain.Put();
                host.EventBindings.Disown(domain);
                host.EventBindings.Raise(host, (uint)Virq.DomainException);
                return XenError.None;
        }
    }

    private static void Pause(Domain domain)
    {
        for (int i = 0; i < domain.Vcpus.Length; i++)
        {
            if (domain.Vcpus[i] is Vcpu vcpu)
                vcpu.Scheduling.Pause();
        }
    }

    /// <summary>True to go on when no CPU has a vCPU of the domain loaded or queued; those that do are asked to come past the scheduler.</summary>
    private static XenError LeaveCpus(Host host, Domain domain)
    {
        XenError error = XenError.None;
        for (uint id = 0; id < host.Pcpus.End; id++)
        {
            if (host.Pcpus.Find(id) is not Pcpu cpu || cpu.Loaded?.Domain != domain)
                continue;
            if (cpu == Pcpu.Current && cpu.IsIdle)
                ContextSwitch.Unload(cpu);
            else
            {
                cpu.Raise(PendingWork.Schedule | PendingWork.Unload);
                error = XenError.Restart;
            }
        }
        for (int i = 0; i < domain.Vcpus.Length; i++)
        {
            if (domain.Vcpus[i] is not Vcpu vcpu)
                continue;
            vcpu.Timers.StopAll();
            vcpu.Polling.End();
            // A CPU has chosen it, but not loaded it yet, or is about to let go of it.
            if (vcpu.Scheduling.IsOnCpu)
                error = XenError.Restart;
        }
        return error;
    }

    /// <summary>
    /// A timer that a CPU had just taken out of its queue when it was first stopped may have been set again since. Now every CPU has passed, so nobody is in one, and nobody sets them any more: the
    /// objects can be used anew.
    /// </summary>
    private static void StopTimers(Domain domain)
    {
        domain.Watchdogs.StopAll();
        for (int i = 0; i < domain.Vcpus.Length; i++)
        {
            if (domain.Vcpus[i] is not Vcpu vcpu)
                continue;
            vcpu.Timers.StopAll();
            vcpu.Polling.StopTimer();
        }
    }

    private static XenError ReleaseVcpus(Domain domain, ref StepBudget budget)
    {
        for (; domain.TeardownVcpu < domain.Vcpus.Length; domain.TeardownVcpu++)
        {
            if (domain.Vcpus[domain.TeardownVcpu] is not Vcpu vcpu)
                continue;
            if (budget.IsSpent || MmuOperations.DropRoots(vcpu, ref budget) == XenError.Restart)
                return XenError.Restart;
            vcpu.Info = default;
            Mfn info = vcpu.InfoFrame;
            vcpu.InfoFrame = Mfn.Invalid;
            if (!info.IsInvalid)
                Host.Current.Memory.Types.PutType(info);
            budget.Step();
        }
        return XenError.None;
    }

    private static void EndSharing(Host host, Domain domain)
    {
        domain.MemoryMap.Release();
        Mfn eoiMap = domain.Pirqs.TakeEoiMap();
        if (!eoiMap.IsInvalid)
            host.Memory.Types.PutType(eoiMap);
        domain.SharedInfo = default;
        Mfn shared = domain.SharedInfoFrame;
        domain.SharedInfoFrame = Mfn.Invalid;
        if (!shared.IsInvalid)
            host.Memory.Types.EndSharing(shared);
        domain.Grants.End();
    }
}
