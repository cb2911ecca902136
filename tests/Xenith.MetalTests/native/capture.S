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

        .section .note.GNU-stack, "", @progbits
