/*
 * Ways into the hypervisor and out of it. One stack per CPU; its top is the end of the CPU's 64 KiB block, and the record of the CPU
 * is the block's first bytes, so `and $-0x10000` on any stack address finds it. Compiled C# uses XMM0 and XMM8 only: these two are in
 * the frame, all other vector registers stay the guest's.
 */
#include "frame.inc"

/* Three-byte no-ops that become STAC or CLAC once SMAP is known to be there. */
.macro smap_site kind
9:      .byte 0x0f, 0x1f, 0x00
        .pushsection .smap_sites, "a"
        .quad 9b, \kind
        .popsection
.endm
/*
 * An instruction that becomes a jump to a longer way where the CPU needs guarding (guarded.S). It is an instruction of five bytes or more that is
 * there anyway, so CPUs that need nothing execute not one instruction more.
 */
.macro guard_site target
9:
        .pushsection .guard_sites, "a"
        .quad 9b, \target
        .popsection
.endm

#define ALLOW_GUEST_ACCESS  smap_site 1
#define FORBID_GUEST_ACCESS smap_site 0

.macro fixup from, to
        .pushsection .fixup, "a"
        .quad \from, \to
        .popsection
.endm

/* The lower part of a full frame, from RDI down to R15, and room for XMM0 and XMM8. */
.macro push_registers
        push %rdi
        push %rsi
        push %rdx
        push %rcx
        push %rax
        push %r8
        push %r9
        push %r10
        push %r11
        push %rbx
        push %rbp
        push %r12
        push %r13
        push %r14
        push %r15
        sub $32, %rsp
.endm

/* Code that runs on a guest's own root too, where that does not show the hypervisor: guarded.S. It has pages of its own. */
.section .entry_text, "ax"

/* ---- SYSCALL from a guest kernel. The per-CPU stub has put the guest's RSP into the frame and RSP at the frame's start. ---- */
.align 64
.global hypercall_entry
hypercall_entry:
        mov %r11, F_RFLAGS(%rsp)
        mov %rcx, F_RIP(%rsp)
        mov %rdi, F_RDI(%rsp)
        mov %rsi, F_RSI(%rsp)
        mov %rdx, F_RDX(%rsp)
        mov %r10, F_R10(%rsp)
        mov %r8, F_R8(%rsp)
        mov %r9, F_R9(%rsp)
        movaps %xmm0, F_XMM0(%rsp)
        movaps %xmm8, F_XMM8(%rsp)
        mov %r10, %rcx
        mov %rax, %r9
        sti
        call hv_hypercall               /* (a1, a2, a3, a4, a5, number) */
        cli
        mov %rsp, %rcx
        and $-BLOCK_SIZE, %rcx
        cmpq $0, P_WORK(%rcx)
        jne hypercall_slow_exit
        mov P_VCPU(%rcx), %r11
        cmpb $0, (%r11)                 /* upcall_pending */
        jne 2f
1:      mov F_RIP(%rsp), %rcx
        test %rcx, %rcx                 /* SYSRET must not see a non-canonical RIP: code in the upper half cannot make one, */
        jns 3f                          /* code in the lower half can by a SYSCALL at its very end */
4:      guard_site guarded_hypercall_exit
        mov F_RFLAGS(%rsp), %r11
.global hypercall_exit_rest
hypercall_exit_rest:
        mov F_RDI(%rsp), %rdi
        mov F_RSI(%rsp), %rsi
        mov F_RDX(%rsp), %rdx
        mov F_R10(%rsp), %r10
        mov F_R8(%rsp), %r8
        mov F_R9(%rsp), %r9
        movaps F_XMM0(%rsp), %xmm0
        movaps F_XMM8(%rsp), %xmm8
        mov F_RSP(%rsp), %rsp
        sysretq
2:      cmpb $0, 1(%r11)                /* upcall_mask */
        je hypercall_slow_exit
        jmp 1b
3:      bt $47, %rcx
        jnc 4b

/* Completes the frame and leaves by the common way. */
hypercall_slow_exit:
        mov %rax, F_RAX(%rsp)
        mov %rbx, F_RBX(%rsp)
        mov %rbp, F_RBP(%rsp)
        mov %r12, F_R12(%rsp)
        mov %r13, F_R13(%rsp)
        mov %r14, F_R14(%rsp)
        mov %r15, F_R15(%rsp)
        mov %rsp, %rcx
        and $-BLOCK_SIZE, %rcx
        testl $WAY_OUT_FULL_FRAME, P_WAY_OUT(%rcx)
        jnz 1f
        mov F_RIP(%rsp), %rax
        mov %rax, F_RCX(%rsp)
        mov F_RFLAGS(%rsp), %rax
        mov %rax, F_R11(%rsp)
        movq $CS64, F_CS(%rsp)
        movq $SS, F_SS(%rsp)
        movq $0x100, F_VECTOR(%rsp)
        movq $0, F_ERROR(%rsp)
