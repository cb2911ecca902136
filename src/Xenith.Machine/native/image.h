// Where the image lies. The linker script image.ld repeats IMAGE_BASE: it cannot include this file.

// Virtual address of physical address 0 in the image's mapping (Xen's XEN_VIRT_START).
#define IMAGE_BASE      0xffff82d040000000
// Virtual address of physical address 0 in the direct map (Xen's DIRECTMAP_VIRT_START).
#define DIRECTMAP_BASE  0xffff830000000000

// Level-1 tables of the image's mapping: 2 MiB each, the first for physical address 0. image.ld asserts that the image fits.
#define IMAGE_L1_TABLES 9

// Physical address of something in the image.
#define PHYS(x)         ((x) - IMAGE_BASE)

// A CPU's block: its record and GDT at the bottom, then the stacks with guard pages between, the main stack at the top.
#define CPU_BLOCK_SIZE  0x10000
