using System.Runtime.CompilerServices;
using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Power;
using Xenith.Hypervisor.Time;
using Xenith.Machine;
using Op = Xenith.Abi.PlatformOp;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>platform_op (7), public/platform.h: dom0 looks after the machine for the hypervisor: clock, firmware, power. The control domain's only.</summary>
internal static class PlatformHypercalls
{
    private const ulong UnionOffset = 8;

    /// <summary>(address of struct xen_platform_op).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static long PlatformOp(ulong argument, ulong a2, ulong a3, ulong a4, ulong a5, uint number)
    {
        if (!GuestMemory.TryRead(argument, out PlatformOpArgs op))
            return XenError.BadAddress.ToResult();
        if (op.InterfaceVersion != PlatformConstants.InterfaceVersion)
            return XenError.AccessDenied.ToResult();
        if (!Serving.Domain.IsPrivileged)
            return XenError.NotPermitted.ToResult();
        ulong union = unchecked(argument + UnionOffset);
        switch ((Op)op.Cmd)
        {
            case Op.SetTime32:
                return SetTime(op.SetTime32.Secs, op.SetTime32.Nsecs, op.SetTime32.SystemTime);
            case Op.SetTime64:
                if (op.SetTime64.Mbz != 0)
                    return XenError.Invalid.ToResult();
                return SetTime(op.SetTime64.Secs, op.SetTime64.Nsecs, op.SetTime64.SystemTime);
            case Op.FirmwareInfo:
                return FirmwareInfo(op.FirmwareInfo.Type, number).ToResult();
            case Op.EnterAcpiSleep:
                return EnterSleep(op.EnterAcpiSleep).ToResult();
            case Op.SetProcessorPmInfo:
                return ProcessorPower.Set(op.SetPmInfo).ToResult();
            case Op.GetCpuInfo:
                return GetCpuInfo(op.PcpuInfo, union);
            case Op.CpuOnline:
                return CpuHotplug.BringOnline(Host.Current, op.CpuOl.Cpuid).ToResult();
            case Op.CpuOffline:
                XenError left = CpuHotplug.TakeOffline(Host.Current, op.CpuOl.Cpuid);
                return left == XenError.Restart ? Continuation.Again(number, argument) : left.ToResult();
            case Op.GetCpuVersion:
                return GetCpuVersion(op.PcpuVersion, union);
            case Op.AddMemType:
            case Op.DelMemType:
            case Op.ReadMemType:
            case Op.MicrocodeUpdate:
            case Op.PlatformQuirk:
            case Op.EfiRuntimeCall:
            case Op.ChangeFreq:
            case Op.GetIdleTime:
            case Op.CpuHotAdd:
            case Op.MemHotAdd:
            case Op.CoreParking:
            case Op.ResourceOp:
            case Op.GetSymbol:
                return NotWritten.Operation(number, "platform_op", op.Cmd);
            default:
                return XenError.NotImplemented.ToResult();
        }
    }

    private static long SetTime(ulong seconds, uint nanoseconds, ulong systemTime)
    {
        WallClock.Set(Host.Current, seconds, nanoseconds, systemTime);
        return 0;
    }

    /// <summary>
    /// What firmware tells a boot loader that runs in real mode: disks, the monitor's EDID, the keyboard's shift keys. We are started in protected mode and know
    /// none of it, so every list is empty. Of EFI's tables nothing is kept either.
    /// </summary>
    private static XenError FirmwareInfo(uint type, uint number)
    {
        switch ((FirmwareInfoType)type)
        {
            case FirmwareInfoType.DiskInfo:
            case FirmwareInfoType.DiskMbrSignature:
            case FirmwareInfoType.VbeddcInfo:
            case FirmwareInfoType.KbdShiftFlags:
                return XenError.NoSuchDomain;
            case FirmwareInfoType.EfiInfo:
                return XenError.NotImplemented;
            default:
                return XenError.Invalid;
        }
    }

    /// <summary>dom0 has evaluated \_S5 in its firmware's AML and says what belongs into the PM1 control registers.</summary>
    private static XenError EnterSleep(in PlatformEnterAcpiSleep sleep)
    {
        bool extended = (sleep.Flags & PlatformConstants.AcpiSleepExtended) != 0;
        if (extended || Host.Current.Platform.Pm1aControl == 0)
            return XenError.NotPermitted;
        if (sleep.Flags != 0)
            return XenError.Invalid;
        return MachineControl.EnterSleep(sleep.SleepState, sleep.ValA, sleep.ValB);
    }

    /// <summary>What there is to know of a CPU by its number; <see cref="PcpuFlags.Invalid"/> if there is none.</summary>
    private static long GetCpuInfo(PlatformPcpuInfo info, ulong address)
    {
        PcpuTable cpus = Host.Current.Pcpus;
        if (cpus.Find(info.XenCpuid) is Pcpu cpu)
        {
            info.Flags = cpus.Online.Contains(cpu.Id) ? (uint)PcpuFlags.Online : 0;
            info.ApicId = cpu.ApicId;
            info.AcpiId = cpu.AcpiId;
        }
        else
            info.Flags = (uint)PcpuFlags.Invalid;
        info.MaxPresent = cpus.End - 1;
        return GuestMemory.TryWrite(address, info) ? 0 : XenError.BadAddress.ToResult();
    }

    /// <summary>Vendor, family, model and stepping of a CPU that is online; zeros for another.</summary>
    private static long GetCpuVersion(PlatformPcpuVersion version, ulong address)
    {
        PcpuTable cpus = Host.Current.Pcpus;
        version.MaxPresent = cpus.End - 1;
        version.VendorId = default;
        version.Family = version.Model = version.Stepping = 0;
        if (cpus.Online.Contains(version.XenCpuid) && cpus.Find(version.XenCpuid) is Pcpu cpu)
        {
            CpuIdentity identity = cpu.Identity;
            for (int i = 0; i < 4; i++)
            {
                version.VendorId[i] = (byte)(identity.Ebx >> (8 * i) & 0xff);
                version.VendorId[i + 4] = (byte)(identity.Edx >> (8 * i) & 0xff);
                version.VendorId[i + 8] = (byte)(identity.Ecx >> (8 * i) & 0xff);
            }
            version.Family = identity.Family;
            version.Model = identity.Model;
            version.Stepping = identity.Stepping;
        }
        return GuestMemory.TryWrite(address, version) ? 0 : XenError.BadAddress.ToResult();
    }
}