1:      movl $0, P_WAY_OUT(%rcx)
        jmp leave_to_guest

/* ---- SYSCALL while the guest is in user mode, or while its CR0.TS is set. ---- */
.global syscall_slow
syscall_slow:
        mov %rdi, F_RDI(%rsp)
        mov %rsp, %rdi
        and $-BLOCK_SIZE, %rdi
        cmpb $0, P_TS(%rdi)
        je 1f
        clts
1:      cmpb $0, P_USER(%rdi)
        jne 2f
        orl $WAY_OUT_SLOW, P_WAY_OUT(%rdi)
        mov F_RDI(%rsp), %rdi
        jmp hypercall_entry
2:      movq $0x101, F_VECTOR(%rsp)
        movq $CS64, F_CS(%rsp)
syscall_from_user_with_address:
        mov %rcx, F_RIP(%rsp)
        mov %r11, F_RFLAGS(%rsp)
syscall_from_user:
        mov %rsi, F_RSI(%rsp)
        mov %rdx, F_RDX(%rsp)
        mov %rcx, F_RCX(%rsp)
        mov %rax, F_RAX(%rsp)
        mov %r8, F_R8(%rsp)
        mov %r9, F_R9(%rsp)
        mov %r10, F_R10(%rsp)
        mov %r11, F_R11(%rsp)
        mov %rbx, F_RBX(%rsp)
        mov %rbp, F_RBP(%rsp)
        mov %r12, F_R12(%rsp)
        mov %r13, F_R13(%rsp)
        mov %r14, F_R14(%rsp)
        mov %r15, F_R15(%rsp)
        movaps %xmm0, F_XMM0(%rsp)
        movaps %xmm8, F_XMM8(%rsp)
        movq $SS, F_SS(%rsp)
        movq $0, F_ERROR(%rsp)
        mov %rsp, %rdi
        call hv_user_syscall            /* (ref frame), interrupts off */
        jmp leave_to_guest

/* SYSCALL from 32-bit code: CSTAR. */
.global syscall32_entry
syscall32_entry:
        mov %rdi, F_RDI(%rsp)
        mov %rsp, %rdi
        and $-BLOCK_SIZE, %rdi
        cmpb $0, P_TS(%rdi)
        je 1f
        clts
1:      movq $0x102, F_VECTOR(%rsp)
        movq $CS32, F_CS(%rsp)
        jmp syscall_from_user_with_address

/*
 * SYSENTER, which Intel's CPUs have in long mode (SDM vol. 2, SYSENTER). RSP is the end of the CPU's block. RIP and RSP of the process are lost: by convention EBP is its stack and the
 * way back lies in its kernel's vDSO. Of the flags only IF and VM have been cleared: with TF each instruction up to the POPF raises #DB, which OwnTrap passes over.
 */
.global sysenter_entry
sysenter_entry:
        pushq $SS
        pushq $0
        pushfq
        pushq $2
        popfq
.global sysenter_flags_cleared
sysenter_flags_cleared:
        lea -F_RFLAGS(%rsp), %rsp
        jmp guarded_sysenter
.global sysenter_guarded
sysenter_guarded:
        mov %rdi, F_RDI(%rsp)
        orq $0x200, F_RFLAGS(%rsp)
        movq $0x103, F_VECTOR(%rsp)
        movq $CS32, F_CS(%rsp)
        movq $0, F_RIP(%rsp)
        mov %rsp, %rdi
        and $-BLOCK_SIZE, %rdi
        cmpb $0, P_TS(%rdi)
        je syscall_from_user
        clts
        jmp syscall_from_user

/* ---- Exceptions and interrupts. Each stub leaves [vector][error code] below what the CPU pushed. ---- */
.align 16
.global trap_stubs
trap_stubs:
.set vector, 0
.rept 256
        .align 16
        .if (vector == 8) || ((vector >= 10) && (vector <= 14)) || (vector == 17) || (vector == 21) || (vector == 29) || (vector == 30)
        .else
        push $0
        .endif
        push $vector
        jmp trap_entry
.set vector, vector + 1
.endr

trap_entry:
        cld
        push_registers
        FORBID_GUEST_ACCESS
        guard_site guarded_trap
        testb $3, F_CS(%rsp)
        jz trap_from_hypervisor
.global trap_from_guest
trap_from_guest:
        mov %rsp, %rbx
        and $-BLOCK_SIZE, %rbx
        cmpb $0, P_TS(%rbx)
        je 1f
        clts
