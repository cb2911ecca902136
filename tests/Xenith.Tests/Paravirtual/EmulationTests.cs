// Instructions that trap and that the hypervisor carries out for a PV kernel, and those that it must not.

using Xenith.Hypervisor;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;
using Xunit;

namespace Xenith.Tests.Paravirtual;

public sealed class EmulationTests
{
    [Theory]
    [InlineData(new byte[] { 0x0f, 0x32 })]                 // RDMSR
    [InlineData(new byte[] { 0x0f, 0x30 })]                 // WRMSR
    [InlineData(new byte[] { 0x0f, 0x20, 0xc0 })]           // MOV from CR0
    [InlineData(new byte[] { 0x0f, 0x23, 0xc0 })]           // MOV to DR0
    [InlineData(new byte[] { 0x0f, 0x06 })]                 // CLTS
    [InlineData(new byte[] { 0x0f, 0x09 })]                 // WBINVD
    [InlineData(new byte[] { 0x0f, 0x01, 0xd1 })]           // XSETBV
    [InlineData(new byte[] { 0xe4, 0x60 })]                 // IN
    [InlineData(new byte[] { 0xfa })]                       // CLI
    public void User_mode_gets_its_general_protection_fault(byte[] code)
    {
        using PvScene scene = Privileged();
        scene.Vcpu.Pv.Cr4 |= Cr4.OsXsave;
        scene.SetCode(code);
        ulong rip = scene.Frame.Rip;
        scene.EnterUserMode();
        Assert.True(scene.Trap(ExceptionVector.GeneralProtection));
        Assert.Equal(rip, scene.Read(scene.Frame.Rsp + 24));
    }

    [Theory]
    [InlineData(new byte[] { 0x0f, 0x01, 0xd1 })]           // XSETBV without CR4.OSXSAVE
    [InlineData(new byte[] { 0x44, 0x0f, 0x21, 0xc0 })]     // MOV from DR8
    [InlineData(new byte[] { 0x44, 0x0f, 0x23, 0xf8 })]     // MOV to DR15
    public void What_no_CPU_has_is_an_invalid_opcode(byte[] code)
    {
        using PvScene scene = Privileged();
        scene.Vcpu.Pv.Traps[ExceptionVector.InvalidOpcode] = new TrapGate { Address = PvScene.Handler, Cs = Selectors.Ring3Code64 };
        scene.Vcpu.Pv.Traps[ExceptionVector.GeneralProtection] = default;
        scene.SetCode(code);
        Assert.True(scene.Trap(ExceptionVector.GeneralProtection));
        Assert.Equal(PvScene.Handler, scene.Frame.Rip);
    }

    /// <summary>The next page is read only if the instruction goes on there, and then must be there.</summary>
    [Theory]
    [InlineData(1, true, true)]
    [InlineData(1, false, false)]
    [InlineData(2, false, true)]
    [InlineData(2, true, true)]
    [InlineData(15, false, true)]
    [InlineData(16, false, true)]
    public void Code_may_lie_at_the_end_of_a_page(int bytesBeforeEnd, bool nextIsThere, bool runs)
    {
        using PvScene scene = Privileged();
        byte[] code = [0x0f, 0x06];                         // CLTS
        ulong before = WriteAtEndOfPage(scene, code, bytesBeforeEnd, nextIsThere);
        Assert.Equal(!runs, scene.Trap(ExceptionVector.GeneralProtection));
        if (runs)
            Assert.Equal(before + 2, scene.Frame.Rip);
    }

    /// <summary>Puts code so that it begins some bytes before the end of a page, and takes the next page away unless it is to be there. Returns where it begins: the vCPU is there.</summary>
    private static ulong WriteAtEndOfPage(PvScene scene, byte[] code, int bytesBeforeEnd, bool nextIsThere)
    {
        scene.Frame.Rip = PvScene.Code + 0x1000 - (ulong)bytesBeforeEnd;
        for (int i = 0; i < code.Length; i++)
            Assert.True(scene.Cpu.TryWriteAsUser(scene.Frame.Rip + (ulong)i, code[i]));
        if (!nextIsThere)
        {
            PageTableView.At(scene.L1).Write(AddressSpace.TableIndex(PvScene.Code + 0x1000, 1), default);
            Cpu.FlushTlb();
        }
        return scene.Frame.Rip;
    }

