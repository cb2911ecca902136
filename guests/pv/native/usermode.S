// Into user mode by the iret hypercall, and back out of it to the caller.

#define HYPERCALL_IRET 23

        .text
        .global enter_user, user_landing_address, user_stack_address, entry_stack_top, raw_iret
// void enter_user(const UserRegisters *): keeps the stack, loads the registers, goes. The trap handler comes back through
// user_landing on the kept stack.
enter_user:
        push    %rbx
        push    %rbp
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        sub     $8, %rsp
        mov     %rsp, user_stack(%rip)
        push    128(%rdi)                       // ss
        push    136(%rdi)                       // rsp
        push    144(%rdi)                       // rflags
        push    152(%rdi)                       // cs
        push    120(%rdi)                       // rip
        push    160(%rdi)                       // flags of the iret frame
        push    16(%rdi)                        // rcx
        push    80(%rdi)                        // r11
        push    0(%rdi)                         // rax
        mov     8(%rdi), %rbx
        mov     24(%rdi), %rdx
        mov     32(%rdi), %rsi
        mov     48(%rdi), %rbp
        mov     56(%rdi), %r8
        mov     64(%rdi), %r9
        mov     72(%rdi), %r10
        mov     88(%rdi), %r12
        mov     96(%rdi), %r13
        mov     104(%rdi), %r14
        mov     112(%rdi), %r15
        mov     40(%rdi), %rdi
        mov     $HYPERCALL_IRET, %eax
        syscall
        ud2

user_landing:
        add     $8, %rsp
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbp
        pop     %rbx
        cld
        ret

user_landing_address:
        lea     user_landing(%rip), %rax
        ret
user_stack_address:
        mov     user_stack(%rip), %rax
        ret
entry_stack_top:
        lea     entry_stack_end(%rip), %rax
        ret

        .bss
        .balign 8
user_stack: .skip 8
        .balign 4096
        .skip   16384                           // where entries from user mode land (stack_switch)
entry_stack_end:
        .section .note.GNU-stack, "", @progbits
