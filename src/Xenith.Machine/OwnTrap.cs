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
}
