// Privileged instructions of the kernel, which the hypervisor carries out for it: control and debug registers, MSRs, the
// forced CPUID, ports, the time-stamp counter, XSETBV. What is not on its list is a #GP (Checks/Faults.cs).

using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Pv.Checks;

static unsafe class Privileged
{
    public static void Run()
    {
        Check.Run("privileged.cr0", &Cr0);
        Check.Run("privileged.clts", &Clts);
        Check.Run("privileged.cr2", &Cr2);
        Check.Run("privileged.cr3", &Cr3);
        Check.Run("privileged.cr4", &Cr4);
        Check.Run("privileged.debug_registers", &DebugRegisters);
        Check.Run("privileged.debug_hypercalls", &DebugHypercalls);
        Check.Run("privileged.breakpoint", &HardwareBreakpoint);
        Check.Run("privileged.cli_sti", &CliSti);
        Check.Run("privileged.msr_bases", &MsrBases);
        Check.Run("privileged.msr_fixed", &MsrFixed);
        Check.Run("privileged.msr_writes", &MsrWrites);
        Check.Run("privileged.cpuid_xen", &CpuidXen);
        Check.Run("privileged.cpuid_features", &CpuidFeatures);
        Check.Run("privileged.ports", &Ports);
        Check.Run("privileged.port_strings", &PortStrings);
        Check.Run("privileged.pci_latch", &PciLatch);
        Check.Run("privileged.tsc", &Tsc);
        Check.Run("privileged.wbinvd", &Wbinvd);
    }

    static void Cr0()
    {
        // mov %cr0,%rax
        Check.True("read", Probe.Run([0x0f, 0x20, 0xc0]));
        ulong value = Probe.Registers.Rax;
        Check.Value("cr0", value);
        // mov %rax,%cr0 : the same value
        Check.True("write of the same", Probe.Run([0x0f, 0x22, 0xc0]));
        Probe.Registers.Rax = value ^ 1ul << 16;
        Check.Faulted("write without WP", Probe.Run([0x0f, 0x22, 0xc0]), 13, 0);
        Probe.Registers.Rax = value & 0xffffffff7fffffff;
        Check.Faulted("write without PG", Probe.Run([0x0f, 0x22, 0xc0]), 13, 0);
        Probe.Registers.Rax = value | 8;
        // mov %rax,%cr0; movaps %xmm0,%xmm0
        Check.Faulted("TS set, then SSE", Probe.Run([0x0f, 0x22, 0xc0, 0x0f, 0x28, 0xc0]), 7, 0);
        // smsw %eax is not privileged; the value shows the real CR0, of which nothing is said here
        Check.True("read", Probe.Run([0x0f, 0x20, 0xc0]));
        Check.Equal("#NM has cleared TS", value, Probe.Registers.Rax);
    }

    static void Clts()
    {
        Probe.Registers = default;
        Probe.Registers.Rax = Number.FpuTaskswitch;
        Probe.Registers.Rdi = 1;
        // syscall; mov %cr0,%rbx; clts; mov %cr0,%rdx; movaps %xmm0,%xmm0
        Check.True("completed", Probe.Run([0x0f, 0x05, 0x0f, 0x20, 0xc3, 0x0f, 0x06, 0x0f, 0x20, 0xc2, 0x0f, 0x28, 0xc0]));
        Check.Equal("TS after fpu_taskswitch(1)", 8, Probe.Registers.Rbx & 8);
        Check.Equal("TS after CLTS", 0, Probe.Registers.Rdx & 8);
    }

    static void Cr2()
    {
        const ulong address = 0xffffffffc0001230;
        Check.True("fault", !Probe.TryRead(address, out _));
        Check.True("read", Probe.Run([0x0f, 0x20, 0xd0])); // mov %cr2,%rax
        Check.Equal("cr2", address, Probe.Registers.Rax);
        Probe.Registers.Rax = 0x123456789abcdef0;
        Check.True("write", Probe.Run([0x0f, 0x22, 0xd0]));
        Check.True("read", Probe.Run([0x0f, 0x20, 0xd0]));
        Check.Equal("cr2 as written", 0x123456789abcdef0, Probe.Registers.Rax);
        Check.Equal("and in vcpu_info", 0x123456789abcdef0, Vcpu.Info->Cr2);
    }

