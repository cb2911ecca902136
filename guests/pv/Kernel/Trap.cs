// What happens when the hypervisor enters this kernel: one trap table with every vector, one C# method for all entries.
//
// A fault inside a probe (Probe.cs) is expected: it is recorded and the probe returns. A fault anywhere else fails the
// check that runs and abandons it, so one wrong answer costs one check and not the run.

using System.Runtime;
using Xenith.Guest.Pv.Interface;

namespace Xenith.Guest.Pv.Kernel;

static unsafe class Trap
{
    struct Table
    {
        public fixed ulong Entries[2 * 257];
    }

    static Table table;

    /// <summary>The frame of the last entry that was not an event, as the hypervisor made it.</summary>
    public static TrapFrame Last;

    /// <summary>vcpu_info.arch.cr2 at that entry.</summary>
    public static ulong LastCr2;

    /// <summary>vcpu_info.evtchn_upcall_mask at that entry, after the hypervisor's own change.</summary>
    public static byte LastMaskInside;

    /// <summary>How many entries other than events there have been.</summary>
    public static ulong Count;

    /// <summary>True while a probe runs: a fault then goes to the probe's landing.</summary>
    public static bool ProbeActive;

    /// <summary>True while a check runs under run_guarded.</summary>
    public static bool Guarded;

    /// <summary>A trap in a guarded run abandons it without a word: nobody expected it not to come.</summary>
    public static bool Quiet;

    /// <summary>Exceptions, as bits by vector, after which the interrupted code simply goes on: those that a kernel meets that changes its own debug registers or CR0.</summary>
    public static ulong Tolerated;

    /// <summary>Where the frame lay: it ends at the stack that the hypervisor chose.</summary>
    public static ulong LastFrameEnd;

    /// <summary>When set, the next trap goes on in place of ending its probe, past the instruction by <see cref="SkipBytes"/>.</summary>
    public static bool Resume;

    public static ulong SkipBytes, FlagsToSet, FlagsToClear;

    /// <summary>Gives the hypervisor a gate for all 256 vectors; 3, 4 and 0x80 may be raised by user mode.</summary>
    public static long Install()
    {
        fixed (ulong* words = table.Entries)
        {
            TrapInfo* entries = (TrapInfo*)words;
            for (int vector = 0; vector < 256; vector++)
            {
                entries[vector] = Gate((byte)vector, (byte)(vector is 3 or 4 or 0x80 ? 3 : 0));
            }

            entries[256] = default;
            return Hypercall.SetTrapTable(entries);
        }
    }

    public static TrapInfo Gate(byte vector, byte flags)
    {
        TrapInfo gate = default;
        gate.Vector = vector;
        gate.Flags = flags;
        gate.Cs = (ushort)Selector.Code64;
        gate.Address = Native.TrapStubAddress(vector);
        return gate;
    }

    /// <summary>Changes one gate.</summary>
    public static long SetGate(byte vector, byte flags, ulong address)
    {
        TrapInfo* entries = stackalloc TrapInfo[2];
        entries[0] = Gate(vector, flags);
        entries[0].Address = address;
        entries[1] = default;
        return Hypercall.SetTrapTable(entries);
    }

    [RuntimeExport("trap_entry")]
    static void Entry(ref TrapFrame frame)
    {
        if (frame.Number == Entries.Event)
        {
            frame.Error = 0;
            Events.Upcall(ref frame);
            if (UserMode.EndOnEvent && (frame.Cs & 3) == 3)
            {
                Last = frame;
                GoTo(ref frame, Native.UserLandingAddress(), Native.UserStackAddress());
            }

            return;
        }

        Last = frame;
        LastCr2 = Vcpu.Info->Cr2;
        LastMaskInside = Vcpu.Info->UpcallMask;
        fixed (TrapFrame* at = &frame)
        {
            LastFrameEnd = (ulong)(at + 1);
        }

        Count++;
        frame.Error = 0;
        frame.Rflags = (frame.Rflags | FlagsToSet) & ~FlagsToClear;
        FlagsToSet = 0;
        FlagsToClear = 0;
        if (Resume)
        {
            Resume = false;
            frame.Rip += SkipBytes;
            SkipBytes = 0;
            return;
        }

        if ((frame.Cs & 3) == 3 && UserMode.Active)
        {
            UserMode.Active = false;
            GoTo(ref frame, Native.UserLandingAddress(), Native.UserStackAddress());
            return;
        }

        if ((frame.Cs & 3) == 0 && (frame.Number == Entries.Nmi ? Quiet : frame.Number < 64 && (Tolerated >> (int)frame.Number & 1) != 0))
        {
            frame.Rflags &= ~0x100ul; // no TF
            return;
        }

        if (ProbeActive)
        {
            ProbeActive = false;
            GoTo(ref frame, Native.ProbeLandingAddress(), Native.ProbeStackAddress());
            return;
        }

        if (!Quiet)
        {
            Check.Unexpected(ref Last, LastCr2);
        }

        if (!Guarded && !Quiet)
        {
            Power.Off(3);
        }

        GoTo(ref frame, Native.AbandonRunAddress(), frame.Rsp);
    }

    /// <summary>Makes the frame return to kernel mode at an address on a stack.</summary>
    static void GoTo(ref TrapFrame frame, ulong rip, ulong rsp)
    {
        frame.Rip = rip;
        frame.Rsp = rsp;
        frame.Cs = Selector.KernelCode64;
        frame.Ss = Selector.Data;
        frame.Rflags = frame.Rflags & ~0x40500ul; // no TF, no DF, no AC
    }
}