    /// <summary>The same of the marked CPUID, which has seven bytes.</summary>
    [Theory]
    [InlineData(6, false, false)]
    [InlineData(6, true, true)]
    [InlineData(7, false, true)]
    [InlineData(8, false, true)]
    public void The_marked_CPUID_may_lie_at_the_end_of_a_page(int bytesBeforeEnd, bool nextIsThere, bool runs)
    {
        using PvScene scene = Privileged();
        scene.SetGate(ExceptionVector.InvalidOpcode);
        byte[] code = [0x0f, 0x0b, 0x78, 0x65, 0x6e, 0x0f, 0xa2];
        ulong before = WriteAtEndOfPage(scene, code, bytesBeforeEnd, nextIsThere);
        scene.Frame.Rax = 0x4000_0000;
        Assert.Equal(!runs, scene.Trap(ExceptionVector.InvalidOpcode));
        if (runs)
            Assert.Equal((before + 7, 0x566e_6558UL), (scene.Frame.Rip, scene.Frame.Rbx));
    }

    [Theory]
    [InlineData(0x0000_8000_0000_0000UL)]
    [InlineData(0xffff_82d0_4020_0000UL)]
    public void String_ports_fault_on_addresses_that_are_not_the_guests_as_a_CPU_does_on_non_canonical_ones(ulong address)
    {
        using PvScene scene = Privileged();
        scene.Vcpu.Pv.Iopl = 1UL << 12;
        (scene.Frame.Rdx, scene.Frame.Rdi, scene.Frame.Rsi) = (0x80, address, address);
        foreach (byte opcode in new byte[] { 0x6c, 0x6e })
        {
            scene.SetCode(opcode);
            ulong before = scene.Frame.Rip;
            Assert.True(scene.Trap(ExceptionVector.GeneralProtection));
            Assert.Equal(before, scene.Read(scene.Frame.Rsp + 24));
        }
    }

    [Theory]
    [InlineData(new byte[] { 0xf4 })]                       // HLT
    [InlineData(new byte[] { 0x0f, 0x01, 0x10 })]           // LGDT
    [InlineData(new byte[] { 0x0f, 0x00, 0xd0 })]           // LLDT
    [InlineData(new byte[] { 0x0f, 0x33 })]                 // RDPMC
    [InlineData(new byte[] { 0x0f, 0x08 })]                 // INVD
    [InlineData(new byte[] { 0x44, 0x0f, 0x22, 0xc0 })]     // MOV to CR8
    [InlineData(new byte[] { 0xf0, 0x0f, 0x22, 0xc0 })]     // LOCK MOV to CR0
    [InlineData(new byte[] { 0x0f, 0x22, 0xc8 })]           // MOV to CR1
    [InlineData(new byte[] { 0x0f, 0xc7, 0xf0, 0x90 })]
    public void What_is_not_on_the_list_is_the_kernels_own_fault(byte[] code)
    {
        using PvScene scene = Privileged();
        scene.SetCode(code);
        Assert.True(scene.Trap(ExceptionVector.GeneralProtection));
    }

    [Fact]
    public void Task_switched_is_the_guests_and_nothing_else_of_CR0_is()
    {
        using PvScene scene = Privileged();
        scene.Frame.Rax = scene.Cpu.Cr0 | Cr0.TaskSwitched;
        Execute(scene, 0x0f, 0x22, 0xc0);
        Assert.True(PerCpu.TaskSwitched);
        Execute(scene, 0x0f, 0x20, 0xc3);
        Assert.Equal(scene.Cpu.Cr0 | Cr0.TaskSwitched, scene.Frame.Rbx);
        Execute(scene, 0x0f, 0x06);
        Assert.False(PerCpu.TaskSwitched);
        scene.Frame.Rax = scene.Cpu.Cr0 & ~Cr0.WriteProtect;
        scene.SetCode(0x0f, 0x22, 0xc0);
        Assert.True(scene.Trap(ExceptionVector.GeneralProtection));
    }

    [Fact]
    public void A_switched_task_raises_device_not_available_once()
    {
        using PvScene scene = Privileged();
        scene.SetGate(ExceptionVector.DeviceNotAvailable);
        scene.Cpu.Hypercall(5, 1);
        Assert.True(scene.Vcpu.Pv.TaskSwitched);
        Assert.True(scene.Trap(ExceptionVector.DeviceNotAvailable));
        Assert.False(scene.Vcpu.Pv.TaskSwitched);
        scene.Frame.Rip = PvScene.Code;
        Assert.False(scene.Trap(ExceptionVector.DeviceNotAvailable));
        Assert.Equal(PvScene.Code, scene.Frame.Rip);
    }