    /// <summary>CR3 holds a machine address; a write is new_baseptr.</summary>
    static void Cr3()
    {
        ulong root = Memory.MachineOf(Vcpu.Start->PtBase);
        Check.True("read", Probe.Run([0x0f, 0x20, 0xd8])); // mov %cr3,%rax
        Check.Equal("cr3", root, Probe.Registers.Rax);
        ulong copy = Memory.Allocate();
        ((ulong*)copy)[511] = ((ulong*)Vcpu.Start->PtBase)[511];
        Check.Ok("read-only", PageTable.MakeReadOnly(copy));
        Probe.Registers.Rax = Memory.MachineOf(copy);
        Check.True("write", Probe.Run([0x0f, 0x22, 0xd8]));
        Check.True("read", Probe.Run([0x0f, 0x20, 0xd8]));
        Check.Equal("cr3", Memory.MachineOf(copy), Probe.Registers.Rax);
        Check.Result("it is a table", -ErrorNumber.Ebusy, PageTable.MakeWritable(copy));
        Probe.Registers.Rax = root;
        Check.True("back", Probe.Run([0x0f, 0x22, 0xd8]));
        Check.Ok("free", PageTable.MakeWritable(copy));
        Probe.Registers.Rax = 0xfffffffffful << 12;
        Check.Faulted("a bad frame", Probe.Run([0x0f, 0x22, 0xd8]), 13, 0);
        Probe.Registers.Rax = Memory.MachineOf(copy);
        Check.Faulted("writable memory", Probe.Run([0x0f, 0x22, 0xd8]), 13, 0);
    }

    static void Cr4()
    {
        Check.True("read", Probe.Run([0x0f, 0x20, 0xe0])); // mov %cr4,%rax
        ulong value = Probe.Registers.Rax;
        Check.Value("cr4", value);
        Check.True("write of the same", Probe.Run([0x0f, 0x22, 0xe0]));
        Probe.Registers.Rax = value | 4; // TSD
        // mov %rax,%cr4; mov %cr4,%rax
        Check.True("TSD on", Probe.Run([0x0f, 0x22, 0xe0, 0x0f, 0x20, 0xe0]));
        Check.Equal("cr4", value | 4, Probe.Registers.Rax);
        // rdtsc: emulated for the kernel
        Check.True("rdtsc in the kernel", Probe.Run([0x0f, 0x31]));
        UserMode.Prepare();
        UserMode.Run([0x0f, 0x31]);
        UserMode.Ended("rdtsc in user mode", 13, 0);
        Probe.Registers.Rax = value;
        Check.True("TSD off", Probe.Run([0x0f, 0x22, 0xe0]));
        UserMode.Reset();
        Check.Equal("rdtsc in user mode", Entries.Syscall, UserMode.Run([0x0f, 0x31, 0x0f, 0x05]));
        Probe.Registers.Rax = value & ~0x20ul; // PAE
        Check.True("write without PAE", Probe.Run([0x0f, 0x22, 0xe0, 0x0f, 0x20, 0xe0]));
        Check.Equal("is ignored", value, Probe.Registers.Rax);
        Probe.Registers.Rax = value | 1ul << 13; // VMXE
        Check.True("write with VMXE", Probe.Run([0x0f, 0x22, 0xe0, 0x0f, 0x20, 0xe0]));
        Check.Equal("is ignored", value, Probe.Registers.Rax);
    }

