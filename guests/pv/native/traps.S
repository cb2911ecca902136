// Entries from the hypervisor: exceptions, the event callback, the failsafe callback and SYSCALL from user mode.
//
// The frame a 64-bit PV kernel gets (public arch-x86/xen-x86_64.h) is, from the top of the stack: rcx, r11, [error code],
// rip, cs, rflags, rsp, ss. The way back is the iret hypercall with rax, r11, rcx, flags, rip, cs, rflags, rsp, ss.
// Each stub turns the two saved registers into two slots, number and error code, and joins one common path, which hands
// a TrapFrame (Kernel/TrapFrame.cs) to C#. Generated code touches xmm0 and xmm8 only, so these two are saved as well.

#define HYPERCALL_IRET 23

        .text
        .balign 16
        .global trap_stub_address
// ulong trap_stub_address(vector): 256 stubs of equal size, then those of the callbacks
trap_stub_address:
        mov     %edi, %eax
        shl     $5, %rax
        lea     trap_stubs(%rip), %rcx
        add     %rcx, %rax
        ret

.macro STUB number
        .balign 32
        .if \number == 8 || (\number >= 10 && \number <= 14) || \number == 17 || \number == 21
        mov     (%rsp), %rcx                    // rcx, r11, error code: two slots wanted, three there
        mov     8(%rsp), %r11
        add     $8, %rsp
        movq    $\number, (%rsp)
        .else
        mov     (%rsp), %rcx
        mov     8(%rsp), %r11
        movq    $0, 8(%rsp)
        movq    $\number, (%rsp)
        .endif
        jmp     common
.endm

        .balign 32
        .global trap_stubs
trap_stubs:
        .set    i, 0
        .altmacro                               // for %i, the value of a symbol as a macro argument
        .rept   264                             // 256 event, 258 SYSCALL, 259 NMI, 260 SYSENTER, 261 SYSCALL32
        .if     i == 257
        .balign 32
        jmp     failsafe
        .else
        STUB    %i
        .endif
        .set    i, i + 1
        .endr
        .noaltmacro

// The failsafe frame has ds, es, fs, gs between the two registers and rip. They are kept for the checks to see.
failsafe:
        mov     16(%rsp), %rcx
        mov     %rcx, failsafe_selectors + 0(%rip)
        mov     24(%rsp), %rcx
        mov     %rcx, failsafe_selectors + 8(%rip)
        mov     32(%rsp), %rcx
        mov     %rcx, failsafe_selectors + 16(%rip)
        mov     40(%rsp), %rcx
        mov     %rcx, failsafe_selectors + 24(%rip)
        mov     (%rsp), %rcx
        mov     8(%rsp), %r11
        add     $32, %rsp
        movq    $0, 8(%rsp)
        movq    $257, (%rsp)

common: push    %rax
        push    %rcx
        push    %rdx
        push    %rbx
        push    %rbp
        push    %rsi
        push    %rdi
        push    %r8
        push    %r9
        push    %r10
        push    %r11
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        mov     %rsp, %rdi
        mov     %rsp, %rbp
        sub     $32, %rsp
        and     $-16, %rsp
        movups  %xmm0, (%rsp)
        movups  %xmm8, 16(%rsp)
        cld
        call    trap_entry
        movups  (%rsp), %xmm0
        movups  16(%rsp), %xmm8
        mov     %rbp, %rsp
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %r11
        pop     %r10
        pop     %r9
        pop     %r8
        pop     %rdi
        pop     %rsi
        pop     %rbp
        pop     %rbx
        pop     %rdx
        pop     %rcx
        pop     %rax
        mov     %rcx, (%rsp)                    // number slot: rcx
        // the error slot holds the flags of the iret frame, put there by C# (0, or VGCF_in_syscall)
        push    %r11
        push    %rax
        mov     $HYPERCALL_IRET, %eax
        syscall
        ud2

// ---- guarded calls ---------------------------------------------------------------------------------------------
// ulong run_guarded(code): calls code() and returns 0; abandon_run makes it return 1 from wherever it is.
        .global run_guarded, abandon_run, abandon_run_address
run_guarded:
        push    %rbx
        push    %rbp
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        push    guard_stack(%rip)
        mov     %rsp, guard_stack(%rip)
        call    *%rdi
        xor     %eax, %eax
        jmp     1f
abandon_run:
        mov     guard_stack(%rip), %rsp
        mov     $1, %eax
1:      pop     guard_stack(%rip)
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbp
        pop     %rbx
        cld
        ret
abandon_run_address:
        lea     abandon_run(%rip), %rax
        ret

// ulong run_probe(code, Registers*): loads rax, rbx, rcx, rdx, rsi, rdi, r8, r9, calls the code, stores them again.
// Returns 0, or 1 when the code faulted: the trap handler sends it to probe_landing on the stack kept here.
        .global run_probe, probe_landing_address, probe_stack_address
run_probe:
        push    %rbx
        push    %rbp
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        push    %rsi
        mov     %rsp, probe_stack(%rip)
        mov     %rdi, %r10
        mov     0(%rsi), %rax
        mov     8(%rsi), %rbx
        mov     16(%rsi), %rcx
        mov     24(%rsi), %rdx
        mov     40(%rsi), %rdi
        mov     48(%rsi), %r8
        mov     56(%rsi), %r9
        mov     32(%rsi), %rsi
        call    *%r10
        mov     (%rsp), %r10
        mov     %rax, 0(%r10)
        mov     %rbx, 8(%r10)
        mov     %rcx, 16(%r10)
        mov     %rdx, 24(%r10)
        mov     %rsi, 32(%r10)
        mov     %rdi, 40(%r10)
        mov     %r8, 48(%r10)
        mov     %r9, 56(%r10)
        xor     %eax, %eax
        jmp     1f
probe_landing:
        mov     $1, %eax
1:      pop     %rsi
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbp
        pop     %rbx
        cld
        ret
probe_landing_address:
        lea     probe_landing(%rip), %rax
        ret
probe_stack_address:
        mov     probe_stack(%rip), %rax
        ret

        .global failsafe_selectors_address
failsafe_selectors_address:
        lea     failsafe_selectors(%rip), %rax
        ret

        .bss
        .balign 8
guard_stack: .skip 8
probe_stack: .skip 8
failsafe_selectors: .skip 32
        .section .note.GNU-stack, "", @progbits
