// The notes by which a Xen domain builder recognises this kernel, and the first instructions it runs.
// Facts from the public headers elfnote.h and arch-x86/xen-x86_64.h: the builder enters at the ENTRY note with
// rsi = start_info, a one-page stack, the upcall mask set, and the image mapped from VIRT_BASE upwards.
// Everything else that needs an exact instruction sequence lies in traps.S, user.S and measure.S.

#define VIRT_BASE 0xffffffff80000000

// ---- ELF notes -------------------------------------------------------------------------------------------------
.macro NOTE_TEXT type, text
        .long   4, 2f - 1f, \type
        .asciz  "Xen"
1:      .asciz  "\text"
2:      .balign 4
.endm

.macro NOTE_QUAD type, value
        .long   4, 8, \type
        .asciz  "Xen"
        .quad   \value
.endm

        .section .note.Xen, "a", @note
        .balign 4
        NOTE_QUAD 1, _start                     // ENTRY
#ifdef HYPERCALL_PAGE
        NOTE_QUAD 2, hypercall_page             // HYPERCALL_PAGE: the builder fills 4 KiB with stubs
#endif
        NOTE_QUAD 3, VIRT_BASE                  // VIRT_BASE
        NOTE_QUAD 4, 0                          // PADDR_OFFSET: p_paddr is an offset from VIRT_BASE
        NOTE_TEXT 5, "xen-3.0"                  // XEN_VERSION
        NOTE_TEXT 6, "xenith-guest-pv"          // GUEST_OS
        NOTE_TEXT 7, "1"                        // GUEST_VERSION
        NOTE_TEXT 8, "generic"                  // LOADER
        NOTE_TEXT 9, "yes"                      // PAE_MODE
        NOTE_TEXT 10, "!writable_page_tables|pae_pgdir_above_4gb"       // FEATURES
        .long   4, 16, 13                       // L1_MFN_VALID: mask and value of a valid L1 entry
        .asciz  "Xen"
        .quad   1, 1
        NOTE_QUAD 12, 0xffff800000000000        // HV_START_LOW

// ---- entry -----------------------------------------------------------------------------------------------------
        .section .text.entry, "ax"
        .global _start
_start: mov     %rax, entry_registers + 0(%rip)
        mov     %rbx, entry_registers + 8(%rip)
        mov     %rcx, entry_registers + 16(%rip)
        mov     %rdx, entry_registers + 24(%rip)
        mov     %rsi, entry_registers + 32(%rip)
        mov     %rdi, entry_registers + 40(%rip)
        mov     %rbp, entry_registers + 48(%rip)
        mov     %rsp, entry_registers + 56(%rip)
        mov     %r8,  entry_registers + 64(%rip)
        mov     %r9,  entry_registers + 72(%rip)
        mov     %r10, entry_registers + 80(%rip)
        mov     %r11, entry_registers + 88(%rip)
        mov     %r12, entry_registers + 96(%rip)
        mov     %r13, entry_registers + 104(%rip)
        mov     %r14, entry_registers + 112(%rip)
        mov     %r15, entry_registers + 120(%rip)
        pushfq                                  // the builder's stack is one page, and empty
        pop     entry_registers + 128(%rip)
        mov     %cs, %eax
        mov     %rax, entry_registers + 136(%rip)
        mov     %ss, %eax
        mov     %rax, entry_registers + 144(%rip)
        mov     %ds, %eax
        mov     %rax, entry_registers + 152(%rip)
        mov     %es, %eax
        mov     %rax, entry_registers + 160(%rip)
        mov     %fs, %eax
        mov     %rax, entry_registers + 168(%rip)
        mov     %gs, %eax
        mov     %rax, entry_registers + 176(%rip)
        cld
        movabs  $0x5ec0de5ec0de5ec0, %rax       // any constant does: the canary only catches our own mistakes
        mov     %rax, __security_cookie(%rip)
        lea     stack_top(%rip), %rsp
        mov     %rsi, %rdi
        lea     entry_registers(%rip), %rsi
        xor     %ebp, %ebp
        call    guest_main
        ud2

// ---- calls into the hypervisor ---------------------------------------------------------------------------------
// ulong hypercall(nr, a1, a2, a3, a4, a5): the kernel's own SYSCALL stub, which is allowed beside the hypercall page.
        .text
        .global hypercall
hypercall:
        mov     %rdi, %rax
        mov     %rsi, %rdi
        mov     %rdx, %rsi
        mov     %rcx, %rdx
        mov     %r8, %r10
        mov     %r9, %r8
        syscall
        ret

// ulong hypercall_by_page(nr, a1, a2, a3): the same through the page that the builder filled. Without that page: -1.
        .global hypercall_by_page, hypercall_page_address
hypercall_by_page:
#ifdef HYPERCALL_PAGE
        shl     $5, %rdi
        lea     hypercall_page(%rip), %rax
        add     %rdi, %rax
        mov     %rsi, %rdi
        mov     %rdx, %rsi
        mov     %rcx, %rdx
        jmp     *%rax
#else
        mov     $-1, %rax
        ret
#endif
hypercall_page_address:
#ifdef HYPERCALL_PAGE
        lea     hypercall_page(%rip), %rax
#else
        xor     %eax, %eax
#endif
        ret

// ---- small helpers ---------------------------------------------------------------------------------------------
        .global read_tsc, image_end, page_pool_start, page_pool_end, kernel_stack_top, image_start
read_tsc:
        rdtsc
        shl     $32, %rdx
        or      %rdx, %rax
        ret
image_start:
        lea     __image_start(%rip), %rax
        ret
image_end:
        lea     __image_end(%rip), %rax
        ret
page_pool_start:
        lea     page_pool(%rip), %rax
        ret
page_pool_end:
        lea     page_pool_last(%rip), %rax
        ret
kernel_stack_top:
        lea     stack_top(%rip), %rax
        ret

// ---- storage ---------------------------------------------------------------------------------------------------
        .bss
        .balign 64
entry_registers: .skip 23 * 8
        .balign 4096
#ifdef HYPERCALL_PAGE
        .section .text.hypercall_page, "ax"
        .balign 4096
hypercall_page: .skip 4096
        .bss
#endif
        .skip   4096
        .skip   65536                           // grows down towards the guard above
stack_top:
        .balign 4096
page_pool: .skip 2048 * 4096
page_pool_last:
        .section .note.GNU-stack, "", @progbits