    static void DebugRegisters()
    {
        Check.True("read", Probe.Run([0x0f, 0x21, 0xf8])); // mov %dr7,%rax
        Check.Equal("dr7", 0x400, Probe.Registers.Rax);
        Probe.Registers.Rax = 0xffffffff80123456;
        // mov %rax,%dr0; xor %eax,%eax; mov %dr0,%rax
        Check.True("write dr0", Probe.Run([0x0f, 0x23, 0xc0, 0x31, 0xc0, 0x0f, 0x21, 0xc0]));
        Check.Equal("dr0", 0xffffffff80123456, Probe.Registers.Rax);
        Probe.Registers.Rax = 0x0000800000000000;
        Check.Faulted("non-canonical dr0", Probe.Run([0x0f, 0x23, 0xc0]), 13, 0);
        Probe.Registers.Rax = 0xffff82d040200000;
        Check.Faulted("dr0 in the hypervisor", Probe.Run([0x0f, 0x23, 0xc0]), 13, 0);
        Probe.Registers.Rax = 0;
        Check.True("dr0 0", Probe.Run([0x0f, 0x23, 0xc0]));
        // mov %dr6,%rax
        Probe.Registers.Rax = 0;
        Check.True("write dr6", Probe.Run([0x0f, 0x23, 0xf0, 0x0f, 0x21, 0xf0]));
        Check.Equal("dr6", 0xffff0ff0, Probe.Registers.Rax);
        // mov %rax,%dr4 : alias or #UD by CR4.DE
        Check.Value("read of dr4 completes", Probe.Run([0x0f, 0x21, 0xe0]) ? 1ul : 0);
        Check.Value("vector", Trap.Last.Number);
    }

    static void DebugHypercalls()
    {
        Check.Ok("set dr1", Hypercall.Call(Number.SetDebugreg, 1, 0x123000));
        Check.Result("get dr1", 0x123000, Hypercall.Call(Number.GetDebugreg, 1));
        Check.Ok("set dr1 to 0", Hypercall.Call(Number.SetDebugreg, 1, 0));
        Check.Ok("set dr7 to 0", Hypercall.Call(Number.SetDebugreg, 7, 0));
        Check.Result("get dr7", 0x400, Hypercall.Call(Number.GetDebugreg, 7));
        Check.Result("set dr8", -ErrorNumber.Enodev, Hypercall.Call(Number.SetDebugreg, 8, 0));
        Check.Result("get dr8", -ErrorNumber.Enodev, Hypercall.Call(Number.GetDebugreg, 8));
        Check.Ok("set dr4", Hypercall.Call(Number.SetDebugreg, 4, 0));
        Check.Result("get dr4", 0xffff0ff0, Hypercall.Call(Number.GetDebugreg, 4));
        Check.Result("dr0 in the hypervisor", -ErrorNumber.Eperm, Hypercall.Call(Number.SetDebugreg, 0, 0xffff82d040200000));
        Check.Result("dr7 with GD", -ErrorNumber.Eperm, Hypercall.Call(Number.SetDebugreg, 7, 0x2401));
    }

    /// <summary>DR0 on a data write in the kernel: #DB after the instruction.</summary>
    static void HardwareBreakpoint()
    {
        ulong* word = stackalloc ulong[1];
        Check.Ok("dr0", Hypercall.Call(Number.SetDebugreg, 0, (ulong)word));
        Check.Ok("dr6", Hypercall.Call(Number.SetDebugreg, 6, 0));
        Check.Ok("dr7: L0, write, 8 bytes", Hypercall.Call(Number.SetDebugreg, 7, 0x90401));
        Probe.Registers.Rdi = (ulong)word;
        Probe.Registers.Rax = 7;
        Check.Faulted("write to the word", Probe.Run([0x48, 0x89, 0x07, 0x90]), 1, 0);
        Check.Equal("rip is past it", Probe.Start + 3, Trap.Last.Rip);
        Check.Equal("DR6.B0", 1, (ulong)Hypercall.Call(Number.GetDebugreg, 6) & 0xf);
        Check.Ok("dr7 off", Hypercall.Call(Number.SetDebugreg, 7, 0));
        Check.Ok("dr0 off", Hypercall.Call(Number.SetDebugreg, 0, 0));
    }

