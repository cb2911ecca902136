// The way into the hypervisor as such: version calls, unknown numbers and sub-operations, bad pointers, what SYSCALL leaves
// in the registers, multicalls, the console.

using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Pv.Checks;

static unsafe class Hypercalls
{
    public static void Run()
    {
        Check.Run("hypercall.version", &Version);
        Check.Run("hypercall.features", &Features);
        Check.Run("hypercall.version_errors", &VersionErrors);
        Check.Run("hypercall.unknown_numbers", &UnknownNumbers);
        Check.Run("hypercall.unknown_suboperations", &UnknownSuboperations);
        Check.Run("hypercall.interface_versions", &InterfaceVersions);
        Check.Run("hypercall.registers", &Registers);
        Check.Run("hypercall.page", &Page);
        Check.Run("hypercall.multicall", &Multicall);
        Check.Run("hypercall.multicall_errors", &MulticallErrors);
        Check.Run("hypercall.console", &ConsoleIo);
    }

    static void Version()
    {
        byte* text = stackalloc byte[1152];
        Check.Result("version", 0x40011, Hypercall.XenVersion(0, null));
        Check.Ok("extraversion", Hypercall.XenVersion(1, text));
        Check.Ok("compile_info", Hypercall.XenVersion(2, text));
        Check.Ok("capabilities", Hypercall.XenVersion(3, text));
        string expected = "xen-3.0-x86_64 ";
        for (int i = 0; i < expected.Length; i++)
        {
            Check.Equal("capabilities", expected[i], text[i]);
        }

        Check.Ok("changeset", Hypercall.XenVersion(4, text));
        ulong virtualStart = 0;
        Check.Ok("platform_parameters", Hypercall.XenVersion(5, &virtualStart));
        Check.Equal("virt_start", Layout.HypervisorStart, virtualStart);
        Check.Result("pagesize", 4096, Hypercall.XenVersion(7, null));
        Check.Ok("guest_handle", Hypercall.XenVersion(8, text));
        Check.Ok("commandline", Hypercall.XenVersion(9, text));
    }

    static void Features()
    {
        uint* info = stackalloc uint[2];
        info[0] = 0;
        info[1] = 0;
        Check.Ok("get_features", Hypercall.XenVersion(6, info));
        Check.Value("submap 0", info[1]);
        info[0] = 1;
        Check.Result("submap 1", -ErrorNumber.Einval, Hypercall.XenVersion(6, info));
    }

    static void VersionErrors()
    {
        Check.Result("unknown command", -ErrorNumber.Enosys, Hypercall.XenVersion(11, null));
        Check.Result("unknown command", -ErrorNumber.Enosys, Hypercall.XenVersion(1000, null));
        Check.Result("null pointer", -ErrorNumber.Efault, Hypercall.XenVersion(6, null));
        Check.Result("hypervisor's address", -ErrorNumber.Efault, Hypercall.XenVersion(6, (void*)0xffff82d040200000));
        Check.Result("M2P", -ErrorNumber.Efault, Hypercall.XenVersion(6, (void*)Layout.MachineToPhysical));
        Check.Result("non-canonical", -ErrorNumber.Efault, Hypercall.XenVersion(6, (void*)0x0000800000000000));
        Check.Result("read-only page", -ErrorNumber.Efault, Hypercall.XenVersion(5, (void*)Vcpu.Start->PtBase));
        Check.Result("unmapped", -ErrorNumber.Efault, Hypercall.XenVersion(5, (void*)0x12345678));
    }

    static void UnknownNumbers()
    {
        foreach (byte number in (System.ReadOnlySpan<byte>)[11, 27, 38, 39, 43, 44, 45, 46, 47, 50, 51, 52, 53, 54, 55, 56, 63, 64, 255])
        {
            long result = Hypercall.Call(number, 1, 2, 3, 4, 5);
            if (result != -ErrorNumber.Enosys)
            {
                Check.ValueResult("number", number);
                Check.Result("result", -ErrorNumber.Enosys, result);
            }
        }

        Check.Result("0x1000", -ErrorNumber.Enosys, Hypercall.Call(0x1000));
        Check.Result("0xffffffff", -ErrorNumber.Enosys, Hypercall.Call(0xffffffff));
        Check.Result("2^63", -ErrorNumber.Enosys, Hypercall.Call(1ul << 63));
        Check.Result("17 + 2^32", -ErrorNumber.Enosys, Hypercall.Call(1ul << 32 | Number.XenVersion));
    }

