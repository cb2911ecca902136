/* Single instructions that C# has no words for. System V convention. */
#include "frame.inc"
#include "flush.inc"
.macro function name
        .align 16
        .global \name
\name:
.endm
.macro fixup from, to
        .pushsection .fixup, "a"
        .quad \from, \to
        .popsection
.endm
.macro address_of name, symbol
        .global \name
\name:  lea \symbol(%rip), %rax
        ret
.endm

.text
function port_in8
        mov %edi, %edx
        xor %eax, %eax
        in %dx, %al
        ret
function port_in16
        mov %edi, %edx
        xor %eax, %eax
        in %dx, %ax
        ret
function port_in32
        mov %edi, %edx
        in %dx, %eax
        ret
function port_out8
        mov %edi, %edx
        mov %esi, %eax
        out %al, %dx
        ret
function port_out16
        mov %edi, %edx
        mov %esi, %eax
        out %ax, %dx
        ret
function port_out32
        mov %edi, %edx
        mov %esi, %eax
        out %eax, %dx
        ret

function read_msr
        mov %edi, %ecx
        rdmsr
        shl $32, %rdx
        or %rdx, %rax
        ret
function write_msr
        mov %edi, %ecx
        mov %esi, %eax
        mov %rsi, %rdx
        shr $32, %rdx
        wrmsr
        ret
function try_read_msr                   /* (msr, ref value) */
        mov %edi, %ecx
1:      rdmsr
        shl $32, %rdx
        or %rdx, %rax
        mov %rax, (%rsi)
        mov $1, %eax
        ret
        fixup 1b, failed
function try_write_msr
        mov %edi, %ecx
        mov %esi, %eax
        mov %rsi, %rdx
        shr $32, %rdx
1:      wrmsr
        mov $1, %eax
        ret
        fixup 1b, failed
function try_xsetbv
        mov %edi, %ecx
        mov %esi, %eax
        mov %rsi, %rdx
        shr $32, %rdx
1:      xsetbv
        mov $1, %eax
        ret
        fixup 1b, failed
failed: xor %eax, %eax
        ret
function read_cpuid                     /* (leaf, subleaf, ref result) */
        push %rbx
        mov %rdx, %r8
        mov %edi, %eax
        mov %esi, %ecx
        cpuid
        mov %eax, (%r8)
        mov %ebx, 4(%r8)
        mov %ecx, 8(%r8)
        mov %edx, 12(%r8)
        pop %rbx
        ret
function read_tsc
        rdtsc
        shl $32, %rdx
        or %rdx, %rax
        ret

function read_cr0
        mov %cr0, %rax
        ret
function read_cr2
        mov %cr2, %rax
        ret
function read_cr3
        mov %cr3, %rax
        ret
function read_cr4
        mov %cr4, %rax
        ret
function write_cr0
        mov %rdi, %cr0
        ret
/* The four that change what a CPU's own root must show: guarded.S has the ways that replace them. Each function has 16 bytes to itself. */
.macro guarded_function name, target
function \name
        .pushsection .guard_sites, "a"
        .quad \name, \target
        .popsection
.endm
guarded_function write_cr3, guarded_write_cr3
        mov %rdi, %cr3
        ret
function write_cr4
        mov %rdi, %cr4
        ret
guarded_function flush_tlb_all, guarded_flush_tlb
        flush_all
        ret
guarded_function load_root, guarded_load_root
        mov %rdi, %cr3
        flush_global
        ret
guarded_function invalidate_page, guarded_invalidate_page
        invlpg (%rdi)
        ret
function write_back_invalidate
        wbinvd
        ret

function flush_cache                    /* every line that the bytes touch; lines have 64 bytes */
        add %rdi, %rsi
        and $~63, %rdi
1:      clflush (%rdi)
        add $64, %rdi
        cmp %rsi, %rdi
        jb 1b
        mfence
        ret

function enable_interrupts
        sti
        ret
function disable_interrupts
        cli
        ret
function read_flags
        pushf
        pop %rax
        ret
function wait_for_interrupt
        sti
        hlt
        cli
        ret
function wait_ticks
        rdtsc
        shl $32, %rdx
        lea (%rax, %rdx), %rcx
1:      pause
        rdtsc
        shl $32, %rdx
        add %rdx, %rax
        sub %rcx, %rax
        cmp %rdi, %rax
        jb 1b
        ret

// An interrupt table that holds nothing: the breakpoint cannot be delivered, nor the faults that follow, and the CPU shuts down (SDM vol. 3, 6.15).
function triple_fault
        cli
        pushq $0
        pushq $0
        lidt (%rsp)
        int3
        jmp stop_forever

function stop_forever
        cli
1:      hlt
        jmp 1b
function pause_spinning
        pause
        ret
function clear_task_switched
        clts
        ret

function read_dr
        cmp $1, %edi
        je 1f
        cmp $2, %edi
        je 2f
        cmp $3, %edi
        je 3f
        cmp $6, %edi
        je 6f
        cmp $7, %edi
        je 7f
        mov %dr0, %rax
        ret
