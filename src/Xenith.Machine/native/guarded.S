/*
 * The ways in and out on CPUs that need guarding against speculation: one of the jumps of entry.S leads here where Guards.cs has put it. Three things are done:
 *
 * - The guest runs on a root of the CPU's own that shows of the hypervisor only what the first and last instructions of a visit need: this code, the IDT, the CPU's block, the
 *   descriptor tables (Meltdown: a CPU that reads kernel memory ahead of the check of privilege). P_ROOT is the root that the hypervisor works on, which is the guest's real one;
 *   P_GUEST_ROOT the CPU's own, 0 if the guest runs on the real one. P_ROOT_CHANGED says that the guest's L4 entries have to be copied again. Every load of CR3, every flush of the TLB
 *   and every INVLPG set it: so the copy is as old as a TLB may be, and nothing else has to know about it.
 * - VERW overwrites the buffers that fills and stores leave data in (SDM vol. 1 of microarchitectural data sampling, MD_CLEAR).
 * - IA32_SPEC_CTRL gets the hypervisor's value on the way in and 0 on the way out; the return stack buffer is overwritten where SMEP does not keep it harmless.
 */
#include "frame.inc"
#include "image.h"
#include "flush.inc"

.section .entry_text, "ax"

/* In RCX the CPU's record. RAX and RDX are free, and RCX afterwards. */
.macro guard_entry
        mov P_ROOT(%rcx), %rax
        test %rax, %rax
        jz 7f
        mov %rax, %cr3
7:      testb $GUARD_RETURNS | GUARD_SPEC_CTRL, P_GUARDS(%rcx)
        jz 8f
        call guard_predictors
8:
.endm

/* In the given register the CPU's record, RAX free: buffers, and the root if there is one of the CPU's own. */
.macro guard_exit block
        testb $GUARD_VERW, P_GUARDS(\block)
        jz 7f
        verw P_VERW(\block)
7:      mov P_GUEST_ROOT(\block), %rax
        test %rax, %rax
        jz 8f
        mov %rax, %cr3
8:
.endm

/* A way in that has all of the guest's registers: three are put into the frame for as long as the guards need them. */
.macro guarded_way_in name, rest
.global \name
\name:
        mov %rax, F_RAX(%rsp)
        mov %rcx, F_RCX(%rsp)
        mov %rdx, F_RDX(%rsp)
        mov %rsp, %rcx
        and $-BLOCK_SIZE, %rcx
        guard_entry
        mov F_RAX(%rsp), %rax
        mov F_RCX(%rsp), %rcx
        mov F_RDX(%rsp), %rdx
        jmp \rest
.endm

        guarded_way_in guarded_hypercall, hypercall_entry
        guarded_way_in guarded_syscall_slow, syscall_slow
        guarded_way_in guarded_syscall32, syscall32_entry

/* SYSENTER always comes here: the record says whether there is anything to do. */
        guarded_way_in guarded_sysenter, sysenter_guarded

/* An exception or interrupt, all general registers in the frame. From the hypervisor it may have come in the first or last instructions of a visit, on the guest's root. */
.global guarded_trap
guarded_trap:
        mov %rsp, %rcx
        and $-BLOCK_SIZE, %rcx
        testb $3, F_CS(%rsp)
        jz 2f
        guard_entry
        cmpq $14, F_VECTOR(%rsp)
        jne trap_from_guest
        testb $1, F_ERROR(%rsp)
        jnz trap_from_guest
        /* A page that is not there, for the CPU's own root: perhaps another CPU has put an L4 entry into the real one since the copy was made. */
        mov %rsp, %rcx
        and $-BLOCK_SIZE, %rcx
        mov P_GUEST_ROOT(%rcx), %rdx
        test %rdx, %rdx
        jz trap_from_guest
        mov %cr2, %rax
        shr $39, %rax
        and $511, %eax
        lea -256(%rax), %esi
        cmp $16, %esi
        jb trap_from_guest
        movabs $DIRECTMAP_BASE, %rsi
        add %rsi, %rdx
        add P_ROOT(%rcx), %rsi
        mov (%rsi, %rax, 8), %rsi
        xor (%rdx, %rax, 8), %rsi
        and $~0x20, %rsi                /* the accessed bit is the CPU's */
        jz trap_from_guest
        movb $1, P_ROOT_CHANGED(%rcx)
        cmpb $0, P_TS(%rcx)
        je 1f
        clts
1:      movaps %xmm0, F_XMM0(%rsp)
        movaps %xmm8, F_XMM8(%rsp)
        jmp leave_to_guest