    static void UnknownSuboperations()
    {
        ulong* zero = stackalloc ulong[8];
        for (int i = 0; i < 8; i++)
        {
            zero[i] = 0;
        }

        Check.Result("memory_op", -ErrorNumber.Enosys, Hypercall.MemoryOp(63, zero));
        Check.Result("event_channel_op", -ErrorNumber.Enosys, Hypercall.EventChannelOp(1000, zero));
        Check.Result("grant_table_op", -ErrorNumber.Enosys, Hypercall.Call(Number.GrantTableOp, 100, (ulong)zero, 1));
        Check.Result("vcpu_op", -ErrorNumber.Enosys, Hypercall.VcpuOp(1000, 0, zero));
        Check.Result("vcpu_op of vCPU 8191", -ErrorNumber.Enoent, Hypercall.VcpuOp(3, 8191, null));
        Check.Result("vcpu_op of vCPU 2^32 - 1", -ErrorNumber.Enoent, Hypercall.VcpuOp(3, 0xffffffff, null));
        Check.Result("sched_op", -ErrorNumber.Enosys, Hypercall.Call(Number.SchedOp, 1000, (ulong)zero));
        Check.Result("physdev_op", -ErrorNumber.Enosys, Hypercall.Call(Number.PhysdevOp, 1000, (ulong)zero));
        Check.Result("callback_op", -ErrorNumber.Enosys, Hypercall.Call(Number.CallbackOp, 1000, (ulong)zero));
        Check.Result("vm_assist command", -ErrorNumber.Enosys, Hypercall.VmAssist(1000, 2));
        Check.Result("vm_assist type 63", -ErrorNumber.Einval, Hypercall.VmAssist(0, 63));
        Check.Result("vm_assist type 64", -ErrorNumber.Einval, Hypercall.VmAssist(0, 64));
        Check.Result("console_io", -ErrorNumber.Enosys, Hypercall.Call(Number.ConsoleIo, 1000, 0, (ulong)zero));
        Check.Result("set_segment_base", -ErrorNumber.Einval, Hypercall.Call(Number.SetSegmentBase, 1000, 0));
        Check.Result("nmi_op", -ErrorNumber.Enosys, Hypercall.Call(Number.NmiOp, 1000, (ulong)zero));
        Check.Result("hvm_op", -ErrorNumber.Enosys, Hypercall.Call(Number.HvmOp, 1000, (ulong)zero));
        Check.Result("xenpmu_op", -ErrorNumber.Eopnotsupp, Hypercall.Call(Number.XenpmuOp, 1000, (ulong)zero));
    }

    static void InterfaceVersions()
    {
        ulong* op = stackalloc ulong[20];
        for (int i = 0; i < 20; i++)
        {
            op[i] = 0;
        }

        ((uint*)op)[0] = 3;
        ((uint*)op)[1] = 0x0badc0de;
        Check.Result("platform_op", -ErrorNumber.Eacces, Hypercall.Call(Number.PlatformOp, (ulong)op));
        Check.Result("sysctl", -ErrorNumber.Eacces, Hypercall.Call(Number.Sysctl, (ulong)op));
        Check.Result("domctl", -ErrorNumber.Eacces, Hypercall.Call(Number.Domctl, (ulong)op));
        ((uint*)op)[1] = 0x03000001;
        ((uint*)op)[0] = 1000;
        Check.Result("platform_op 1000", -ErrorNumber.Enosys, Hypercall.Call(Number.PlatformOp, (ulong)op));
        ((uint*)op)[1] = 0x15;
        Check.Result("sysctl 1000", -ErrorNumber.Enosys, Hypercall.Call(Number.Sysctl, (ulong)op));
        Check.Result("domctl 999", -ErrorNumber.Esrch, Domctl999(op));
    }

    static long Domctl999(ulong* op)
    {
        ((uint*)op)[0] = 999;
        ((ushort*)op)[4] = (ushort)Domid.Self;
        return Hypercall.Call(Number.Domctl, (ulong)op);
    }