    /// <summary>The kernel counts as ring 1 against the virtual IOPL, which is 0 at first.</summary>
    static void SetIopl(uint level) => Check.Ok("set_iopl", Hypercall.Call(Number.PhysdevOp, 6, (ulong)&level));

    /// <summary>With IOPL 0 they fault; with IOPL 1 they do nothing: not to the mask, not to IF.</summary>
    static void CliSti()
    {
        Check.Faulted("cli with IOPL 0", Probe.Run([0xfa]), 13, 0);
        Check.Faulted("sti with IOPL 0", Probe.Run([0xfb]), 13, 0);
        SetIopl(1);
        Check.True("cli with IOPL 1", Probe.Run([0xfa]));
        Check.True("sti with IOPL 1", Probe.Run([0xfb]));
        Check.Equal("mask", 1, Vcpu.Info->UpcallMask);
        // cli; pushfq; pop %rax
        Check.True("pushf", Probe.Run([0xfa, 0x9c, 0x58]));
        Check.Equal("the real IF", 0x200, Probe.Registers.Rax & 0x200);
        Vcpu.Info->UpcallMask = 0;
        Check.True("cli", Probe.Run([0xfa]));
        byte mask = Vcpu.Info->UpcallMask;
        Vcpu.Info->UpcallMask = 1;
        Check.Equal("mask", 0, mask);
        SetIopl(0);
    }

    static bool ReadMsr(ulong index, out ulong value)
    {
        Probe.Registers = default;
        Probe.Registers.Rcx = index;
        bool ok = Probe.Run([0x0f, 0x32]);
        value = Probe.Registers.Rdx << 32 | (Probe.Registers.Rax & 0xffffffff);
        return ok;
    }

    static bool WriteMsr(ulong index, ulong value)
    {
        Probe.Registers = default;
        Probe.Registers.Rcx = index;
        Probe.Registers.Rax = value & 0xffffffff;
        Probe.Registers.Rdx = value >> 32;
        return Probe.Run([0x0f, 0x30]);
    }

    static void MsrBases()
    {
        const ulong fsBase = 0xc0000100, gsBase = 0xc0000101, kernelGsBase = 0xc0000102;
        ulong* word = stackalloc ulong[1];
        *word = 0x5afe;
        Check.True("write FS base", WriteMsr(fsBase, (ulong)word));
        // mov %fs:0,%rax
        Check.True("load", Probe.Run([0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0]));
        Check.Equal("through FS", 0x5afe, Probe.Registers.Rax);
        Check.True("read FS base", ReadMsr(fsBase, out ulong value) && value == (ulong)word);
        Check.True("write GS base", WriteMsr(gsBase, (ulong)word));
        Check.True("load", Probe.Run([0x65, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0]));
        Check.Equal("through GS", 0x5afe, Probe.Registers.Rax);
        Check.True("read GS base", ReadMsr(gsBase, out value) && value == (ulong)word);
        Check.True("write user's GS base", WriteMsr(kernelGsBase, 0x123456789000));
        Check.True("read it", ReadMsr(kernelGsBase, out value) && value == 0x123456789000);
        Check.Faulted("FS base non-canonical", WriteMsr(fsBase, 0x0000800000000000), 13, 0);
        Check.Faulted("GS base non-canonical", WriteMsr(gsBase, 0x0000800000000000), 13, 0);
        Check.Faulted("user's GS base non-canonical", WriteMsr(kernelGsBase, 0x0000800000000000), 13, 0);
        Check.True("zero", WriteMsr(fsBase, 0) && WriteMsr(gsBase, 0) && WriteMsr(kernelGsBase, 0));
    }

