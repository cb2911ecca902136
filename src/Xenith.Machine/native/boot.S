// From the boot loader to the first line of C#.
//
// The loader (multiboot 1: QEMU; multiboot 2: GRUB) leaves a CPU in 32-bit protected mode without paging, EAX a magic number
// and EBX the physical address of the boot information. This code builds page tables, goes to 64-bit mode and jumps to where the
// image is linked:
//
//   IMAGE_BASE + 2 MiB      the image, 4 KiB pages, each section with its own rights (W^X from the start)
//   DIRECTMAP_BASE          the first 4 GiB of physical memory, 2 MiB pages, writable, not executable
//   0                       the first 4 MiB, only while the switch is made
//
// Multiboot 1: the specification's section 3.1.1; multiboot 2: its section 3.1. Switch to 64-bit mode: SDM volume 3, 10.8.5.

#include "image.h"

#define COM1            0x3f8

#define CR0_BOOT        0x80050033      /* PG AM WP NE ET MP PE; EM and TS clear */
#define CR4_BOOT        0x000006a0      /* OSXMMEXCPT OSFXSR PGE PAE */
#define MSR_EFER        0xc0000080
#define EFER_SCE        0x001
#define EFER_LME        0x100
#define EFER_NXE        0x800

#define PTE_P           0x001
#define PTE_RW          0x002
#define PTE_AD          0x060           /* accessed and dirty, so that the CPU need not write them */
#define PTE_PS          0x080
#define PTE_TABLE       (PTE_AD | PTE_RW | PTE_P)

#define BOOT_CS64       0x08
#define BOOT_DS         0x10

#define MULTIBOOT1_MAGIC    0x1badb002
#define MULTIBOOT1_FLAGS    3           /* modules on page boundaries; memory information */
#define MULTIBOOT2_MAGIC    0xe85250d6

// ---- headers: within the first 8 KiB of the file

        .section .multiboot, "a"
        .align 8
        .long MULTIBOOT1_MAGIC, MULTIBOOT1_FLAGS, -(MULTIBOOT1_MAGIC + MULTIBOOT1_FLAGS)

        .align 8
multiboot2:
        .long MULTIBOOT2_MAGIC, 0, multiboot2_end - multiboot2
        .long -(MULTIBOOT2_MAGIC + (multiboot2_end - multiboot2))
        .short 6, 0                     // tag: modules on page boundaries
        .long 8
        .short 5, 1                     // tag, optional: any screen is welcome, and its address
        .long 20, 0, 0, 0
        .long 0                         // tags are aligned to 8 bytes
        .short 0, 0                     // tag: end
        .long 8
multiboot2_end:

// ---- 32-bit code. It runs at its physical address: every use of a symbol is PHYS()

        .section .boot, "ax"
        .code32

        .global _start
_start: cli
        cld
        mov     $PHYS(early_stack_end), %esp
        mov     %eax, %esi              // kept until the first call of C#
        mov     %ebx, %ebp

        // 64-bit mode at all?
        mov     $0x80000000, %eax
        cpuid
        cmp     $0x80000001, %eax
        jb      no_long_mode
        mov     $0x80000001, %eax
        cpuid
        bt      $29, %edx
        jnc     no_long_mode

        // The high half of a not-executable entry: zero on a CPU whose firmware has switched the feature off.
        xor     %eax, %eax
        bt      $20, %edx
        jnc     1f
        mov     $0x80000000, %eax
1:      mov     %eax, PHYS(nx_high)

        call    build_tables
        call    enter_long_mode
        lgdt    PHYS(boot_gdtr)
        ljmp    $BOOT_CS64, $PHYS(long_mode)

no_long_mode:
        mov     $PHYS(no_long_mode_text), %esi
        call    serial_print
1:      hlt
        jmp     1b

// map_image START, END, RW, NX: entries of boot_l1_image for the pages from START to END (both page-aligned).
        .macro map_image start, end, rw, nx
        mov     $PHYS(\start), %eax
        mov     $PHYS(\end), %ecx
        mov     $(PTE_AD | \rw | PTE_P), %ebx
        .if \nx
        mov     PHYS(nx_high), %edx
        .else
        xor     %edx, %edx
        .endif
        call    map_image_range
        .endm