    /// <summary>rax is the result, rcx and r11 are lost to SYSCALL, all else survives, arguments too.</summary>
    static void Registers()
    {
        ref ProbeRegisters r = ref Probe.Registers;
        r = default;
        r.Rax = Number.XenVersion;
        r.Rdi = 0;
        r.Rsi = 0x1111;
        r.Rdx = 0x2222;
        r.Rbx = 0x3333;
        r.R8 = 0x4444;
        r.R9 = 0x5555;
        Check.True("completed", Probe.Run([0x0f, 0x05])); // syscall
        Check.Equal("rax", 0x40011, r.Rax);
        Check.Equal("rdi", 0, r.Rdi);
        Check.Equal("rsi", 0x1111, r.Rsi);
        Check.Equal("rdx", 0x2222, r.Rdx);
        Check.Equal("rbx", 0x3333, r.Rbx);
        Check.Equal("r8", 0x4444, r.R8);
        Check.Equal("r9", 0x5555, r.R9);
        Check.Equal("rcx holds rip", Probe.Start + 2, r.Rcx);

        // std; syscall; mov %r11,%rbx; pushfq; pop %rdx; cld
        r.Rax = Number.XenVersion;
        Check.True("completed", Probe.Run([0xfd, 0x0f, 0x05, 0x4c, 0x89, 0xdb, 0x9c, 0x5a, 0xfc]));
        Check.Equal("r11 holds rflags", 0x602, r.Rbx & 0x602);
        Check.Equal("rflags are kept", r.Rbx, r.Rdx);
    }

    /// <summary>Only in the variant with a HYPERCALL_PAGE note; without one there is nothing to say.</summary>
    static void Page()
    {
        ulong page = Native.HypercallPageAddress();
        if (page == 0)
        {
            return;
        }

        Check.Result("xen_version", 0x40011, Native.HypercallByPage(Number.XenVersion, 0, 0, 0));
        Check.Result("number 11", -ErrorNumber.Enosys, Native.HypercallByPage(11, 0, 0, 0));
        Check.Result("console_io", 0, Native.HypercallByPage(Number.ConsoleIo, 0, 0, page));
    }

    static void Multicall()
    {
        MulticallEntry* calls = stackalloc MulticallEntry[4];
        for (int i = 0; i < 4; i++)
        {
            calls[i] = default;
            calls[i].Result = 0x77;
        }

        uint* features = stackalloc uint[2];
        features[0] = 0;
        features[1] = 0;
        calls[0].Op = Number.XenVersion;
        calls[1].Op = Number.Unassigned11;
        calls[2].Op = Number.XenVersion;
        calls[2].Args[0] = 6;
        calls[2].Args[1] = (ulong)features;
        calls[3].Op = Number.XenVersion;
        calls[3].Args[0] = 7;
        Check.Ok("multicall of 4", Hypercall.Multicall(calls, 4));
        Check.Result("entry 0", 0x40011, calls[0].Result);
        Check.Result("entry 1", -ErrorNumber.Enosys, calls[1].Result);
        Check.Result("entry 2", 0, calls[2].Result);
        Check.True("entry 2 wrote its result", features[1] != 0);
        Check.Result("entry 3", 4096, calls[3].Result);

        calls[0].Result = 0x77;
        Check.Ok("multicall of 0", Hypercall.Multicall(calls, 0));
        Check.Result("nothing done", 0x77, calls[0].Result);
    }

    static void MulticallErrors()
    {
        MulticallEntry* calls = stackalloc MulticallEntry[2];
        calls[0] = default;
        calls[1] = default;
        calls[0].Op = Number.Multicall;
        calls[0].Args[0] = (ulong)(calls + 1);
        calls[0].Args[1] = 1;
        calls[1].Op = Number.XenVersion;
        calls[1].Result = 0x77;
        Check.Ok("outer call", Hypercall.Multicall(calls, 1));
        Check.Result("nested call", -ErrorNumber.Einval, calls[0].Result);
        Check.Result("call within it", 0x77, calls[1].Result);

        Check.Result("null list", -ErrorNumber.Efault, Hypercall.Multicall(null, 1));
        Check.Result("list in the hypervisor", -ErrorNumber.Efault, Hypercall.Multicall((MulticallEntry*)0xffff82d040200000, 1));

        calls[0] = default;
        calls[0].Op = 1ul << 32 | Number.XenVersion;
        Check.Ok("call of number 17 + 2^32", Hypercall.Multicall(calls, 1));
        Check.Result("its result", -ErrorNumber.Enosys, calls[0].Result);
    }

    static void ConsoleIo()
    {
        byte* text = stackalloc byte[32];
        Check.Result("write of nothing", 0, Hypercall.Call(Number.ConsoleIo, 0, 0, (ulong)text));
        Check.Result("write from an unmapped page", -ErrorNumber.Efault, Hypercall.Call(Number.ConsoleIo, 0, 8, 0x12345678));
        Check.Result("read with nothing there", 0, Hypercall.Call(Number.ConsoleIo, 1, 32, (ulong)text));
        Check.Ok("read to the hypervisor's memory", Hypercall.Call(Number.ConsoleIo, 1, 32, 0xffff82d040200000));
    }
}