    static void MsrFixed()
    {
        Show("EFER", 0xc0000080);
        Show("APIC_BASE", 0x1b);
        Show("PAT", 0x277);
        Show("MCG_CAP", 0x179);
        Show("MCG_STATUS", 0x17a);
        Show("PERF_CAPABILITIES", 0x345);
        Show("STAR", 0xc0000081);
        Show("LSTAR", 0xc0000082);
        Show("SYSENTER_CS", 0x174);
        Show("MTRR cap", 0xfe);
        Show("x2APIC id", 0x802);
        Show("feature control", 0x3a);
        Show("an MSR of nobody's", 0x12345678);
    }

    static void Show(string name, ulong index)
    {
        bool ok = ReadMsr(index, out ulong value);
        Check.Value(name, ok ? value : 0xdead000000000000 | Trap.Last.Number);
    }

    static void MsrWrites()
    {
        Check.True("EFER", ReadMsr(0xc0000080, out ulong efer));
        Check.True("EFER unchanged", WriteMsr(0xc0000080, efer));
        Try("EFER without NXE", 0xc0000080, efer & ~0x800ul);
        Try("PAT changed", 0x277, 0x0007040600070406);
        Try("LSTAR", 0xc0000082, 0xffffffff80100000);
        Try("SYSENTER_EIP", 0x176, 0);
        Try("TSC", 0x10, 0);
        Try("APIC_BASE", 0x1b, 0);
        Try("an MSR of nobody's", 0x12345678, 0);
    }

    static void Try(string name, ulong index, ulong value)
    {
        bool ok = WriteMsr(index, value);
        Check.Value(name, ok ? 0 : Trap.Last.Number);
    }

    static void Cpuid(ulong leaf, ulong subleaf)
    {
        Probe.Registers = default;
        Probe.Registers.Rax = leaf;
        Probe.Registers.Rcx = subleaf;
        // ud2; 'xen'; cpuid
        Check.True("forced cpuid", Probe.Run([0x0f, 0x0b, 0x78, 0x65, 0x6e, 0x0f, 0xa2]));
    }

    static void CpuidXen()
    {
        Cpuid(0x40000000, 0);
        Check.Equal("highest leaf", 0x40000005, Probe.Registers.Rax);
        Check.Equal("XenV", 0x566e6558, Probe.Registers.Rbx);
        Check.Equal("MMXe", 0x65584d4d, Probe.Registers.Rcx);
        Check.Equal("nVMM", 0x4d4d566e, Probe.Registers.Rdx);
        Cpuid(0x40000001, 0);
        Check.Equal("version", 0x40011, Probe.Registers.Rax);
        Check.Equal("rest", 0, Probe.Registers.Rbx | Probe.Registers.Rcx | Probe.Registers.Rdx);
        Cpuid(0x40000002, 0);
        Check.Equal("hypercall pages", 1, Probe.Registers.Rax);
        Check.Equal("MSR", 0x40000000, Probe.Registers.Rbx);
        Check.Equal("features 1", 1, Probe.Registers.Rcx);
        Check.Equal("features 2", 0, Probe.Registers.Rdx);
        Cpuid(0x40000003, 0);
        Check.Value("time: flags", Probe.Registers.Rax);
        Check.Value("time: mode", Probe.Registers.Rbx);
        Check.Value("time: guest kHz, if fixed", Probe.Registers.Rcx);
        Check.Value("time: incarnation", Probe.Registers.Rdx);
        Cpuid(0x40000003, 1);
        Check.True("time: shift fits a byte", Probe.Registers.Rdx <= 0xffffffff);
        Cpuid(0x40000003, 2);
        Check.True("time: host kHz", Probe.Registers.Rax > 100000);
        Cpuid(0x40000005, 0);
        Check.True("machine address width", Probe.Registers.Rbx is >= 28 and <= 52);
        Check.Equal("rest", 0, Probe.Registers.Rax | Probe.Registers.Rcx | Probe.Registers.Rdx);
        Cpuid(0x40000006, 0);
        Check.Equal("beyond the highest leaf", 0, Probe.Registers.Rax | Probe.Registers.Rbx | Probe.Registers.Rcx | Probe.Registers.Rdx);
        Cpuid(0x40000100, 0);
        Check.Equal("second base", 0, Probe.Registers.Rax | Probe.Registers.Rbx | Probe.Registers.Rcx | Probe.Registers.Rdx);
    }