    [Fact]
    public void An_emulated_instruction_in_single_step_mode_traps_behind_itself()
    {
        using PvScene scene = Privileged();
        scene.SetGate(ExceptionVector.Debug);
        scene.SetCode(0x0f, 0x06);
        ulong rip = scene.Frame.Rip;
        scene.Frame.Rflags |= Rflags.Trap;
        Assert.True(scene.Trap(ExceptionVector.GeneralProtection));
        Assert.Equal(rip + 2, scene.Read(scene.Frame.Rsp + 16));
        Assert.NotEqual(0UL, scene.Vcpu.Pv.Dr6 & 1 << 14);
    }

    [Fact]
    public void An_instruction_may_end_on_the_next_page()
    {
        using PvScene scene = Privileged();
        scene.Vcpu.Pv.Iopl = Rflags.IoPrivilege;
        scene.SetCode();
        ulong rip = PvScene.Code + 0xfff;
        Assert.True(scene.Cpu.TryWriteAsUser(rip, (byte)0x0f));
        Assert.True(scene.Cpu.TryWriteAsUser(rip + 1, (byte)0x06));
        scene.Frame.Rip = rip;
        Assert.False(scene.Trap(ExceptionVector.GeneralProtection));
        Assert.Equal(rip + 2, scene.Frame.Rip);
    }

    [Theory]
    [InlineData(1UL << 12, false, true)]
    [InlineData(0UL, false, false)]
    [InlineData(1UL << 12, true, false)]
    [InlineData(3UL << 12, true, true)]
    public void The_virtual_privilege_level_decides_about_ports(ulong iopl, bool user, bool allowed)
    {
        using PvScene scene = Privileged();
        scene.Vcpu.Pv.Iopl = iopl;
        scene.SetCode(0xec);
        if (user)
            scene.EnterUserMode();
        scene.Frame.Rdx = 0x71;
        Assert.Equal(!allowed, scene.Trap(ExceptionVector.GeneralProtection));
    }

    [Fact]
    public void A_process_may_use_the_ports_of_its_bitmap()
    {
        using PvScene scene = Privileged();
        scene.Vcpu.Pv.IoBitmap = PvScene.Data;
        scene.Vcpu.Pv.IoBitmapPorts = 0x10000;
        for (uint i = 0; i < 16; i++)
            Assert.True(scene.Cpu.TryWriteAsUser(PvScene.Data + i * 8, ulong.MaxValue));
        Assert.True(scene.Cpu.TryWriteAsUser(PvScene.Data + 0x71 / 8, (byte)0xfd));
        scene.SetCode(0xec);
        scene.EnterUserMode();
        scene.Frame.Rdx = 0x71;
        Assert.False(scene.Trap(ExceptionVector.GeneralProtection));
        Assert.Equal(scene.UserRoot.Address, scene.Cpu.Cr3);
        scene.Frame.Rip = PvScene.Code + 0x100;
        scene.Frame.Rdx = 0x70;
        Assert.True(scene.Trap(ExceptionVector.GeneralProtection));
    }

    [Fact]
    public void Ports_of_the_hypervisor_read_as_ones_and_a_domain_without_devices_has_none()
    {
        using PvScene scene = Privileged();
        Assert.Equal(0xffU, PortEmulation.Read(scene.Domain, 0x20, 1));
        Assert.Equal(0xffffU, PortEmulation.Read(scene.Domain, 0x3f8, 2));
        PortEmulation.Write(scene.Domain, 0x70, 1, 0x0d);
        Assert.Equal(0x80U, PortEmulation.Read(scene.Domain, 0x71, 1) & 0x80);
        Assert.Equal(0x0dU, PortEmulation.Read(scene.Domain, 0x70, 1));
        PortEmulation.Write(scene.Domain, 0xcf8, 4, 0x8000_1234);
        Assert.Equal(0x8000_1234U, PortEmulation.Read(scene.Domain, 0xcf8, 4));

        using PvScene other = new();
        PortEmulation.Write(other.Domain, 0x70, 1, 0x0d);
        Assert.Equal(0xffU, PortEmulation.Read(other.Domain, 0x71, 1));
        Assert.Equal(0xffff_ffffU, PortEmulation.Read(other.Domain, 0xcfc, 4));
    }

