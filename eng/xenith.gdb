# For gdb on the stub of an emulator that waits with '-s -S'; see docs/debugging.md. Run gdb in the root of the source tree:
#
#     gdb -x eng/xenith.gdb OUT/bin/Xenith.Hypervisor/release/xenith.elf

set pagination off
set confirm off
set disassemble-next-line auto
set print asm-demangle on

# Where the compilers were told that the sources are.
set substitute-path /xenith .

# Breakpoints before paging is on can only be the CPU's own: the code is not yet at its address.
define boot
    target remote :1234
    hbreak boot_main
    continue
    delete
end
document boot
Connects to the emulator and runs to the first line of Xenith.Hypervisor. After it, ordinary breakpoints work: break Startup.cs:40
end

# The record of a CPU is at the bottom of its 64 KiB block, which holds its stacks too.
define cpublock
    printf "block 0x%lx, main stack in use: %ld bytes\n", (unsigned long)$rsp & ~0xffffUL, ((unsigned long)$rsp & ~0xffffUL) + 0x10000 - (unsigned long)$rsp
end
document cpublock
The block of the CPU that is selected ('thread N'), if it is on one of its own stacks.
end

# RhpThrowEx is where every failed check of the C# code ends: bounds, overflow, null, a sealed boot heap.
define traps
    break RhpThrowEx
end
document traps
Stops at failed checks, before the trap handler; 'up' shows which check and where.
end
