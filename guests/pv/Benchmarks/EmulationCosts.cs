// Costs of privileged instructions that the hypervisor carries out. The figure counts the instruction itself as one.

using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Pv.Benchmarks;

static unsafe class EmulationCosts
{
    public static void Run()
    {
        uint level = 1;
        Check.Ok("set_iopl", Hypercall.Call(Number.PhysdevOp, 6, (ulong)&level));
        Meter.Registers = default;
        Meter.Registers.Rax = 0x40000001;
        Meter.Instructions("cpuid_forced_xen_leaf", [0x0f, 0x0b, 0x78, 0x65, 0x6e, 0x0f, 0xa2]);
        Meter.Registers.Rax = 1;
        Meter.Instructions("cpuid_forced_leaf_1", [0x0f, 0x0b, 0x78, 0x65, 0x6e, 0x0f, 0xa2]);
        Meter.Registers = default;
        Meter.Registers.Rcx = 0xc0000100;
        Meter.Instructions("rdmsr_fs_base", [0x0f, 0x32]);
        Meter.Instructions("wrmsr_fs_base", [0x0f, 0x30]);
        Meter.Registers.Rcx = 0xc0000080;
        Meter.Instructions("rdmsr_efer", [0x0f, 0x32]);
        Meter.Registers = default;
        Meter.Instructions("out_imm_port", [0xe6, 0x80]);
        Meter.Registers.Rdx = 0x80;
        Meter.Instructions("in_dx_port", [0xec]);
        Meter.Registers.Rax = 0x0d;
        Meter.Instructions("out_rtc_index", [0xe6, 0x70]);
        Meter.Registers = default;
        Meter.Instructions("read_cr0", [0x0f, 0x20, 0xc0]);
        Meter.Instructions("read_cr2", [0x0f, 0x20, 0xd0]);
        Meter.Instructions("read_cr3", [0x0f, 0x20, 0xd8]);
        Meter.Instructions("read_cr4", [0x0f, 0x20, 0xe0]);
        Stts();
        Meter.Instructions("clts", [0x0f, 0x06]);
        Meter.Registers = default;
        Meter.Instructions("read_dr7", [0x0f, 0x21, 0xf8]);
        Meter.Instructions("wbinvd", [0x0f, 0x09]);
        Meter.Instructions("cli_ignored", [0xfa]);
        level = 0;
        Check.Ok("set_iopl", Hypercall.Call(Number.PhysdevOp, 6, (ulong)&level));
    }

    /// <summary>TS set by a write to CR0, and cleared again within the measured code, whose CLTS has a line of its own.</summary>
    static void Stts()
    {
        Probe.Run([0x0f, 0x20, 0xc0]); // mov %cr0,%rax
        Meter.Registers = default;
        Meter.Registers.Rax = Probe.Registers.Rax | 8;
        Meter.Instructions("stts_and_clts", [0x0f, 0x22, 0xc0, 0x0f, 0x06]);
    }
}