    /// <summary>Linux measures the TSC with it as it does on a PC: count down from a known value with the gate open, and look at what is left.</summary>
    [Fact]
    public void Dom0_counts_with_channel_2_of_the_interval_timer_and_with_no_other()
    {
        using PvScene scene = Privileged();
        PortEmulation.Write(scene.Domain, 0x61, 1, (PortEmulation.Read(scene.Domain, 0x61, 1) & 0xfd) | 1);
        PortEmulation.Write(scene.Domain, 0x43, 1, 0xb0);
        PortEmulation.Write(scene.Domain, 0x42, 1, 0xff);
        PortEmulation.Write(scene.Domain, 0x42, 1, 0xff);
        uint first = PortEmulation.Read(scene.Domain, 0x42, 1) | PortEmulation.Read(scene.Domain, 0x42, 1) << 8;
        uint reads = 0, last;
        do
            last = PortEmulation.Read(scene.Domain, 0x42, 1) | PortEmulation.Read(scene.Domain, 0x42, 1) << 8;
        while (last > first - 16 && ++reads < 100_000);
        Assert.InRange(first, 0xf000U, 0xffffU);
        Assert.InRange(last, 0xf000U, first - 16);

        // The reload value of channel 0, which is the hypervisor's, cannot be reached: neither it nor a command for it.
        Assert.Equal(0xffU, PortEmulation.Read(scene.Domain, 0x40, 1));
        Assert.Equal(0U, PortEmulation.Read(scene.Domain, 0x43, 1));
        PortEmulation.Write(scene.Domain, 0x43, 1, 0x34);
        PortEmulation.Write(scene.Domain, 0x61, 1, 0xfc);
        Assert.Equal(0U, PortEmulation.Read(scene.Domain, 0x61, 1) & 3);

        using PvScene other = new();
        Assert.Equal(0xffU, PortEmulation.Read(other.Domain, 0x42, 1));
        Assert.Equal(0xffU, PortEmulation.Read(other.Domain, 0x61, 1));
    }

    [Fact]
    public void A_repeated_output_goes_on_until_its_count_is_used_up()
    {
        using PvScene scene = Privileged();
        scene.Vcpu.Pv.Iopl = 1 << 12;
        scene.SetCode(0xf3, 0x6e);
        ulong rip = scene.Frame.Rip;
        (scene.Frame.Rcx, scene.Frame.Rsi, scene.Frame.Rdx) = (600, PvScene.Data, 0x80);
        int rounds = 0;
        while (scene.Frame.Rip == rip)
        {
            Assert.False(scene.Trap(ExceptionVector.GeneralProtection));
            rounds++;
        }
        Assert.Equal(3, rounds);
        Assert.Equal((0UL, PvScene.Data + 600, rip + 2), (scene.Frame.Rcx, scene.Frame.Rsi, scene.Frame.Rip));
    }

    [Fact]
    public void A_string_instruction_faults_where_its_memory_is_missing()
    {
        using PvScene scene = Privileged();
        scene.SetGate(ExceptionVector.PageFault);
        scene.Vcpu.Pv.Iopl = 1 << 12;
        scene.SetCode(0xf3, 0x6c);
        ulong rip = scene.Frame.Rip;
        (scene.Frame.Rcx, scene.Frame.Rdi, scene.Frame.Rdx) = (16, PvScene.L1View + 0x1000 - 4, 0x71);
        Assert.True(scene.Trap(ExceptionVector.GeneralProtection));
        Assert.Equal(PvScene.L1View + 0x1000 - 4, scene.Vcpu.Info.Load64(VcpuInfoOffsets.Cr2));
        Assert.Equal((ulong)(PvExceptions.Present | PvExceptions.Write), scene.Read(scene.Frame.Rsp + 16));
        Assert.Equal(rip, scene.Read(scene.Frame.Rsp + 24));
        Assert.Equal(16UL, scene.Frame.Rcx);
    }

    [Theory]
    [InlineData(0x80, 0, true)]
    [InlineData(0x21, 0, false)]
    [InlineData(0x21, 3, true)]
    public void Int_n_goes_by_the_gate_even_if_the_error_code_names_another(int vector, int level, bool taken)
    {
        using PvScene scene = new();
        const ulong target = PvScene.Handler + 16;
        scene.SetGate(ExceptionVector.GeneralProtection);
        scene.SetGate(vector, (byte)level, target);
        scene.SetCode(0xcd, (byte)vector);
        ulong rip = scene.Frame.Rip;
        scene.Trap(ExceptionVector.GeneralProtection, (uint)vector * 16 + 2);
        Assert.Equal(taken ? target : PvScene.Handler, scene.Frame.Rip);
        Assert.Equal(taken ? rip + 2 : rip, scene.Read(scene.Frame.Rsp + (taken ? 16UL : 24UL)));
    }