1:      movaps %xmm0, F_XMM0(%rsp)
        movaps %xmm8, F_XMM8(%rsp)
        /* From a guest the main stack is empty. An IST stack is left for it, so that the way out is always the same. */
        lea BLOCK_SIZE - F_SIZE(%rbx), %rdi
        cmp %rdi, %rsp
        je 2f
        mov %rsp, %rsi
        mov $F_SIZE / 8, %ecx
        mov %rdi, %rdx
        rep movsq
        mov %rdx, %rsp
2:      mov %rsp, %rdi
        cmpq $32, F_VECTOR(%rsp)
        jae 3f
        call hv_guest_trap              /* (ref frame), interrupts off */
        jmp leave_to_guest
3:      call hv_interrupt               /* (ref frame), interrupts off */
        jmp leave_to_guest

.global trap_from_hypervisor
trap_from_hypervisor:
        mov %cr0, %rbx                  /* an NMI can come while CR0.TS is already set for the guest */
        test $8, %bl
        jz 1f
        clts
1:      movaps %xmm0, F_XMM0(%rsp)
        movaps %xmm8, F_XMM8(%rsp)
        mov %rsp, %rdi
        cmpq $32, F_VECTOR(%rsp)
        jae 2f
        call machine_own_trap           /* (ref frame) */
        jmp 3f
2:      call hv_interrupt
3:      cli
        movaps F_XMM0(%rsp), %xmm0
        guard_site guarded_own_exit
        movaps F_XMM8(%rsp), %xmm8
.global own_exit_rest
own_exit_rest:
        test $8, %bl
        jz 4f
        mov %rbx, %cr0
4:      add $32, %rsp
        pop %r15
        pop %r14
        pop %r13
        pop %r12
        pop %rbp
        pop %rbx
        pop %r11
        pop %r10
        pop %r9
        pop %r8
        pop %rax
        pop %rcx
        pop %rdx
        pop %rsi
        pop %rdi
        add $16, %rsp
        iretq

/* ---- The common way out: RSP at a complete frame at the top of the stack, interrupts off. ---- */
.global leave_to_guest
leave_to_guest:
        cli
        mov %rsp, %rbx
        and $-BLOCK_SIZE, %rbx
1:      cmpq $0, P_WORK(%rbx)           /* other CPUs set bits here at any time: nothing but a locked operation may clear one */
        jne 3f
        mov P_VCPU(%rbx), %rax
        cmpb $0, (%rax)
        jne 4f
2:      movaps F_XMM0(%rsp), %xmm0
        movaps F_XMM8(%rsp), %xmm8
        cmpb $0, P_TS(%rbx)
        jne 5f
6:      guard_site guarded_exit
        mov F_R15(%rsp), %r15
.global exit_rest
exit_rest:
        mov F_R14(%rsp), %r14
        mov F_R13(%rsp), %r13
        mov F_R12(%rsp), %r12
        mov F_RBP(%rsp), %rbp
        mov F_RBX(%rsp), %rbx
        mov F_R11(%rsp), %r11
        mov F_R10(%rsp), %r10
        mov F_R9(%rsp), %r9
        mov F_R8(%rsp), %r8
        mov F_RAX(%rsp), %rax
        mov F_RCX(%rsp), %rcx
        mov F_RDX(%rsp), %rdx
        mov F_RSI(%rsp), %rsi
        mov F_RDI(%rsp), %rdi
        add $F_RIP, %rsp
7:      iretq
        fixup 7b, guest_return_failed
3:      movl $0, P_WAY_OUT(%rbx)        /* this way is the slow one for whatever reason */
        cmpl $0, P_WORK(%rbx)
        jne 8f
        jmp 1b
4:      cmpb $0, 1(%rax)
        jne 2b
8:      mov %rsp, %rdi
        call hv_leave                   /* (ref frame), interrupts off before and after */
        jmp 1b
5:      mov %cr0, %rax
        or $8, %rax
        mov %rax, %cr0
        jmp 6b

/* IRETQ to the guest faulted: its CS, SS, RIP or RSP cannot be loaded. All registers are the guest's again; RSP is at the RIP slot. */
guest_return_failed:
        pushq -56(%rsp)                 /* error code and vector are where the exception pushed them: it found RSP 8 above a multiple of 16, */
        pushq -56(%rsp)                 /* so 6 words and an alignment below it; each push moves on to the next */
        push_registers
        mov %rsp, %rbx
        guard_site guarded_return_failed
        and $-BLOCK_SIZE, %rbx
.global return_failed_rest
return_failed_rest:
        cmpb $0, P_TS(%rbx)
        je 1f
        clts
