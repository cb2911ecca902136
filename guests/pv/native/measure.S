// Instruction counts by RDTSC, which under QEMU's -icount shift=0 grows by one an instruction.
//
// Two RDTSC differ by the number of instructions from the first, inclusive, to the second, exclusive. Every routine here
// states how many of them are its own; Benchmarks/Meter.cs takes these off, so that what is printed is what lies between:
// the measured instruction and the hypervisor's work.

#define HYPERCALL_IRET 23

        .text
        .global measure, measure_kernel_fault, measure_hypercall_event, meter_stamps
        .global mark_pass, measure_breakpoint, stamp_breakpoint_stub, user_breakpoint_program
        .global stamp_event_stub, stamp_fault_stub, stamp_syscall_stub, user_syscall_program, user_fault_program

// ulong measure(code, ProbeRegisters *): registers as in run_probe, r10 = rcx (a hypercall's fourth argument). Returns the
// difference; a run with a bare RET as code gives the routine's own share.
measure:
        push    %rbx
        push    %rbp
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        push    %rsi
        mov     %rdi, %rbp
        mov     0(%rsi), %r14
        mov     24(%rsi), %r15
        mov     8(%rsi), %rbx
        mov     16(%rsi), %rcx
        mov     %rcx, %r10
        mov     40(%rsi), %rdi
        mov     48(%rsi), %r8
        mov     56(%rsi), %r9
        mov     32(%rsi), %rsi
        rdtsc
        mov     %eax, %r12d
        mov     %r14, %rax
        mov     %r15, %rdx
        call    *%rbp
        mov     %rax, %r14
        rdtsc
        sub     %r12d, %eax
        mov     %eax, %eax
        pop     %rsi
        mov     %r14, 0(%rsi)
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbp
        pop     %rbx
        ret

// void measure_kernel_fault(address): a read that faults, which stamp_fault_stub skips.
// Own instructions: 2 before the fault; 0 between the return and the second stamp.
measure_kernel_fault:
        rdtsc
        mov     %eax, stamps + 0(%rip)
        mov     (%rdi), %rax                    // 3 bytes
        rdtsc
        mov     %eax, stamps + 12(%rip)
        ret

// void mark_pass(stamp): says, by a no-operation that guests/benchmarks/paths.c knows, that the next pass is to be written down from
// its RDTSC of this number on: 0, 1 or 2.
mark_pass:
        cmp     $1, %edi
        ja      2f
        je      1f
        .byte   0x0f, 0x1f, 0x80, 0x30, 0x4e, 0x45, 0x58
        ret
1:      .byte   0x0f, 0x1f, 0x80, 0x31, 0x4e, 0x45, 0x58
        ret
2:      .byte   0x0f, 0x1f, 0x80, 0x32, 0x4e, 0x45, 0x58
        ret

// void measure_breakpoint(): own instructions as in measure_kernel_fault.
measure_breakpoint:
        rdtsc
        mov     %eax, stamps + 0(%rip)
        int3
        ret

// long measure_hypercall_event(nr, a1, a2, a3): a hypercall on whose way out an upcall comes. Own instructions before SYSCALL: 4.
measure_hypercall_event:
        mov     %rdi, %r9
        mov     %rsi, %rdi
        mov     %rdx, %rsi
        mov     %rcx, %r10
        rdtsc
        mov     %eax, stamps + 0(%rip)
        mov     %r10, %rdx
        mov     %r9, %rax
        syscall
        ret

// Event callback: stamps, then as ever. Own instructions before the stamp: 2.
stamp_event_stub:
        push    %rax
        push    %rdx
        rdtsc
        mov     %eax, stamps + 4(%rip)
        pop     %rdx
        pop     %rax
        jmp     trap_stubs + 256 * 32

// Gate for #PF: stamps, skips 3 bytes, stamps, returns. Own instructions: 2 before the first stamp; 4 from the second to SYSCALL.
stamp_fault_stub:
        push    %rax
        push    %rdx
        rdtsc
        mov     %eax, stamps + 4(%rip)
        pop     %rdx
        pop     %rax
        mov     (%rsp), %rcx
        mov     8(%rsp), %r11
        addq    $3, 24(%rsp)
        movq    $0, 16(%rsp)                    // flags
        mov     %rcx, 8(%rsp)
        mov     %r11, (%rsp)
        push    %rax
        mov     %rdx, saved_rdx(%rip)
        rdtsc
        mov     %eax, stamps + 8(%rip)
        mov     saved_rdx(%rip), %rdx
        mov     $HYPERCALL_IRET, %eax
        syscall
        ud2

// Gate for #BP: stamps and returns. Own instructions before the stamp: 2.
stamp_breakpoint_stub:
        push    %rax
        push    %rdx
        rdtsc
        mov     %eax, stamps + 4(%rip)
        pop     %rdx
        pop     %rax
        mov     (%rsp), %rcx
        mov     8(%rsp), %r11
        movq    $0, 8(%rsp)                     // flags
        mov     %rcx, (%rsp)
        push    %r11
        push    %rax
        mov     $HYPERCALL_IRET, %eax
        syscall
        ud2

// SYSCALL callback: the same with the short return. Own instructions: 0 before the first stamp; 3 from the second to SYSCALL.
stamp_syscall_stub:
        rdtsc
        mov     %eax, stamps + 4(%rip)
        mov     8(%rsp), %r11
        movq    $0x100, 8(%rsp)                 // flags: VGCF_in_syscall; rcx is in its place
        push    %r11
        push    %rax
        rdtsc
        mov     %eax, stamps + 8(%rip)
        mov     $HYPERCALL_IRET, %eax
        syscall
        ud2

meter_stamps:
        lea     stamps(%rip), %rax
        ret

// ---- programs for user mode, copied to its code page: rdi is the data page, rsi an absent one -----------------------------
        .section .rodata
        .global user_syscall_program_end, user_fault_program_end, user_breakpoint_program_end
// Own instructions: 2 before SYSCALL, 0 after.
user_syscall_program:
        rdtsc
        mov     %eax, 0(%rdi)
        syscall
        rdtsc
        mov     %eax, 12(%rdi)
        int     $0x80
user_syscall_program_end:

user_fault_program:
        rdtsc
        mov     %eax, 0(%rdi)
        mov     (%rsi), %rax                    // 3 bytes
        rdtsc
        mov     %eax, 12(%rdi)
        int     $0x80
user_fault_program_end:

user_breakpoint_program:
        rdtsc
        mov     %eax, 0(%rdi)
        int3
        mov     %eax, 12(%rdi)
        int     $0x80
user_breakpoint_program_end:

        .bss
        .balign 16
        .global stamps
stamps: .skip   16                              // start, handler entered, handler leaves, back
saved_rdx: .skip 8
        .section .note.GNU-stack, "", @progbits