build_tables:
        // Top level: low identity, image (slot 261), direct map (slot 262).
        movl    $PHYS(boot_l3_identity) + PTE_TABLE, PHYS(boot_l4)
        movl    $PHYS(boot_l3_image) + PTE_TABLE, PHYS(boot_l4) + 261 * 8
        movl    $PHYS(boot_l3_direct) + PTE_TABLE, PHYS(boot_l4) + 262 * 8

        // The image: slot 321 of its level 3, then 4 KiB pages.
        movl    $PHYS(boot_l2_image) + PTE_TABLE, PHYS(boot_l3_image) + 321 * 8
        mov     $PHYS(boot_l2_image), %edi
        mov     $PHYS(boot_l1_image) + PTE_TABLE, %eax
        mov     $IMAGE_L1_TABLES, %ecx
1:      mov     %eax, (%edi)
        add     $0x1000, %eax
        add     $8, %edi
        loop    1b

        map_image __text_start, __text_end, 0, 0
        map_image __rodata_start, __rodata_end, 0, 1
        map_image __data_start, __data_end, PTE_RW, 1
        map_image __bss_start, __image_end, PTE_RW, 1

        // Direct map: four level-2 tables, 2048 entries.
        mov     $PHYS(boot_l3_direct), %edi
        mov     $PHYS(boot_l2_direct) + PTE_TABLE, %eax
        mov     $4, %ecx
1:      mov     %eax, (%edi)
        add     $0x1000, %eax
        add     $8, %edi
        loop    1b

        mov     $PHYS(boot_l2_direct), %edi
        mov     $(PTE_PS | PTE_AD | PTE_RW | PTE_P), %eax
        mov     PHYS(nx_high), %edx
        mov     $2048, %ecx
1:      mov     %eax, (%edi)
        mov     %edx, 4(%edi)
        add     $0x200000, %eax
        add     $8, %edi
        loop    1b

        // Identity: two pages of 2 MiB; the 32-bit code is in the second, the AP trampoline in the first.
        movl    $PHYS(boot_l2_identity) + PTE_TABLE, PHYS(boot_l3_identity)
        movl    $0x000000 + (PTE_PS | PTE_AD | PTE_RW | PTE_P), PHYS(boot_l2_identity)
        movl    $0x200000 + (PTE_PS | PTE_AD | PTE_RW | PTE_P), PHYS(boot_l2_identity) + 8
        ret

// EAX: first physical address, ECX: end, EDX:EBX: what to add to the address.
map_image_range:
1:      cmp     %ecx, %eax
        jae     2f
        mov     %eax, %edi
        shr     $12, %edi
        lea     PHYS(boot_l1_image)(, %edi, 8), %edi
        mov     %edx, 4(%edi)
        mov     %eax, (%edi)
        or      %ebx, (%edi)
        add     $0x1000, %eax
        jmp     1b
2:      ret

// Paging and 64-bit mode on, with boot_l4. Also for the CPUs that secondary.S starts.
        .global enter_long_mode
enter_long_mode:
        mov     $CR4_BOOT, %eax
        mov     %eax, %cr4
        mov     $PHYS(boot_l4), %eax
        mov     %eax, %cr3
        mov     $MSR_EFER, %ecx
        rdmsr
        or      $(EFER_LME | EFER_SCE), %eax
        cmpl    $0, PHYS(nx_high)
        je      1f
        or      $EFER_NXE, %eax
1:      wrmsr
        mov     $CR0_BOOT, %eax
        mov     %eax, %cr0
        ret

// ESI: text that ends in a zero byte. Sets COM1 to 115200 8n1 and prints; gives up on a port that never gets ready.
serial_print:
        mov     $serial_setup_end - serial_setup, %ecx
        mov     $PHYS(serial_setup), %edi
