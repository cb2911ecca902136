// Where the second vCPU begins as a racer: C# on a stack of its own. What it runs returns only when the race is over; then the
// vCPU takes itself down, and comes back here when it is started again.

#define HYPERCALL_VCPU_OP 24
#define VCPUOP_DOWN       2

        .text
        .global racer_start, racer_start_address
racer_start:
        mov     %rsp, %rbx
1:      mov     %rbx, %rsp
        xor     %ebp, %ebp
        cld
        call    racer_main
        mov     $HYPERCALL_VCPU_OP, %eax
        mov     $VCPUOP_DOWN, %edi
        mov     $1, %esi
        xor     %edx, %edx
        syscall
        jmp     1b

racer_start_address:
        lea     racer_start(%rip), %rax
        ret
        .section .note.GNU-stack, "", @progbits