1:      mov %dr1, %rax
        ret
2:      mov %dr2, %rax
        ret
3:      mov %dr3, %rax
        ret
6:      mov %dr6, %rax
        ret
7:      mov %dr7, %rax
        ret
function write_dr
        cmp $1, %edi
        je 1f
        cmp $2, %edi
        je 2f
        cmp $3, %edi
        je 3f
        cmp $6, %edi
        je 6f
        cmp $7, %edi
        je 7f
        mov %rsi, %dr0
        ret
1:      mov %rsi, %dr1
        ret
2:      mov %rsi, %dr2
        ret
3:      mov %rsi, %dr3
        ret
6:      mov %rsi, %dr6
        ret
7:      mov %rsi, %dr7
        ret

function load_gdt
        lgdt (%rdi)
        ret
function load_idt
        lidt (%rdi)
        ret
function load_tr
        ltr %di
        ret
function load_ldt
        lldt %di
        ret
function reload_code_segment            /* far return into the selector of Selectors.HypervisorCode */
        pop %rax
        push $0xe008
        push %rax
        mov $0xe010, %ecx
        mov %ecx, %ss
        lretq
.macro load_segment name, register
function \name
1:      mov %di, %\register
        mov $1, %eax
        ret
        fixup 1b, failed
.endm
load_segment try_load_ds, ds
load_segment try_load_es, es
load_segment try_load_fs, fs
function try_load_user_gs               /* the hidden base goes to the inactive GS, the active one stays */
        swapgs
1:      mov %di, %gs
        swapgs
        mov $1, %eax
        ret
        .pushsection .fixup, "a"
        .quad 1b, 2f
        .popsection
2:      swapgs
        xor %eax, %eax
        ret
function read_segments
        mov %ds, %ax
        mov %ax, (%rdi)
        mov %es, %ax
        mov %ax, 2(%rdi)
        mov %fs, %ax
        mov %ax, 4(%rdi)
        mov %gs, %ax
        mov %ax, 6(%rdi)
        ret
/* With CR4.FSGSBASE; SWAPGS brings the inactive base of GS within reach. */
function read_bases                     /* (ref fs, gs, inactive gs) */
        rdfsbase %rax
        mov %rax, (%rdi)
        rdgsbase %rax
        mov %rax, 8(%rdi)
        swapgs
        rdgsbase %rax
        swapgs
        mov %rax, 16(%rdi)
        ret
function write_bases                    /* (fs, gs, inactive gs) */
        wrfsbase %rdi
        swapgs
        wrgsbase %rdx
        swapgs
        wrgsbase %rsi
        ret
function swap_gs
        swapgs
        ret

/* Vector registers. Of a guest that is inside, XMM0 and XMM8 are in its frame: compiled code has used them since. */
.macro vectors_from frame
        movups F_XMM0(\frame), %xmm0
        movups F_XMM8(\frame), %xmm8
.endm
.macro vectors_to frame
        movups %xmm0, F_XMM0(\frame)
        movups %xmm8, F_XMM8(\frame)
.endm
.macro component_mask
        mov %esi, %eax
        mov %rsi, %rdx
        shr $32, %rdx
.endm
function fx_save                        /* (area, frame) */
        vectors_from %rsi
        fxsave64 (%rdi)
        ret
function fx_restore                     /* (area, frame) */
        fxrstor64 (%rdi)
        vectors_to %rsi
        ret
/* FDP, FIP and FOP become those of an instruction of ours. A pending exception would come with FILD, and a full stack be one. */
function fx_forget_pointers
        fnclex
        ffree %st(7)
        fildl x87_zero(%rip)
        ret
        .pushsection .rodata, "a"
        .balign 4
x87_zero:
        .long 0
        .popsection
function x_save                         /* (area, mask, frame) */
        vectors_from %rdx
        component_mask
        xsave64 (%rdi)
        ret
function x_save_opt                     /* (area, mask, frame) */
        vectors_from %rdx
        component_mask
        xsaveopt64 (%rdi)
        ret
function x_restore                      /* (area, mask, frame) */
        mov %rdx, %rcx
        component_mask
        xrstor64 (%rdi)
        vectors_to %rcx
        ret

address_of get_trap_stubs, trap_stubs
address_of get_idt, idt
address_of get_hypercall_entry, hypercall_entry
address_of get_syscall_slow, syscall_slow
address_of get_syscall32_entry, syscall32_entry
address_of get_guarded_hypercall, guarded_hypercall
address_of get_guarded_syscall_slow, guarded_syscall_slow
address_of get_guarded_syscall32, guarded_syscall32
address_of get_sysenter_entry, sysenter_entry
address_of get_sysenter_flags_cleared, sysenter_flags_cleared
address_of get_contained, contained
address_of get_smap_sites_start, __smap_sites_start
address_of get_smap_sites_end, __smap_sites_end
address_of get_guard_sites_start, __guard_sites_start
address_of get_guard_sites_end, __guard_sites_end
address_of get_entry_start, __entry_start
address_of get_entry_end, __entry_end
.section .note.GNU-stack,"",@progbits
