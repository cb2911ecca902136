// What compiled C# calls by name and C# cannot express: SysV calling convention, as everywhere in the image.

        .text

// Stores of object references. There is no collector: they are plain stores.
        .global RhpAssignRef, RhpCheckedAssignRef, RhpByRefAssignRef
        .align 16
RhpAssignRef:
RhpCheckedAssignRef:
        .cfi_startproc
        mov     %rsi, (%rdi)
        ret
        .cfi_endproc

// Copies eight bytes from (RSI) to (RDI) and advances both. The compiler allows it to change RAX, RCX and these two.
        .align 16
RhpByRefAssignRef:
        .cfi_startproc
        mov     (%rsi), %rcx
        mov     %rcx, (%rdi)
        add     $8, %rdi
        add     $8, %rsi
        ret
        .cfi_endproc

// 'throw', the end of every failed check: #UD, from where the trap handler takes over.
        .global RhpThrowEx
        .align 16
RhpThrowEx:
        .cfi_startproc
        ud2
        .cfi_endproc

// A frame of more than a page: R11 is the new stack pointer. Touches each page, so that a guard page is hit and not jumped over.
// Keeps every register.
        .global RhpStackProbe
        .align 16
RhpStackProbe:
        .cfi_startproc
        push    %rax
        .cfi_adjust_cfa_offset 8
        mov     %rsp, %rax
        and     $-4096, %rax
1:      sub     $4096, %rax
        test    %eax, (%rax)
        cmp     %r11, %rax
        jg      1b
        pop     %rax
        .cfi_adjust_cfa_offset -8
        ret
        .cfi_endproc

// memmove(destination, source, bytes): eight bytes a step, then the rest; downwards when that would overwrite the source.
        .global memmove
        .align 16
memmove:
        .cfi_startproc
        mov     %rdx, %rcx
        mov     %rdi, %rax
        sub     %rsi, %rax
        cmp     %rdx, %rax
        jb      1f
        shr     $3, %rcx
        rep movsq
        mov     %edx, %ecx
        and     $7, %ecx
        rep movsb
        ret
1:      std
        lea     -1(%rdi, %rdx), %rdi
        lea     -1(%rsi, %rdx), %rsi
        and     $7, %ecx
        rep movsb
        sub     $7, %rdi
        sub     $7, %rsi
        mov     %rdx, %rcx
        shr     $3, %rcx
        rep movsq
        cld
        ret
        .cfi_endproc

// memset(start, value, bytes)
        .global memset
        .align 16
memset:
        .cfi_startproc
        movabs  $0x0101010101010101, %rcx
        movzbl  %sil, %eax
        imul    %rcx, %rax
        mov     %rdx, %rcx
        shr     $3, %rcx
        rep stosq
        mov     %edx, %ecx
        and     $7, %ecx
        rep stosb
        ret
        .cfi_endproc

// Code that is written at run time, through the direct map: the SYSCALL stubs, 64 bytes for each of up to 256 CPUs.
        .section .syscall_stubs, "ax"
        .global __syscall_stubs
        .align  4096
__syscall_stubs:
        .fill   256 * 64, 1, 0xcc

// The stack protector's cookie: seeded by boot.S.
        .section .bss
        .align  8
        .global __security_cookie
__security_cookie:
        .skip   8

// Memory of boot-time 'new' (Internal.Runtime.BootHeap).
        .section .boot_heap, "aw", @nobits
        .align  4096
        .skip   1 << 20

        .section .note.GNU-stack, "", @progbits