    /// <summary>Bits that a PV kernel must see or must not see, whatever the CPU.</summary>
    static void CpuidFeatures()
    {
        Cpuid(1, 0);
        ulong ecx = Probe.Registers.Rcx, edx = Probe.Registers.Rdx;
        Check.Equal("hypervisor", 1, ecx >> 31 & 1);
        Check.Equal("VMX", 0, ecx >> 5 & 1);
        Check.Equal("SMX", 0, ecx >> 6 & 1);
        Check.Equal("PCID", 0, ecx >> 17 & 1);
        Check.Equal("TSC-deadline", 0, ecx >> 24 & 1);
        Check.Value("OSXSAVE", ecx >> 27 & 1);
        Check.Equal("x2APIC", 0, ecx >> 21 & 1);
        Check.Equal("MONITOR", 0, ecx >> 3 & 1);
        Check.Equal("PSE", 0, edx >> 3 & 1);
        Check.Equal("PGE", 0, edx >> 13 & 1);
        Check.Value("MTRR", edx >> 12 & 1);
        Check.Equal("APIC", 1, edx >> 9 & 1);
        Check.Equal("PAE, NX, LM by way of PAE", 1, edx >> 6 & 1);
        Check.Equal("VME", 0, edx >> 1 & 1);
        Cpuid(7, 0);
        Check.Equal("SMEP, SMAP", 0, Probe.Registers.Rbx & (1ul << 7 | 1ul << 20));
        Check.Equal("PKU, LA57", 0, Probe.Registers.Rcx & (1ul << 3 | 1ul << 16));
        Cpuid(0x80000001, 0);
        Check.Equal("SVM", 0, Probe.Registers.Rcx & 4);
        Check.Equal("1 GiB pages", 0, Probe.Registers.Rdx & 1ul << 26);
        Check.Equal("SYSCALL, NX, LM", 1ul << 11 | 1ul << 20 | 1ul << 29, Probe.Registers.Rdx & (1ul << 11 | 1ul << 20 | 1ul << 29));
    }

    static void Ports()
    {
        Check.Faulted("port 0x80 with IOPL 0", Probe.Run([0xe6, 0x80]), 13, 0);
        SetIopl(1);
        // RTC: register 0x0a (status A), by way of the hypervisor
        Probe.Registers.Rax = 0x0a;
        // out %al,$0x70; in $0x71,%al
        Check.True("RTC", Probe.Run([0xe6, 0x70, 0xe4, 0x71]));
        Check.Equal("status A: divider", 0x20, Probe.Registers.Rax & 0x70);
        Probe.Registers.Rax = 0x0d;
        Check.True("RTC", Probe.Run([0xe6, 0x70, 0xe4, 0x71]));
        Check.Equal("status D: battery good", 0x80, Probe.Registers.Rax & 0xff);
        // in $0x21,%al : the interrupt controller is the hypervisor's
        Probe.Registers.Rax = 0x1234;
        Check.Value("8259 read completes", Probe.Run([0xe4, 0x21]) ? 1ul : 0);
        Check.Value("al", Probe.Registers.Rax & 0xffff);
        Check.Value("8259 write completes", Probe.Run([0xe6, 0x21]) ? 1ul : 0);
        Check.Value("8254 read completes", Probe.Run([0xe4, 0x40]) ? 1ul : 0);
        Check.Value("al", Probe.Registers.Rax & 0xff);
        // out %al,$0x80 : the diagnostic port, native
        Check.True("port 0x80", Probe.Run([0xe6, 0x80]));
        // by %dx, at a port where nothing is
        Probe.Registers.Rdx = 0x1230;
        Probe.Registers.Rax = 0;
        Check.True("in of 1 byte", Probe.Run([0xec]));
        Check.Equal("al", 0xff, Probe.Registers.Rax & 0xffff);
        Check.True("in of 2 bytes", Probe.Run([0x66, 0xed]));
        Check.Equal("ax", 0xffff, Probe.Registers.Rax);
        Check.True("in of 4 bytes", Probe.Run([0xed]));
        Check.Equal("eax", 0xffffffff, Probe.Registers.Rax);
        // the hypervisor's own serial port
        Probe.Registers.Rdx = 0x3fd;
        Probe.Registers.Rax = 0;
        Check.Value("line status of com1 completes", Probe.Run([0xec]) ? 1ul : 0);
        Check.Value("al", Probe.Registers.Rax & 0xff);
        SetIopl(0);
    }

