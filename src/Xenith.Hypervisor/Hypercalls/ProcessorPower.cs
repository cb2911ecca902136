using Xenith.Abi;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>
/// XENPF_set_processor_pminfo: dom0 hands over what its firmware's AML says of idle and performance states. The hypervisor drives none of them, and says so; what it
/// must answer is which of dom0's capabilities dom0 may report to the firmware (_PDC; Intel, "Processor Driver Capabilities", 302223).
/// </summary>
internal static class ProcessorPower
{
    private const uint Revision = 1;

    // Bits of the capabilities word: what concerns performance, throttling and idle states.
    private const uint PerformanceBits = 1 << 0 | 1 << 5 | 1 << 11;
    private const uint ThrottlingBits = 1 << 2 | 1 << 7;
    private const uint IdleNativeC1 = 1 << 8, IdleNativeC2C3 = 1 << 9;
    private const uint IdleBits = 1 << 1 | 1 << 3 | 1 << 4 | 1 << 6 | IdleNativeC1 | IdleNativeC2C3;
    private const uint MonitorFeature = 1 << 3;

    /// <summary>One of the types; those that a driver would be needed for are not there, as in Xen with that driver switched off.</summary>
    internal static XenError Set(in PlatformSetProcessorPmInfo info)
    {
        switch ((ProcessorPmType)info.Type)
        {
            case ProcessorPmType.Pdc:
                return FilterCapabilities(info.Pdc.Value);
            case ProcessorPmType.Cx:
            case ProcessorPmType.Px:
            case ProcessorPmType.Tx:
                return XenError.NotImplemented;
            default:
                return XenError.Invalid;
        }
    }

    /// <summary>The buffer: revision, number of words, words. dom0 cannot use MONITOR and MWAIT, so native idle states need them on the CPU at least.</summary>
    private static XenError FilterCapabilities(ulong buffer)
    {
        if (!GuestMemory.TryRead(buffer, out ulong head))
            return XenError.BadAddress;
        if (unchecked((uint)head) != Revision || head >> 32 == 0)
            return XenError.Invalid;
        ulong word = unchecked(buffer + 8);
        if (!GuestMemory.TryRead(word, out uint bits))
            return XenError.BadAddress;
        bits &= PerformanceBits | ThrottlingBits | IdleBits;
        if ((Cpu.Cpuid(1).Ecx & MonitorFeature) == 0)
            bits &= ~(IdleNativeC1 | IdleNativeC2C3);
        return GuestMemory.TryWrite(word, bits) ? XenError.None : XenError.BadAddress;
    }
}
