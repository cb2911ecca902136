// One round of the checks of vCPU switches: loads every register from a block of memory, does something over which they have to be kept, and
// stores every register again. There are two copies of all of it, one for each vCPU: with a block at a fixed address no register is needed to find it.
//
// The order of fields is that of Kernel/SwitchBlock.cs.

#define HYPERCALL_IRET 23

#define IN              0
#define IN_FLAGS        128
#define OUT             136
#define OUT_FLAGS       264
#define SAVED_RSP       272
#define COMPONENTS      280
#define OPERATION       288
#define TURNS           296
#define DEVICE_ENTRIES  304
#define OPCODE_ENTRIES  312
#define DEBUG_ENTRIES   320
#define DEBUG_STATUS    328
#define USER_ENTRIES    336
#define SELECTORS       344
#define SECOND_RAX      376
#define SECOND_RDI      384
#define SKIP            392
#define USER_RIP        400
#define LOST            408
#define WATCHED         416
#define MXCSR           424
#define VECTORS_IN      4096
#define VECTORS_OUT     12288
#define BLOCK_SIZE      20480

        .text
        .global switch_block, switch_operation, switch_round, switch_start, switch_gate, switch_user_code, switch_user_code_end
        .global switch_read_bases, switch_load_selectors, switch_read_cr4, switch_write_cr4, switch_read_xcr0, switch_write_xcr0, switch_read_msr

// Moves all general registers but RSP between them and 8-byte fields, in the order rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8 to r15.
.macro LOAD_GENERAL block
        mov     \block+IN+0(%rip), %rax
        mov     \block+IN+8(%rip), %rbx
        mov     \block+IN+16(%rip), %rcx
        mov     \block+IN+24(%rip), %rdx
        mov     \block+IN+32(%rip), %rsi
        mov     \block+IN+40(%rip), %rdi
        mov     \block+IN+48(%rip), %rbp
        mov     \block+IN+64(%rip), %r8
        mov     \block+IN+72(%rip), %r9
        mov     \block+IN+80(%rip), %r10
        mov     \block+IN+88(%rip), %r11
        mov     \block+IN+96(%rip), %r12
        mov     \block+IN+104(%rip), %r13
        mov     \block+IN+112(%rip), %r14
        mov     \block+IN+120(%rip), %r15
.endm
.macro STORE_GENERAL block
        mov     %rax, \block+OUT+0(%rip)
        mov     %rbx, \block+OUT+8(%rip)
        mov     %rcx, \block+OUT+16(%rip)
        mov     %rdx, \block+OUT+24(%rip)
        mov     %rsi, \block+OUT+32(%rip)
        mov     %rdi, \block+OUT+40(%rip)
        mov     %rbp, \block+OUT+48(%rip)
        mov     %rsp, \block+OUT+56(%rip)
        mov     %r8, \block+OUT+64(%rip)
        mov     %r9, \block+OUT+72(%rip)
        mov     %r10, \block+OUT+80(%rip)
        mov     %r11, \block+OUT+88(%rip)
        mov     %r12, \block+OUT+96(%rip)
        mov     %r13, \block+OUT+104(%rip)
        mov     %r14, \block+OUT+112(%rip)
        mov     %r15, \block+OUT+120(%rip)
.endm

// From a frame rcx, r11, rip, cs, rflags, rsp, ss back to where it came from.
.macro LEAVE_FRAME
        mov     (%rsp), %rcx
        mov     8(%rsp), %r11
        movq    $0, 8(%rsp)
        mov     %rcx, (%rsp)
        push    %r11
        push    %rax
        mov     $HYPERCALL_IRET, %eax
        syscall
        ud2
.endm

.macro SWITCH n, block
round_\n:
        push    %rbx
        push    %rbp
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        mov     %rsp, \block+SAVED_RSP(%rip)
        fnop                                    // takes the #NM where TS is set: QEMU 7.2 does not raise it for XSAVE and XRSTOR
        mov     \block+COMPONENTS(%rip), %eax
        mov     \block+COMPONENTS+4(%rip), %edx
        test    %eax, %eax
        jz      1f
        xrstor64 \block+VECTORS_IN(%rip)
        jmp     2f
1:      fxrstor64 \block+VECTORS_IN(%rip)
2:      push    \block+IN_FLAGS(%rip)
        popfq
        LOAD_GENERAL \block
        mov     \block+IN+56(%rip), %rsp
        jmp     *\block+OPERATION(%rip)

done_\n:
        STORE_GENERAL \block
        mov     \block+SAVED_RSP(%rip), %rsp
        pushfq
        pop     \block+OUT_FLAGS(%rip)
        push    $0x202
        popfq
        mov     %ds, %eax
        mov     %rax, \block+SELECTORS+0(%rip)
        mov     %es, %eax
        mov     %rax, \block+SELECTORS+8(%rip)
        mov     %fs, %eax
        mov     %rax, \block+SELECTORS+16(%rip)
        mov     %gs, %eax
        mov     %rax, \block+SELECTORS+24(%rip)
        fnop
        mov     \block+COMPONENTS(%rip), %eax
        mov     \block+COMPONENTS+4(%rip), %edx
        test    %eax, %eax
        jz      1f
        xsave64 \block+VECTORS_OUT(%rip)
        jmp     2f
1:      fxsave64 \block+VECTORS_OUT(%rip)
2:      fninit
        ldmxcsr \block+MXCSR(%rip)
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbp
        pop     %rbx
        ret

// A busy loop that touches no flag; RCX counts and its own value is kept in memory meanwhile.
loop_\n:
        xchg    %rcx, \block+TURNS(%rip)
1:      loop    1b
        mov     \block+TURNS(%rip), %rcx
        jmp     done_\n