    static void PortStrings()
    {
        SetIopl(1);
        ulong* buffer = stackalloc ulong[2];
        buffer[0] = 0;
        buffer[1] = 0;
        Probe.Registers = default;
        Probe.Registers.Rdx = 0x1230;
        Probe.Registers.Rdi = (ulong)buffer;
        Probe.Registers.Rcx = 4;
        // rep insb
        Check.True("rep insb", Probe.Run([0xf3, 0x6c]));
        Check.Equal("bytes", 0xffffffff, buffer[0]);
        Check.Equal("rcx", 0, Probe.Registers.Rcx);
        Check.Equal("rdi", (ulong)buffer + 4, Probe.Registers.Rdi);
        Probe.Registers.Rdx = 0x80;
        Probe.Registers.Rsi = (ulong)buffer;
        Probe.Registers.Rcx = 3;
        // rep outsw
        Check.True("rep outsw", Probe.Run([0xf3, 0x66, 0x6f]));
        Check.Equal("rsi", (ulong)buffer + 6, Probe.Registers.Rsi);
        Probe.Registers.Rdx = 0x1230;
        Probe.Registers.Rdi = 0xffffffffc0000000;
        Probe.Registers.Rcx = 1;
        Check.Faulted("insb to an absent page", Probe.Run([0x6c]), 14, 2);
        Check.Equal("cr2", 0xffffffffc0000000, Trap.LastCr2);
        SetIopl(0);
    }

    /// <summary>0xcf8 is a latch of the domain; 0xcfc reads configuration space through the hypervisor. Function 0:0.0 is the host bridge.</summary>
    static void PciLatch()
    {
        SetIopl(1);
        Probe.Registers.Rdx = 0xcf8;
        Probe.Registers.Rax = 0x80000000;
        // out %eax,(%dx); xor %eax,%eax; in (%dx),%eax
        Check.True("latch", Probe.Run([0xef, 0x31, 0xc0, 0xed]));
        Check.Equal("as written", 0x80000000, Probe.Registers.Rax);
        Probe.Registers.Rdx = 0xcfc;
        Check.True("data", Probe.Run([0xed]));
        Check.Value("vendor and device", Probe.Registers.Rax);
        Probe.Registers.Rdx = 0xcfe;
        Probe.Registers.Rax = 0;
        Check.True("device id alone", Probe.Run([0x66, 0xed]));
        Check.Value("device", Probe.Registers.Rax);
        Probe.Registers.Rdx = 0xcf8;
        Probe.Registers.Rax = 0x8000f800 | 0xff00; // a function that is not there: bus 0, device 31, function 7
        Check.True("latch", Probe.Run([0xef]));
        Probe.Registers.Rdx = 0xcfc;
        Check.True("data of an absent function", Probe.Run([0xed]));
        Check.Equal("all ones", 0xffffffff, Probe.Registers.Rax);
        SetIopl(0);
    }

    static void Tsc()
    {
        ulong first = Native.ReadTsc();
        Check.True("rdtsc grows", Native.ReadTsc() > first);
        Check.True("rdmsr TSC", ReadMsr(0x10, out ulong value));
        Check.True("it agrees", value > first && value < first + 4000000000);
    }

    static void Wbinvd() => Check.True("wbinvd", Probe.Run([0x0f, 0x09]));
}
