using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;
using RunState = Xenith.Hypervisor.Scheduling.RunState;

namespace Xenith.Hypervisor.Time;

/// <summary>
/// What a guest reads by itself instead of asking: the clock's parameters in vcpu_info and in an area of its own, and the vCPU's run state (public/xen.h
/// vcpu_time_info, public/vcpu.h vcpu_runstate_info). A version number, odd while the rest changes, tells readers to try again.
/// </summary>
public sealed partial class VcpuTimers
{
    private const uint TimeOffset = 32;

    // Offsets in struct vcpu_time_info.
    private const uint VersionAt = 0, TscAt = 8, SystemAt = 16, MultiplierAt = 24, ShiftAt = 28, FlagsAt = 29;

    // Offsets in struct vcpu_runstate_info.
    private const uint EntryTimeAt = 8;

    private ulong _timeArea;
    private ulong _runstateArea;
    private bool _published;
    private ulong _publishedStamp;
    private bool _kernelMustBeReached;

    /// <summary>
    /// Gives the guest the clock's parameters if they have changed since, or if its vcpu_info has. They seldom do: guests and hypervisor count with the same
    /// numbers.
    /// </summary>
    internal void PublishTimeIfChanged()
    {
        SystemTime time = Host.Current.Time;
        if (!_published || _publishedStamp != time.StampTsc)
            PublishTime(time);
    }

    /// <summary>Makes the next way in publish again: after vcpu_info has moved.</summary>
    internal void RepublishTime()
    {
        _published = false;
        if (_vcpu.IsCurrent)
            PublishTimeIfChanged();
    }

    /// <summary>Sets the address of the guest's copy of vcpu_time_info.</summary>
    internal void RegisterTimeArea(ulong address)
    {
        _timeArea = address;
        RepublishTime();
    }

    /// <summary>Sets the address at which the guest wants the vCPU's run state, and writes it there for the first time if it can be reached.</summary>
    internal void RegisterRunstateArea(ulong address)
    {
        _runstateArea = address;
        if (_vcpu.IsCurrent)
            PublishRunstate();
        else
            GuestMemory.TryWrite(address, RunstateNow());
    }

    /// <summary>
    /// The vCPU went from user to kernel mode. The guest's areas lie in its kernel's memory, which cannot be reached while its user tables are loaded: what
    /// was to be written meanwhile is written now.
    /// </summary>
    internal void OnKernelMode()
    {
        if (!_kernelMustBeReached)
            return;
        _kernelMustBeReached = false;
        PublishTimeIfChanged();
        PublishRunstate();
    }

    /// <summary>The run state with the time spent in the present state so far: VCPUOP_get_runstate_info.</summary>
    internal VcpuRunstateInfo RunstateNow()
    {
        VcpuRunstateInfo info = Runstate();
        ulong now = Host.Current.Time.Now;
        if (now > info.StateEntryTime)
            info.Time[info.State] += now - info.StateEntryTime;
        return info;
    }

    private VcpuRunstateInfo Runstate()
    {
        Scheduling.RunStateTimes times = _vcpu.Scheduling.Times;
        VcpuRunstateInfo info = default;
        info.State = (int)times.State;
        info.StateEntryTime = times.Since;
        for (int state = 0; state < 4; state++)
            info.Time[state] = times.TimeIn((RunState)state);
        return info;
    }

    private void PublishRunstate()
    {
        ulong area = _runstateArea;
        if (area == 0)
            return;
        if (_vcpu.Pv.InUserMode)
        {
            _kernelMustBeReached = true;
            return;
        }
        VcpuRunstateInfo info = Runstate();
        if ((_vcpu.Domain.VmAssist >> (int)VmAssistType.RunstateUpdateFlag & 1) == 0)
        {
            GuestMemory.TryWrite(area, info);
            return;
        }
        // The top bit of the entry time is set while the rest changes.
        ulong entryTime = info.StateEntryTime;
        info.StateEntryTime |= RunstateConstants.Update;
        ulong entryTimeAddress = unchecked(area + EntryTimeAt);
        if (GuestMemory.TryWrite(entryTimeAddress, info.StateEntryTime) && GuestMemory.TryWrite(area, info))
            GuestMemory.TryWrite(entryTimeAddress, entryTime);
    }

    private void PublishTime(SystemTime time)
    {
        if (_vcpu.Info.Exists)
            PublishTo(_vcpu.Info.Slice(TimeOffset, 32), time);
        WallClock.PublishFirst(_vcpu.Domain, time);
        _published = true;
        _publishedStamp = time.StampTsc;
        if (_timeArea == 0)
            return;
        if (_vcpu.Pv.InUserMode)
        {
            _published = false;
            _kernelMustBeReached = true;
            return;
        }
        PublishTo(_timeArea, time);
    }

    private static void PublishTo(SharedArea area, SystemTime time)
    {
        uint version = area.Load32(VersionAt) | 1;
        area.Store32(VersionAt, version);
        area.Store64(TscAt, time.StampTsc);
        area.Store64(SystemAt, SystemTime.StampNanoseconds);
        area.Store32(MultiplierAt, time.PvclockMultiplier);
        area.Store8(ShiftAt, unchecked((byte)time.PvclockShift));
        area.Store8(FlagsAt, 0);
        area.Store32(VersionAt, unchecked(version + 1));
    }

    private static void PublishTo(ulong address, SystemTime time)
    {
        if (!GuestMemory.TryRead(address, out uint version))
            return;
        VcpuTimeInfo info = default;
        info.Version = version | 1;
        info.TscTimestamp = time.StampTsc;
        info.SystemTime = SystemTime.StampNanoseconds;
        info.TscToSystemMul = time.PvclockMultiplier;
        info.TscShift = time.PvclockShift;
        if (GuestMemory.TryWrite(address, info.Version) && GuestMemory.TryWrite(address, info))
            GuestMemory.TryWrite(address, unchecked(info.Version + 1));
    }
}
