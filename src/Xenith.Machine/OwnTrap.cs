using System.Runtime;

namespace Xenith.Machine;

/// <summary>
/// Exceptions raised by the hypervisor's own code. A faulting instruction with a fixup goes on at its landing place. An NMI may come anywhere and goes back there. Any other trap is
/// put before Xenith.Hypervisor, which crashes the domain that is being served; then the stack is emptied and the CPU goes on.
/// </summary>
internal static unsafe class OwnTrap
{
    [RuntimeExport("machine_own_trap")]
    private static void Handle(ref GuestFrame frame)
    {
        if (frame.Vector != ExceptionVector.Nmi && frame.Vector != ExceptionVector.MachineCheck && frame.Vector != ExceptionVector.DoubleFault)
        {
            for (ulong* entry = ImageLayout.FixupStart; entry < ImageLayout.FixupEnd; entry += 2)
            {
                if (entry[0] == frame.Rip)
                {
                    frame.Rip = entry[1];
                    return;
                }
            }
        }

        if (frame.Vector == ExceptionVector.Nmi)
        {
            Asm.hv_nmi(ref frame);
            return;
        }
        if (frame.Vector == ExceptionVector.Debug)
        {
            Debug(ref frame);
            return;
        }

        PerCpu.Record* record = PerCpu.Current;
        if (record->TrapDepth++ > 2)
            Cpu.Stop();
        bool goOn = Asm.hv_own_trap(ref frame) != 0;
        record->TrapDepth--;
        if (!goOn)
            return;
        frame.Rsp = (ulong)record + CpuBlock.Size - CpuBlock.FrameSize;
        frame.Rip = Asm.get_contained();
        frame.Cs = Selectors.HypervisorCode;
        frame.Ss = 0;
        frame.Rflags = Rflags.AlwaysOne;
    }

    /// <summary>
    /// A guest can make #DB come to the hypervisor: SYSENTER with TF set, until the entry code has cleared that; a breakpoint on its own data that a hypercall reads or writes; one that
    /// is held back by MOV SS until the first instruction of ours. None of them is about the hypervisor, and all are over: breakpoints on code and general detect, which would come
    /// again, are never set for our addresses.
    /// </summary>
    private static void Debug(ref GuestFrame frame)
    {
        const ulong nothingHit = 0xffff_0ff0;
        Cpu.WriteDebugRegister(6, nothingHit);
        bool isSysenter = frame.Rip >= Asm.get_sysenter_entry() && frame.Rip <= Asm.get_sysenter_flags_cleared();
        if (!isSysenter)
            frame.Rflags &= ~Rflags.Trap;
    }
}