1:      movzwl  (%edi), %edx
        mov     2(%edi), %al
        out     %al, (%dx)
        add     $3, %edi
        sub     $3, %ecx
        jnz     1b
2:      mov     $100000, %ecx
3:      mov     $COM1 + 5, %edx
        in      (%dx), %al
        test    $0x20, %al
        jnz     4f
        loop    3b
4:      lodsb
        test    %al, %al
        jz      5f
        mov     $COM1, %edx
        out     %al, (%dx)
        jmp     2b
5:      ret

        .code64
long_mode:
        movabs  $high_half, %rax
        jmp     *%rax

// ---- 64-bit code at its linked address

        .text
high_half:
        mov     $BOOT_DS, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        xor     %eax, %eax
        mov     %eax, %fs
        mov     %eax, %gs

        // The GDT's address was physical; from here on nothing is below the high half.
        lea     boot_gdt(%rip), %rax
        mov     %rax, 2 + boot_gdtr(%rip)
        lgdt    boot_gdtr(%rip)
        movq    $0, boot_l4(%rip)
        mov     %cr3, %rax
        mov     %rax, %cr3

        lea     boot_cpu_block + CPU_BLOCK_SIZE(%rip), %rsp
        xor     %r12d, %r12d
        mov     %esi, %ebx              // magic
        mov     %ebp, %r12d             // boot information
        xor     %ebp, %ebp

        // The stack protector's cookie, before the first C# method reads it.
        rdtsc
        shl     $32, %rdx
        xor     %rdx, %rax
        xor     %rsp, %rax
        mov     %rax, __security_cookie(%rip)

        call    runtime_start
        mov     %ebx, %edi
        mov     %r12d, %esi
        call    boot_main
1:      cli
        hlt
        jmp     1b

// early_serial_write(value): one byte to COM1, when the transmitter is empty.
        .global early_serial_write
early_serial_write:
        mov     $COM1 + 5, %edx
1:      in      (%dx), %al
        test    $0x20, %al
        jz      1b
        mov     %edi, %eax
        mov     $COM1, %edx
        out     %al, (%dx)
        ret

// ---- data

        .section .rodata
no_long_mode_text:
        .asciz  "Xenith: this CPU has no 64-bit mode\r\n"

        // Port and value: interrupts off, divisor latch, divisor 1, 8n1, FIFO, DTR and RTS.
serial_setup:
        .macro  port_value port, value
        .short  \port
        .byte   \value
        .endm
        port_value COM1 + 1, 0x00
        port_value COM1 + 3, 0x80
        port_value COM1 + 0, 0x01
        port_value COM1 + 1, 0x00
        port_value COM1 + 3, 0x03
        port_value COM1 + 2, 0xc7
        port_value COM1 + 4, 0x03
serial_setup_end:

        .data
        .align 8
        .global boot_gdt
boot_gdt:
        .quad   0
        .quad   0x00af9b000000ffff      // 08: code, 64 bits
        .quad   0x00cf93000000ffff      // 10: data
        .quad   0x00cf9b000000ffff      // 18: code, 32 bits
boot_gdt_end:
        .global boot_gdtr
boot_gdtr:
        .short  boot_gdt_end - boot_gdt - 1
        .quad   PHYS(boot_gdt)

nx_high:
        .long   0

// ---- memory that the loader zeroes

        .section .bss.page_tables, "aw", @nobits
        .align  4096
        .macro  table name, pages=1
        .global \name
\name:  .skip   4096 * \pages
        .endm
        table   boot_l4
        table   boot_l3_identity
        table   boot_l2_identity
        table   boot_l3_image
        table   boot_l2_image
        table   boot_l1_image, IMAGE_L1_TABLES
        table   boot_l3_direct
        table   boot_l2_direct, 4
early_stack:
        .skip   4096
        .global early_stack_end
early_stack_end:

// The block of the CPU that boots; the linker script puts it on a 64 KiB boundary.
        .section .cpu_block, "aw", @nobits
        .global boot_cpu_block
boot_cpu_block:
        .skip   CPU_BLOCK_SIZE

        .section .note.GNU-stack, "", @progbits
