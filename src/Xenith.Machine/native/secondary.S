// How every CPU but the first comes to 64-bit mode. A start-up interrupt (SDM volume 3, 9.4.4) makes it execute from a page below 1 MiB, in real mode, with CS at the
// page. SecondaryCpus.Arm has copied the code there, has opened the identity mapping of the low 4 MiB and has named the CPU's block. One CPU at a time.

#include "image.h"

#define BOOT_CS64       0x08            /* boot_gdt */
#define BOOT_DS         0x10
#define BOOT_CS32       0x18
#define BOOT_GDT_SIZE   0x20

// ---- real mode; a copy of this runs, so addresses are relative to its start

        .section .rodata
        .code16
        .global secondary_code, secondary_code_end
secondary_code:
        cli
        cld
        mov     %cs, %ax
        mov     %ax, %ds
        lgdtl   (descriptors - secondary_code)
        mov     %cr0, %eax
        or      $1, %al
        mov     %eax, %cr0
        ljmpl   $BOOT_CS32, $PHYS(secondary_start)
descriptors:
        .short  BOOT_GDT_SIZE - 1
        .long   PHYS(boot_gdt)
secondary_code_end:

// ---- protected mode without paging

        .section .boot, "ax"
        .code32
secondary_start:
        mov     $BOOT_DS, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        mov     $PHYS(early_stack_end), %esp
        call    enter_long_mode
        ljmp    $BOOT_CS64, $PHYS(secondary_long_mode)

        .code64
secondary_long_mode:
        movabs  $secondary_high_half, %rax
        jmp     *%rax

// ---- 64-bit mode at the linked address

        .text
secondary_high_half:
        mov     $BOOT_DS, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        xor     %eax, %eax
        mov     %eax, %fs
        mov     %eax, %gs
        lgdt    boot_gdtr(%rip)
        movq    $0, boot_l4(%rip)       // the identity mapping has done its work
        mov     %cr3, %rax
        mov     %rax, %cr3
        mov     secondary_block(%rip), %rsp
        add     $CPU_BLOCK_SIZE, %rsp
        xor     %ebp, %ebp
        call    secondary_main
1:      cli
        hlt
        jmp     1b

        .bss
        .align  8
        .global secondary_block
secondary_block:
        .skip   8

        .section .note.GNU-stack, "", @progbits
