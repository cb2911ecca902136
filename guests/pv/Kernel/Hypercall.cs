// One thin method for each hypercall this kernel makes. Results are as in rax: negative errors, nothing is hidden.

using Xenith.Guest.Pv.Interface;

namespace Xenith.Guest.Pv.Kernel;

static unsafe class Hypercall
{
    public static long Call(ulong number, ulong a1 = 0, ulong a2 = 0, ulong a3 = 0, ulong a4 = 0, ulong a5 = 0) =>
        Native.Hypercall(number, a1, a2, a3, a4, a5);

    public static long ConsoleWrite(byte* bytes, int count) => Call(Number.ConsoleIo, 0, (ulong)count, (ulong)bytes);

    public static long XenVersion(ulong command, void* argument) => Call(Number.XenVersion, command, (ulong)argument);

    public static long Multicall(MulticallEntry* entries, ulong count) => Call(Number.Multicall, (ulong)entries, count);

    public static long SetTrapTable(TrapInfo* table) => Call(Number.SetTrapTable, (ulong)table);

    public static long RegisterCallback(ushort type, ushort flags, ulong address)
    {
        CallbackRegister argument = default;
        argument.Type = type;
        argument.Flags = flags;
        argument.Address = address;
        return Call(Number.CallbackOp, 0, (ulong)&argument);
    }

    /// <summary>sched_op shutdown: 0 power off, 1 reboot, 2 suspend, 3 crash.</summary>
    public static long Shutdown(uint reason) => Call(Number.SchedOp, 2, (ulong)&reason);

    public static long SchedYield() => Call(Number.SchedOp, 0);

    public static long SchedBlock() => Call(Number.SchedOp, 1);

    public static long MemoryOp(ulong command, void* argument) => Call(Number.MemoryOp, command, (ulong)argument);

    public static long EventChannelOp(ulong command, void* argument) => Call(Number.EventChannelOp, command, (ulong)argument);

    public static long VcpuOp(ulong command, ulong vcpu, void* argument) => Call(Number.VcpuOp, command, vcpu, (ulong)argument);

    public static long VmAssist(ulong command, ulong type) => Call(Number.VmAssist, command, type);

    public static long StackSwitch(ulong ss, ulong rsp) => Call(Number.StackSwitch, ss, rsp);

    /// <summary>platform_op enter_acpi_sleep (platform.h) for S5; the sleep type of the emulated machines is 0.</summary>
    public static long EnterSleepState5()
    {
        const ushort sleepEnable = 1 << 13;
        byte* op = stackalloc byte[136];
        for (int i = 0; i < 136; i++)
        {
            op[i] = 0;
        }

        *(uint*)op = 51;
        *(uint*)(op + 4) = 0x03000001;
        *(ushort*)(op + 8) = sleepEnable;
        *(uint*)(op + 12) = 5;
        return Call(Number.PlatformOp, (ulong)op);
    }
}
