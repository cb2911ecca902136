// What the second vCPU runs while the first measures: it yields without end, or it sleeps and answers each event with one of its own.
//
// It has no trap table and no C#: nothing here may fault. Addresses of what it needs are in second_*, filled in before it is started.

#define HYPERCALL_IRET          23
#define HYPERCALL_SCHED_OP      29
#define HYPERCALL_EVENT_CHANNEL 32
#define SCHED_YIELD             0
#define SCHED_BLOCK             1
#define EVENT_SEND              4

        .text
        .global second_main, second_upcall, second_state, measure_echo

second_main:
1:      cmpl    $0, second_uses_fpu(%rip)
        je      2f
        fld1
        fstp    %st(0)
2:      mov     $HYPERCALL_SCHED_OP, %eax
        mov     second_operation(%rip), %edi    // yield or block
        xor     %esi, %esi
        syscall
        jmp     1b

// Event callback: takes the event and sends one back.
second_upcall:
        push    %rdi
        push    %rsi
        push    %rax
        push    %rdx
        mov     second_info(%rip), %rdi
        movb    $0, (%rdi)                      // upcall_pending
        xor     %eax, %eax
        xchg    %rax, 8(%rdi)                   // the selector
        mov     second_pending(%rip), %rdi
        mov     second_port(%rip), %eax
        lock btr %rax, (%rdi)
        mov     $HYPERCALL_EVENT_CHANNEL, %eax
        mov     $EVENT_SEND, %edi
        lea     second_answer(%rip), %rsi
        syscall
        pop     %rdx
        pop     %rax
        pop     %rsi
        pop     %rdi
        // The frame that IRET takes: rax, r11, rcx, flags, then what the CPU's own would have. The upcall left rcx and r11.
        mov     (%rsp), %rcx
        mov     8(%rsp), %r11
        movq    $0, 8(%rsp)
        mov     %rcx, (%rsp)
        push    %r11
        push    %rax
        mov     $HYPERCALL_IRET, %eax
        syscall
        ud2

// void measure_echo(port *): sends and sleeps until the answer's upcall, which stamp_event_stub stamps.
// Own instructions before the stamp of that stub: 6, in addition to its own.
measure_echo:
        mov     %rdi, %rsi
        rdtsc
        mov     %eax, stamps(%rip)
        mov     $EVENT_SEND, %edi
        mov     $HYPERCALL_EVENT_CHANNEL, %eax
        syscall
        mov     $SCHED_BLOCK, %edi
        mov     $HYPERCALL_SCHED_OP, %eax
        syscall
        ret

second_state:
        lea     second_info(%rip), %rax
        ret

        .bss
        .balign 8
second_info:      .skip 8                       // its vcpu_info
second_pending:   .skip 8                       // the bits of pending events in shared_info
second_port:      .skip 4                       // the port it is called by
second_answer:    .skip 4                       // the port it answers with: the argument of the hypercall
second_operation: .skip 4
second_uses_fpu:  .skip 4
        .section .note.GNU-stack, "", @progbits
