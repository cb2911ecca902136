using System.Runtime;
using System.Runtime.CompilerServices;

[module: SkipLocalsInit]

namespace Xenith.Machine;

/// <summary>The assembly routines of native/*.S, under their own names. Each is a bare `call`, System V convention.</summary>
internal static unsafe class Asm
{
    [RuntimeImport("*", "port_in8"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern byte port_in8(ushort port);
    [RuntimeImport("*", "port_in16"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern ushort port_in16(ushort port);
    [RuntimeImport("*", "port_in32"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern uint port_in32(ushort port);
    [RuntimeImport("*", "port_out8"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void port_out8(ushort port, byte value);
    [RuntimeImport("*", "port_out16"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void port_out16(ushort port, ushort value);
    [RuntimeImport("*", "port_out32"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void port_out32(ushort port, uint value);

    [RuntimeImport("*", "read_msr"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern ulong read_msr(uint msr);
    [RuntimeImport("*", "write_msr"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void write_msr(uint msr, ulong value);
    [RuntimeImport("*", "try_read_msr"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern byte try_read_msr(uint msr, ulong* value);
    [RuntimeImport("*", "try_write_msr"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern byte try_write_msr(uint msr, ulong value);
    [RuntimeImport("*", "try_xsetbv"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern byte try_xsetbv(uint index, ulong value);
    [RuntimeImport("*", "read_cpuid"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void read_cpuid(uint leaf, uint subleaf, CpuidResult* result);
    [RuntimeImport("*", "read_tsc"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern ulong read_tsc();

    [RuntimeImport("*", "read_cr0"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern ulong read_cr0();
    [RuntimeImport("*", "read_cr2"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern ulong read_cr2();
    [RuntimeImport("*", "read_cr3"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern ulong read_cr3();
    [RuntimeImport("*", "read_cr4"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern ulong read_cr4();
    [RuntimeImport("*", "write_cr0"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void write_cr0(ulong value);
    [RuntimeImport("*", "write_cr3"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void write_cr3(ulong value);
    [RuntimeImport("*", "load_root"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void load_root(ulong value);
    [RuntimeImport("*", "write_cr4"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void write_cr4(ulong value);
    [RuntimeImport("*", "flush_tlb_all"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void flush_tlb_all();
    [RuntimeImport("*", "invalidate_page"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void invalidate_page(ulong address);
    [RuntimeImport("*", "flush_cache"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void flush_cache(ulong address, ulong bytes);

    [RuntimeImport("*", "write_back_invalidate"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void write_back_invalidate();

    [RuntimeImport("*", "enable_interrupts"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void enable_interrupts();
    [RuntimeImport("*", "disable_interrupts"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void disable_interrupts();
    [RuntimeImport("*", "read_flags"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern ulong read_flags();
    [RuntimeImport("*", "wait_for_interrupt"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void wait_for_interrupt();
    [RuntimeImport("*", "stop_forever"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void stop_forever();
    [RuntimeImport("*", "pause_spinning"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void pause_spinning();
    [RuntimeImport("*", "triple_fault"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void triple_fault();
    [RuntimeImport("*", "wait_ticks"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void wait_ticks(ulong ticks);
    [RuntimeImport("*", "clear_task_switched"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void clear_task_switched();

    [RuntimeImport("*", "read_dr"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern ulong read_dr(uint index);
    [RuntimeImport("*", "write_dr"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void write_dr(uint index, ulong value);

    [RuntimeImport("*", "load_gdt"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void load_gdt(byte* pseudoDescriptor);
    [RuntimeImport("*", "load_idt"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void load_idt(byte* pseudoDescriptor);
    [RuntimeImport("*", "load_tr"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void load_tr(ushort selector);
    [RuntimeImport("*", "load_ldt"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void load_ldt(ushort selector);
    [RuntimeImport("*", "reload_code_segment"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void reload_code_segment();
    [RuntimeImport("*", "try_load_ds"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern byte try_load_ds(ushort selector);
    [RuntimeImport("*", "try_load_es"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern byte try_load_es(ushort selector);
    [RuntimeImport("*", "try_load_fs"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern byte try_load_fs(ushort selector);
    [RuntimeImport("*", "try_load_user_gs"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern byte try_load_user_gs(ushort selector);
    [RuntimeImport("*", "read_segments"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void read_segments(ushort* dsEsFsGs);
    [RuntimeImport("*", "read_bases"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void read_bases(ulong* fsGsInactive);
    [RuntimeImport("*", "write_bases"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void write_bases(ulong fs, ulong gs, ulong inactive);
    [RuntimeImport("*", "swap_gs"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void swap_gs();

    [RuntimeImport("*", "guest_copy"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern byte guest_copy(void* to, void* from, ulong bytes);
    [RuntimeImport("*", "guest_read32"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern byte guest_read32(ulong from, uint* to);
    [RuntimeImport("*", "guest_read64"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern byte guest_read64(ulong from, ulong* to);
    [RuntimeImport("*", "guest_read128"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern byte guest_read128(ulong from, void* to);
    [RuntimeImport("*", "guest_write64"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern byte guest_write64(ulong to, ulong value);
    [RuntimeImport("*", "guest_push_frame"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern byte guest_push_frame(ulong to, ref GuestFrame frame, ulong cs, ulong flags);
    [RuntimeImport("*", "guest_push_frame_with_error"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern byte guest_push_frame_with_error(ulong to, ref GuestFrame frame, ulong cs, ulong flags, ulong error);
    [RuntimeImport("*", "guest_compare_exchange"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern byte guest_compare_exchange(ulong at, ulong* expected, ulong value);

    [RuntimeImport("*", "fx_save"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void fx_save(void* area, ref GuestFrame frame);
    [RuntimeImport("*", "fx_restore"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void fx_restore(void* area, ref GuestFrame frame);
    [RuntimeImport("*", "fx_forget_pointers"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void fx_forget_pointers();
    [RuntimeImport("*", "x_save"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void x_save(void* area, ulong mask, ref GuestFrame frame);
    [RuntimeImport("*", "x_save_opt"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void x_save_opt(void* area, ulong mask, ref GuestFrame frame);
    [RuntimeImport("*", "x_restore"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void x_restore(void* area, ulong mask, ref GuestFrame frame);

    [RuntimeImport("*", "get_trap_stubs"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern ulong get_trap_stubs();
    [RuntimeImport("*", "get_idt"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern ulong* get_idt();
    [RuntimeImport("*", "get_hypercall_entry"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern ulong get_hypercall_entry();
    [RuntimeImport("*", "get_syscall_slow"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern ulong get_syscall_slow();
    [RuntimeImport("*", "get_syscall32_entry"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern ulong get_syscall32_entry();
    [RuntimeImport("*", "get_guarded_hypercall"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern ulong get_guarded_hypercall();
    [RuntimeImport("*", "get_guarded_syscall_slow"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern ulong get_guarded_syscall_slow();
    [RuntimeImport("*", "get_guarded_syscall32"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern ulong get_guarded_syscall32();
    [RuntimeImport("*", "get_sysenter_entry"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern ulong get_sysenter_entry();
    [RuntimeImport("*", "get_sysenter_flags_cleared"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern ulong get_sysenter_flags_cleared();
    [RuntimeImport("*", "get_contained"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern ulong get_contained();
    [RuntimeImport("*", "get_smap_sites_start"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern ulong* get_smap_sites_start();
    [RuntimeImport("*", "get_smap_sites_end"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern ulong* get_smap_sites_end();
    [RuntimeImport("*", "get_guard_sites_start"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern ulong* get_guard_sites_start();
    [RuntimeImport("*", "get_guard_sites_end"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern ulong* get_guard_sites_end();
    [RuntimeImport("*", "get_entry_start"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern ulong get_entry_start();
    [RuntimeImport("*", "get_entry_end"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern ulong get_entry_end();
    [RuntimeImport("*", "start_scheduling"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void start_scheduling(ulong stackTop);

    /// <summary>An NMI interrupted the hypervisor: a few lines that take no lock and cannot trap.</summary>
    [RuntimeImport("*", "hv_nmi"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern void hv_nmi(ref GuestFrame frame);

    /// <summary>Xenith.Hypervisor's last word on a trap of its own: returns 1 if the caller was crashed and the CPU may go on.</summary>
    [RuntimeImport("*", "hv_own_trap"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern byte hv_own_trap(ref GuestFrame frame);
}
