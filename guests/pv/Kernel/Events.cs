// The two-level event channel ABI from the guest's side: masks, pending bits, and the upcall.

namespace Xenith.Guest.Pv.Kernel;

static unsafe class Events
{
    /// <summary>Upcalls taken so far.</summary>
    public static ulong Upcalls;

    /// <summary>The frame of the last upcall.</summary>
    public static TrapFrame LastFrame;

    public static void Upcall(ref TrapFrame frame)
    {
        Upcalls++;
        LastFrame = frame;
    }
}