1:      movaps %xmm0, F_XMM0(%rsp)
        movaps %xmm8, F_XMM8(%rsp)
        mov %rsp, %rdi
        call hv_return_failed           /* (ref frame): failsafe callback, or the domain crashes */
        jmp leave_to_guest

/* A trap of our own was contained: the stack is empty again, the domain that was served is dead. */
.global contained
contained:
        jmp leave_to_guest

.global start_scheduling
start_scheduling:                       /* (end of the CPU's block) */
        cli
        lea -F_SIZE(%rdi), %rsp
        mov %rsp, %rbx
        and $-BLOCK_SIZE, %rbx
        lock orl $1, P_WORK(%rbx)
        jmp leave_to_guest

/* ---- Copies from and to guest memory; 1 = done, 0 = faulted. ---- */
.text
.align 16
.global guest_read64
guest_read64:                           /* (from, to) */
        ALLOW_GUEST_ACCESS
1:      mov (%rdi), %rax
        FORBID_GUEST_ACCESS
        mov %rax, (%rsi)
        mov $1, %eax
        ret
        fixup 1b, guest_access_failed
.align 16
.global guest_read32
guest_read32:                           /* (from, to) */
        ALLOW_GUEST_ACCESS
1:      mov (%rdi), %eax
        FORBID_GUEST_ACCESS
        mov %eax, (%rsi)
        mov $1, %eax
        ret
        fixup 1b, guest_access_failed
.align 16
.global guest_read128
guest_read128:                          /* (from, to) */
        ALLOW_GUEST_ACCESS
1:      mov (%rdi), %rax
2:      mov 8(%rdi), %rdx
        FORBID_GUEST_ACCESS
        mov %rax, (%rsi)
        mov %rdx, 8(%rsi)
        mov $1, %eax
        ret
        fixup 1b, guest_access_failed
        fixup 2b, guest_access_failed
.align 16
.global guest_write64
guest_write64:                          /* (to, value) */
        ALLOW_GUEST_ACCESS
1:      mov %rsi, (%rdi)
        FORBID_GUEST_ACCESS
        mov $1, %eax
        ret
        fixup 1b, guest_access_failed
.align 16
.global guest_copy
guest_copy:                             /* (to, from, bytes) */
        mov %rdx, %rcx
        shr $3, %rcx
        ALLOW_GUEST_ACCESS
1:      rep movsq
        mov %edx, %ecx
        and $7, %ecx
        jz 3f
2:      rep movsb
3:      FORBID_GUEST_ACCESS
        mov $1, %eax
        ret
        fixup 1b, guest_access_failed
        fixup 2b, guest_access_failed
.align 16
.global guest_compare_exchange
guest_compare_exchange:                 /* (at, ref expected, value): expected gets what was there */
        mov (%rsi), %rax
        ALLOW_GUEST_ACCESS
1:      lock cmpxchg %rdx, (%rdi)
        FORBID_GUEST_ACCESS
        mov %rax, (%rsi)
        mov $1, %eax
        ret
        fixup 1b, guest_access_failed

/* Exception frame of a 64-bit PV kernel: RCX, R11, [error code,] RIP, CS, RFLAGS, RSP, SS. */
.macro push_frame extra
        mov F_RCX(%rsi), %rax
        mov F_R11(%rsi), %r9
        mov F_RIP(%rsi), %r10
        mov F_RSP(%rsi), %r11
        mov F_SS(%rsi), %rsi
        ALLOW_GUEST_ACCESS
1:      mov %rax, (%rdi)
2:      mov %r9, 8(%rdi)
3:      mov %r10, \extra + 16(%rdi)
4:      mov %rdx, \extra + 24(%rdi)
5:      mov %rcx, \extra + 32(%rdi)
6:      mov %r11, \extra + 40(%rdi)
7:      mov %rsi, \extra + 48(%rdi)
        .if \extra
8:      mov %r8, 16(%rdi)
        fixup 8b, guest_access_failed
        .endif
        FORBID_GUEST_ACCESS
        mov $1, %eax
        ret
        .irp label, 1b, 2b, 3b, 4b, 5b, 6b, 7b
        fixup \label, guest_access_failed
        .endr
.endm
.align 16
.global guest_push_frame
guest_push_frame:                       /* (to, ref frame, cs, rflags) */
        push_frame 0
.align 16
.global guest_push_frame_with_error
guest_push_frame_with_error:            /* (to, ref frame, cs, rflags, error code) */
        push_frame 8
guest_access_failed:
        FORBID_GUEST_ACCESS
        xor %eax, %eax
        ret

.bss
.align 4096
.global idt
idt:    .skip 4096

.section .note.GNU-stack,"",@progbits