    [Fact]
    public void The_marked_CPUID_is_answered_and_other_undefined_instructions_are_not()
    {
        using PvScene scene = new();
        scene.SetGate(ExceptionVector.InvalidOpcode);
        scene.SetCode(0x0f, 0x0b, 0x78, 0x65, 0x6e, 0x0f, 0xa2);
        scene.Frame.Rax = 0x4000_0000;
        Assert.False(scene.Trap(ExceptionVector.InvalidOpcode));
        Assert.Equal(PvScene.Code + 0x107, scene.Frame.Rip);
        Assert.Equal((0x4000_0005UL, 0x566e_6558UL), (scene.Frame.Rax, scene.Frame.Rbx));
        scene.SetCode(0x0f, 0x0b, 0x78, 0x65, 0x6e, 0x0f, 0xa3);
        Assert.True(scene.Trap(ExceptionVector.InvalidOpcode));
    }

    [Fact]
    public void Feature_bits_that_need_ring_0_are_hidden()
    {
        using PvScene scene = Privileged();
        CpuidResult features = PvCpuid.Query(scene.Vcpu, 1, 0, isForced: true);
        const uint monitor = 1 << 3, vmx = 1 << 5, pcid = 1 << 17, x2Apic = 1 << 21, deadline = 1 << 24;
        Assert.Equal(0U, features.Ecx & (monitor | vmx | pcid | x2Apic | deadline));
        Assert.Equal(CpuidMasks.Hypervisor | CpuidMasks.OsXsave, features.Ecx & (CpuidMasks.Hypervisor | CpuidMasks.OsXsave));
        Assert.Equal(CpuidMasks.Mtrr, features.Edx & CpuidMasks.Mtrr);
        Assert.Equal(0U, PvCpuid.Query(scene.Vcpu, 1, 0, isForced: false).Ecx & CpuidMasks.OsXsave);
        const uint smep = 1 << 7, smap = 1 << 20;
        Assert.Equal(0U, PvCpuid.Query(scene.Vcpu, 7, 0, true).Ebx & (smep | smap));
        const uint largePages = 1 << 26;
        Assert.Equal(0U, PvCpuid.Query(scene.Vcpu, 0x8000_0001, 0, true).Edx & largePages);
        scene.EnterUserMode();
        Assert.Equal(0U, PvCpuid.Query(scene.Vcpu, 1, 0, isForced: true).Edx & CpuidMasks.Mtrr);
    }

    [Fact]
    public void Extended_state_follows_XCR0()
    {
        using PvScene scene = Privileged();
        scene.Frame.Rax = Cr4.OsXsave;
        Execute(scene, 0x0f, 0x22, 0xe0);
        (scene.Frame.Rcx, scene.Frame.Rax, scene.Frame.Rdx) = (0, 3, 0);
        Execute(scene, 0x0f, 0x01, 0xd1);
        Assert.Equal(3UL, scene.Cpu.Xcr0);
        Assert.Equal((576U, 832U), (PvCpuid.Query(scene.Vcpu, 0xd, 0, true).Ebx, PvCpuid.Query(scene.Vcpu, 0xd, 0, true).Ecx));
        scene.Frame.Rax = 7;
        Execute(scene, 0x0f, 0x01, 0xd1);
        Assert.Equal(832U, PvCpuid.Query(scene.Vcpu, 0xd, 0, true).Ebx);
        scene.Frame.Rax = 4;
        scene.SetCode(0x0f, 0x01, 0xd1);
        Assert.True(scene.Trap(ExceptionVector.GeneralProtection));
    }

    [Fact]
    public void A_kernel_without_a_handler_reads_zero_from_unknown_registers()
    {
        using PvScene scene = new();
        scene.Frame.Rcx = 0x1234_5678;
        scene.Frame.Rax = 7;
        Execute(scene, 0x0f, 0x32);
        Assert.Equal(0UL, scene.Frame.Rax);
        scene.SetGate(ExceptionVector.GeneralProtection);
        scene.SetCode(0x0f, 0x32);
        Assert.True(scene.Trap(ExceptionVector.GeneralProtection));
    }

    private static PvScene Privileged()
    {
        PvScene scene = new(isPrivileged: true);
        scene.SetGate(ExceptionVector.GeneralProtection);
        Assert.True(scene.Domain.Pv.Ports.AllowAllButOwn(scene.Host));
        return scene;
    }

    private static void Execute(PvScene scene, params ReadOnlySpan<byte> code)
    {
        scene.SetCode(code);
        Assert.False(scene.Trap(ExceptionVector.GeneralProtection));
        Assert.Equal(PvScene.Code + 0x100 + (ulong)code.Length, scene.Frame.Rip);
    }
}
