// System time from the shared record (public xen.h, vcpu_time_info): nanoseconds since the hypervisor's start.
// The record is read between two equal, even versions; the product is 64 by 32 bits with 32 bits of fraction.

using System.Threading;
using Xenith.Guest.Pv.Interface;

namespace Xenith.Guest.Pv.Kernel;

static unsafe class Clock
{
    public static ulong Now()
    {
        VcpuTimeInfo* info = &Vcpu.Info->Time;
        while (true)
        {
            uint version = Volatile.Read(ref info->Version);
            ulong delta = Native.ReadTsc() - info->TscTimestamp;
            ulong time = info->SystemTime + Scale(delta, info->TscToSystemMul, info->TscShift);
            if ((version & 1) == 0 && Volatile.Read(ref info->Version) == version)
            {
                return time;
            }
        }
    }

    static ulong Scale(ulong delta, uint multiplier, int shift)
    {
        delta = shift < 0 ? delta >> -shift : delta << shift;
        ulong low = (delta & 0xffffffff) * multiplier;
        ulong high = (delta >> 32) * multiplier;
        return high + (low >> 32);
    }
}