// One that touches no register, but flags.
count_\n:
        decq    \block+TURNS(%rip)
        jnz     count_\n
        jmp     done_\n

// The hypercall that the loaded registers ask for.
call_\n:
        syscall
        jmp     done_\n

// Two: the second has other values in RAX and RDI.
twice_\n:
        syscall
        mov     \block+SECOND_RAX(%rip), %rax
        mov     \block+SECOND_RDI(%rip), %rdi
        syscall
        jmp     done_\n

// An exception that the kernel's handler passes over, then the hypercall.
fault_\n:
        ud2
        syscall
        jmp     done_\n

// The hypercall, then stores to the words that the two vCPUs watch.
watch_\n:
        syscall
        movq    $1, switch_block_0+WATCHED(%rip)
        movq    $1, switch_block_1+WATCHED(%rip)
        nop
        jmp     done_\n

// The hypercall, then an instruction that CR4.FSGSBASE allows.
base_\n:
        syscall
        rdfsbase %rax
        jmp     done_\n

// To user mode, and back by its SYSCALL.
user_\n:
        mov     \block+SAVED_RSP(%rip), %rsp
        push    $0xe02b
        push    \block+IN+56(%rip)
        push    \block+IN_FLAGS(%rip)
        push    $0xe033
        push    \block+USER_RIP(%rip)
        push    $0
        push    %rcx
        push    %r11
        push    %rax
        mov     $HYPERCALL_IRET, %eax
        syscall
        ud2

        .balign 8
operations_\n:
        .quad   loop_\n, count_\n, call_\n, twice_\n, fault_\n, watch_\n, base_\n, user_\n

// Entries from the hypervisor.
gates_\n:
        .quad   debug_\n, opcode_\n, device_\n, lost_\n, returned_\n
debug_\n:
        incq    \block+DEBUG_ENTRIES(%rip)
        push    %rax
        mov     %dr6, %rax
        mov     %rax, \block+DEBUG_STATUS(%rip)
        xor     %eax, %eax
        mov     %rax, %dr6
        pop     %rax
        LEAVE_FRAME
opcode_\n:
        incq    \block+OPCODE_ENTRIES(%rip)
        mov     \block+SKIP(%rip), %rcx
        add     %rcx, 16(%rsp)
        LEAVE_FRAME
device_\n:
        incq    \block+DEVICE_ENTRIES(%rip)
        LEAVE_FRAME
returned_\n:
        incq    \block+USER_ENTRIES(%rip)
        jmp     done_\n
lost_\n:
        incq    \block+LOST(%rip)
        jmp     done_\n
.endm

        SWITCH  0, switch_block_0
        SWITCH  1, switch_block_1

// The first instructions of the second vCPU: what it starts with, before anything else touches a register.
switch_start:
        STORE_GENERAL switch_block_1
        fxsave64 switch_block_1+VECTORS_OUT(%rip)
        fninit
        ldmxcsr switch_block_1+MXCSR(%rip)
        pushfq
        pop     switch_block_1+OUT_FLAGS(%rip)
        cld
        xor     %ebp, %ebp
        call    switch_worker
        ud2

// What both run in user mode: RCX times it looks at a word of memory through R13, FS and GS. R12 counts what was not as expected.
switch_user_code:
1:      mov     (%r13), %rax
        cmp     %rbx, %rax
        jne     2f
        mov     %fs:0, %rax
        cmp     %r15, %rax
        jne     2f
        mov     %gs:0, %rax
        cmp     %r14, %rax
        jne     2f
        loop    1b
        syscall
2:      inc     %r12
        loop    1b
        syscall
switch_user_code_end:

// ---- small functions ---------------------------------------------------------------------------------------------
// block *switch_block(vcpu); void *switch_operation(vcpu, operation); void *switch_gate(vcpu, gate); void switch_round(vcpu)
switch_block:
        lea     switch_block_0(%rip), %rax
        test    %edi, %edi
        jz      1f
        lea     switch_block_1(%rip), %rax
1:      ret
switch_operation:
        lea     operations_0(%rip), %rax
        test    %edi, %edi
        jz      1f
        lea     operations_1(%rip), %rax
1:      mov     %esi, %esi
        mov     (%rax,%rsi,8), %rax
        ret
switch_gate:
        lea     gates_0(%rip), %rax
        test    %edi, %edi
        jz      1f
        lea     gates_1(%rip), %rax
1:      mov     %esi, %esi
        mov     (%rax,%rsi,8), %rax
        ret
switch_round:
        test    %edi, %edi
        jz      round_0
        jmp     round_1

// void switch_read_bases(ulong *two): the words at FS:0 and GS:0
switch_read_bases:
        mov     %fs:0, %rax
        mov     %rax, (%rdi)
        mov     %gs:0, %rax
        mov     %rax, 8(%rdi)
        ret
// void switch_load_selectors(ds, es, fs, gs)
switch_load_selectors:
        mov     %edi, %ds
        mov     %esi, %es
        mov     %edx, %fs
        mov     %ecx, %gs
        ret
switch_read_cr4:
        mov     %cr4, %rax
        ret
switch_write_cr4:
        mov     %rdi, %cr4
        ret
switch_read_xcr0:
        xor     %ecx, %ecx
        xgetbv
        shl     $32, %rdx
        or      %rdx, %rax
        ret
switch_write_xcr0:
        xor     %ecx, %ecx
        mov     %edi, %eax
        mov     %rdi, %rdx
        shr     $32, %rdx
        xsetbv
        ret
switch_read_msr:
        mov     %edi, %ecx
        rdmsr
        shl     $32, %rdx
        or      %rdx, %rax
        ret

        .bss
        .balign 4096
switch_block_0: .skip BLOCK_SIZE
switch_block_1: .skip BLOCK_SIZE
        .section .note.GNU-stack, "", @progbits
