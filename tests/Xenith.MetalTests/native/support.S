// capture_context(ref Context): the caller's rip, rsp and rbp, as they are after the return.
        .text
        .global capture_context
capture_context:
        mov     (%rsp), %rax
        mov     %rax, (%rdi)
        lea     8(%rsp), %rax
        mov     %rax, 8(%rdi)
        mov     %rbp, 16(%rdi)
        ret

// leave_emulator(status): QEMU with '-device isa-debug-exit,iobase=0xf4,iosize=4' exits with 2 * status + 1.
        .global leave_emulator
leave_emulator:
        mov     %edi, %eax
        out     %eax, $0xf4
1:      hlt
        jmp     1b

        .section .note.GNU-stack, "", @progbits