2:      mov %cr3, %r12                  /* kept until guarded_own_exit */
        cmp P_GUEST_ROOT(%rcx), %r12
        jne trap_from_hypervisor
        mov P_ROOT(%rcx), %rax
        mov %rax, %cr3
        jmp trap_from_hypervisor

/* Back to where the hypervisor was interrupted: onto the guest's root, if it was on that. */
.global guarded_own_exit
guarded_own_exit:
        movaps F_XMM8(%rsp), %xmm8
        mov %rsp, %rax
        and $-BLOCK_SIZE, %rax
        cmp P_GUEST_ROOT(%rax), %r12
        jne own_exit_rest
        mov %r12, %cr3
        jmp own_exit_rest

.global guarded_return_failed
guarded_return_failed:
        mov %rsp, %rcx
        and $-BLOCK_SIZE, %rcx
        guard_entry
        and $-BLOCK_SIZE, %rbx
        jmp return_failed_rest

/* RAX is the hypercall's result; RCX can be had again from the frame, R11 is free. */
.global guarded_hypercall_exit
guarded_hypercall_exit:
        mov %rax, F_RAX(%rsp)
        mov %rsp, %r11
        and $-BLOCK_SIZE, %r11
        call prepare_exit
        guard_exit %r11
        mov F_RAX(%rsp), %rax
        mov F_RIP(%rsp), %rcx
        mov F_RFLAGS(%rsp), %r11
        jmp hypercall_exit_rest

.global guarded_exit
guarded_exit:
        mov %rbx, %r11
        call prepare_exit
        guard_exit %rbx
        mov F_R15(%rsp), %r15
        jmp exit_rest

/* In R11 the record. Changes RAX, RCX, RDX, RSI, RDI. */
prepare_exit:
        testb $GUARD_SPEC_CTRL, P_GUARDS(%r11)
        jz 1f
        mov $0x48, %ecx
        xor %eax, %eax
        xor %edx, %edx
        wrmsr
1:      cmpb $0, P_ROOT_CHANGED(%r11)
        jne 3f
2:      ret
3:      movb $0, P_ROOT_CHANGED(%r11)   /* before the copy: whoever changes an entry from now on sets it again */
        mov P_GUEST_ROOT(%r11), %rdi
        test %rdi, %rdi
        jz 2b
        movabs $DIRECTMAP_BASE, %rsi
        add %rsi, %rdi
        add P_ROOT(%r11), %rsi
        mov 260 * 8(%rsi), %rax         /* the per-domain area */
        mov %rax, 260 * 8(%rdi)
        mov $257, %ecx                  /* the lower half, and the machine-to-physical table */
        rep movsq
        add $15 * 8, %rsi
        add $15 * 8, %rdi
        mov $240, %ecx
        rep movsq
        ret

/*
 * In RCX the record; changes RAX, RCX, RDX. Thirty-two calls fill the return stack buffer with harmless targets, each of which would stop speculation.
 */
guard_predictors:
        testb $GUARD_SPEC_CTRL, P_GUARDS(%rcx)
        jz 1f
        push %rcx
        mov P_SPEC_CTRL(%rcx), %eax
        mov $0x48, %ecx
        xor %edx, %edx
        wrmsr
        pop %rcx
1:      testb $GUARD_RETURNS, P_GUARDS(%rcx)
        jz 4f
        mov $16, %ecx
        mov %rsp, %rax
2:      call 3f
5:      pause
        lfence
        jmp 5b
3:      call 6f
5:      pause
        lfence
        jmp 5b
6:      dec %ecx
        jnz 2b
        mov %rax, %rsp
4:      ret

/* What takes the place of the routines of these names in instructions.S. */
.global guarded_write_cr3
guarded_write_cr3:
        mov %rsp, %rax
        and $-BLOCK_SIZE, %rax
        mov %rdi, P_ROOT(%rax)
        movb $1, P_ROOT_CHANGED(%rax)
        mov %rdi, %cr3
        ret
.global guarded_flush_tlb
guarded_flush_tlb:
        mov %rsp, %rax
        and $-BLOCK_SIZE, %rax
        movb $1, P_ROOT_CHANGED(%rax)
        flush_all
        ret
.global guarded_load_root
guarded_load_root:
        mov %rsp, %rax
        and $-BLOCK_SIZE, %rax
        mov %rdi, P_ROOT(%rax)
        movb $1, P_ROOT_CHANGED(%rax)
        mov %rdi, %cr3
        flush_global
        ret
.global guarded_invalidate_page
guarded_invalidate_page:
        mov %rsp, %rax
        and $-BLOCK_SIZE, %rax
        movb $1, P_ROOT_CHANGED(%rax)
        invlpg (%rdi)
        ret
.section .note.GNU-stack,"",@progbits
