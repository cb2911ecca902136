// The other side of a race: the second vCPU runs the same operations as the first, on the same tables, in an order of its own.

using System.Runtime;
using System.Runtime.CompilerServices;
using System.Threading;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Hostile.Kernel;

static unsafe class Racer
{
    static ulong body;
    static uint running;

    public static bool Exists => SecondVcpu.Exists;

    /// <summary>Makes the vCPU, the first time. It has no callback and no gates: what it runs must not fault.</summary>
    public static void Prepare()
    {
        (&Vcpu.Shared->Vcpu0 + SecondVcpu.Id)->UpcallMask = 1;
        byte* context = SecondVcpu.NewContext(Memory.Allocate(4) + 4 * Memory.PageSize);
        *(ulong*)(context + SecondVcpu.RegistersAt + SecondVcpu.RipAt) = StartAddress();
        Check.Ok("initialise", SecondVcpu.Initialise(context));
    }

    /// <summary>Starts code on it.</summary>
    public static void Start(delegate*<void> code)
    {
        body = (ulong)code;
        Volatile.Write(ref running, 1);
        Check.Ok("up", SecondVcpu.Start());
    }

    public static bool IsRunning => Volatile.Read(ref running) != 0;

    /// <summary>Waits until it has come to its end and is down.</summary>
    public static void Join()
    {
        while (IsRunning)
        {
            Hypercall.SchedYield();
        }

        while (Hypercall.VcpuOp(3, SecondVcpu.Id, null) == 1)
        {
            Hypercall.SchedYield();
        }
    }

    [RuntimeExport("racer_main")]
    static void Main()
    {
        if (IsRunning)
        {
            ((delegate*<void>)body)();
            Volatile.Write(ref running, 0);
        }
    }

    [RuntimeImport("*", "racer_start_address"), MethodImpl(MethodImplOptions.InternalCall)]
    static extern ulong StartAddress();
}
