/*
 * Segments: LDT entries of 16 and 32 bits in use, over fork, exec and exit, thread areas, the bases of FS and GS by every way to set them, and that
 * each thread keeps its own through many switches.
 */
#include "check.h"
#include <asm/ldt.h>
#include <pthread.h>
#ifdef __x86_64__
#include <asm/prctl.h>
#endif
#include <sched.h>

static int set_descriptor(int number, unsigned long base, unsigned limit, int bits32, int contents, int pages, int absent, int read_only)
{
    struct user_desc entry = {
        .entry_number = number, .base_addr = base, .limit = limit, .seg_32bit = bits32, .contents = contents, .limit_in_pages = pages,
        .seg_not_present = absent, .read_exec_only = read_only, .useable = 1,
    };
    return (int)syscall(SYS_modify_ldt, 17, &entry, sizeof(entry));
}

static unsigned char data[PAGE] __attribute__((aligned(4096)));
#define LDT(n) ((unsigned short)((n) * 8 + 7))

/* A byte through a selector in FS, or what it raised. */
static void read_through(const char *name, unsigned short selector, unsigned offset)
{
    static unsigned char value;
    value = 0;
#ifdef __x86_64__
    /* The runtime's FS must survive: GS is free. */
    TRY(name, asm volatile("mov %1, %%gs\n\tmov %%gs:(%q2), %0" : "=q"(value) : "r"(selector), "r"((unsigned long)offset) : "memory"));
    asm volatile("mov %0, %%gs" ::"r"(0));
#else
    TRY(name, asm volatile("mov %1, %%fs\n\tmovb %%fs:(%2), %0" : "=q"(value) : "r"(selector), "r"(offset) : "memory"));
    asm volatile("mov %0, %%fs" ::"r"(0));
#endif
    if (check_signal == 0)
        say("%s: value %x", name, value);
}

static void data_segments(void)
{
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (unsigned char)(i * 7 + 1);
    say("ldt set 0: %d", set_descriptor(0, (unsigned long)data, 0xff, 1, 0, 0, 0, 0));
    say("ldt set 600: %d", set_descriptor(600, (unsigned long)data + 256, 0, 1, 0, 1, 0, 0));
    say("ldt set 8191: %d", set_descriptor(8191, (unsigned long)data + 512, 0xff, 0, 0, 0, 0, 1));
    say("ldt set 8192: %d errno %d", set_descriptor(8192, 0, 0xff, 1, 0, 0, 0, 0), errno);
    say("ldt set conforming code: %d", set_descriptor(5, 0, 0xfffff, 1, 3, 1, 1, 0));
    say("ldt set absent: %d", set_descriptor(6, (unsigned long)data, 0xff, 1, 0, 0, 1, 0));
    read_through("ldt 0 at 3", LDT(0), 3);
    read_through("ldt 0 beyond its limit", LDT(0), 0x100);
    read_through("ldt 600 at 3", LDT(600), 3);
    read_through("ldt 8191 at 3", LDT(8191), 3);
    read_through("ldt 7 empty", LDT(7), 0);
    read_through("ldt 1000 empty", LDT(1000), 0);
    read_through("ldt 6 absent", LDT(6), 0);
    say("ldt set expand down: %d", set_descriptor(8, (unsigned long)data, 0xff, 1, 1, 0, 0, 0));
    read_through("ldt 8 below its limit", LDT(8), 0x80);
    read_through("ldt 8 above its limit", LDT(8), 0x180);
    static unsigned char back[65536];
    long size = syscall(SYS_modify_ldt, 0, back, sizeof(back));
    say("ldt read %ld bytes, first %x %x", size, *(unsigned *)back & 0xffff, *(unsigned *)(back + 4) & 0xffff00);
}

static void ldt_in_child(void)
{
    read_through("in the child, ldt 0 at 3", LDT(0), 3);
    say("in the child, change ldt 0: %d", set_descriptor(0, (unsigned long)data + 1024, 0xff, 1, 0, 0, 0, 0));
    read_through("in the child, ldt 0 at 3 now", LDT(0), 3);
}

/*
 * Code of 16 and 32 bits in the LDT, called far from here and back. It adds 7 to EAX; a 16-bit segment runs the same bytes with other meanings,
 * so each has its own.
 */
static void code_segments(void)
{
    unsigned char *code = mmap((void *)0x10000000, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    unsigned char *stack = mmap((void *)0x10010000, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (code == MAP_FAILED || stack == MAP_FAILED)
        return;
    static const unsigned char of16[] = { 0x66, 0x83, 0xc0, 0x07, 0x66, 0xcb }; /* add eax, 7; retf (32-bit) */
    static const unsigned char of32[] = { 0x83, 0xc0, 0x07, 0xcb };
    static const unsigned char faulty16[] = { 0x0f, 0x0b };
    static const unsigned char int80_16[] = { 0xcd, 0x80, 0x66, 0xcb };
    memcpy(code, of16, sizeof(of16));
    memcpy(code + 0x100, of32, sizeof(of32));
    memcpy(code + 0x200, faulty16, sizeof(faulty16));
    memcpy(code + 0x300, int80_16, sizeof(int80_16));
    memcpy(code + 0x400, "\xf4", 1);
    say("ldt 16-bit code: %d", set_descriptor(20, 0x10000000, 0xffff, 0, 2, 0, 0, 0));
    say("ldt 32-bit code: %d", set_descriptor(21, 0x10000000, 0xfffff, 1, 2, 0, 0, 0));
    struct { unsigned offset; unsigned short selector; } __attribute__((packed)) target;
    static const struct { const char *name; unsigned offset; int entry; } calls[] = {
        { "16-bit code adds", 0, 20 }, { "32-bit code adds", 0x100, 21 }, { "16-bit code, undefined", 0x200, 20 },
        { "16-bit code, int 0x80", 0x300, 20 }, { "16-bit code, hlt", 0x400, 20 }, { "32-bit code, hlt", 0x400, 21 },
        { "16-bit code beyond its limit", 0x10000, 20 }, { "code selector that is empty", 0, 22 }, { "code selector of data", 0, 0 },
    };
    for (volatile size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        static unsigned long value;
        value = 20;
        target.offset = calls[i].offset;
        target.selector = LDT(calls[i].entry);
#ifdef __x86_64__
        /* The stack pointer must fit into 32 bits meanwhile. */
        TRY(calls[i].name, asm volatile("mov %%rsp, %%r12\n\tmov %2, %%rsp\n\tlcall *(%1)\n\tmov %%r12, %%rsp"
            : "+a"(value) : "r"(&target), "r"((unsigned long)stack + 2 * PAGE - 64), "m"(target) : "r12", "rcx", "rdx", "memory"));
#else
        TRY(calls[i].name, asm volatile("lcall *(%1)" : "+a"(value) : "r"(&target), "m"(target) : "ecx", "edx", "memory"));
#endif
        if (check_signal == 0)
            say("%s: %ld", calls[i].name, calls[i].offset == 0x300 ? (long)(value == (unsigned long)getpid()) : (long)value);
    }

    /* A 16-bit stack segment: the upper half of ESP is what tells how the way back treats it. */
    int stack16 = set_descriptor(23, 0x10010000, 0xffff, 0, 0, 0, 0, 0);
    say("ldt 16-bit stack: %d", stack16);
#ifndef __x86_64__
    unsigned long before = 0, after = 0;
    if (stack16 != 0)
        return;
    asm volatile("mov %%esp, %%edi\n\tmov %%ss, %%esi\n\tmov %2, %%ss\n\tmov $0x12341000, %%esp\n\tmov %%esp, %0\n\tmov $20, %%eax\n\tint $0x80\n\tmov %%esp, %1\n\tmov %%esi, %%ss\n\tmov %%edi, %%esp"
        : "=&b"(before), "=&c"(after) : "d"((int)LDT(23)) : "eax", "esi", "edi", "memory");
    say("16-bit stack: esp %lx, after a system call %lx", before, after);
#endif
}

static void areas(void)
{
    struct user_desc area = { .entry_number = -1, .base_addr = (unsigned)(unsigned long)data + 100, .limit = 0xfffff, .seg_32bit = 1, .limit_in_pages = 1, .useable = 1 };
#ifdef __x86_64__
    /* Only the 32-bit call exists in 64-bit processes. */
    static struct user_desc low;
    low = area;
    long result;
    asm volatile("int $0x80" : "=a"(result) : "a"(243L), "b"(&low) : "memory", "r8", "r9", "r10", "r11");
    area = low;
#else
    long result = syscall(SYS_set_thread_area, &area);
#endif
    say("set_thread_area: %ld entry %d", result, area.entry_number);
    if (result == 0)
        read_through("thread area at 3", (unsigned short)(area.entry_number * 8 + 3), 3);
    read_through("gdt 12 empty or the runtime's", 14 * 8 + 3, 3);
}

#ifdef __x86_64__
static long bases(int code, unsigned long value)
{
    return syscall(SYS_arch_prctl, code, value);
}

static void base_registers(void)
{
    unsigned long got = 0;
    static const unsigned long values[] = { 0, 0x1000, 0xffffffff, 0x100000000, 0x7ffffffff000, 0x800000000000, 0xffff800000000000, 0xffffffffffffffff };
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        errno = 0;
        long result = bases(ARCH_SET_GS, values[i]);
        int error = errno;
        bases(ARCH_GET_GS, (unsigned long)&got);
        say("arch_prctl gs %lx: %ld errno %d reads %lx", values[i], result, error, got);
    }
    bases(ARCH_SET_GS, (unsigned long)data);
    unsigned char value;
    asm volatile("mov %%gs:3, %0" : "=q"(value));
    say("through gs %x", value);
    asm volatile("mov %0, %%gs" ::"r"(0));
    bases(ARCH_GET_GS, (unsigned long)&got);
    say("after a null selector: base is null or kept %d", got == 0 || got == (unsigned long)data);
    if (__builtin_cpu_supports("avx2") || 1) {
        TRY("wrgsbase", asm volatile("wrgsbase %0" ::"r"((unsigned long)data)));
        if (check_signal == 0) {
            asm volatile("rdgsbase %0" : "=r"(got));
            say("rdgsbase right %d", got == (unsigned long)data);
            bases(ARCH_GET_GS, (unsigned long)&got);
            say("arch_prctl sees wrgsbase %d", got == (unsigned long)data);
            asm volatile("rdfsbase %0" : "=r"(got));
            unsigned long fs = 0;
            bases(ARCH_GET_FS, (unsigned long)&fs);
            say("rdfsbase right %d", got == fs);
            TRY("wrgsbase kernel half", asm volatile("wrgsbase %0" ::"r"(0xffff888000000000UL)));
            TRY("read through it", asm volatile("mov %%gs:0, %%al" ::: "rax"));
            TRY("wrgsbase not canonical", asm volatile("wrgsbase %0" ::"r"(0x1234567812345678UL)));
            asm volatile("wrgsbase %0" ::"r"(0UL));
        }
    }
}
#endif

/* Every thread has its own base, checked after each of many switches. */
static volatile int wrong;
static unsigned long marks[8];

static void *thread(void *argument)
{
    long number = (long)argument;
    marks[number] = 0x5151 + (unsigned long)number;
#ifdef __x86_64__
    bases(ARCH_SET_GS, (unsigned long)&marks[number]);
    for (int i = 0; i < 400; i++) {
        unsigned long value;
        asm volatile("mov %%gs:0, %0" : "=r"(value));
        wrong += value != marks[number];
        sched_yield();
    }
    bases(ARCH_SET_GS, 0);
#else
    set_descriptor(100 + (int)number, (unsigned long)&marks[number], 0xff, 1, 0, 0, 0, 0);
    unsigned short selector = LDT(100 + number);
    asm volatile("mov %0, %%fs" ::"r"(selector));
    for (int i = 0; i < 400; i++) {
        unsigned long value;
        asm volatile("mov %%fs:0, %0" : "=r"(value));
        wrong += value != marks[number];
        sched_yield();
    }
    asm volatile("mov %0, %%fs" ::"r"(0));
#endif
    return NULL;
}

static void threads(void)
{
    pthread_t all[8];
    for (long i = 0; i < 8; i++)
        pthread_create(&all[i], NULL, thread, (void *)i);
    for (int i = 0; i < 8; i++)
        pthread_join(all[i], NULL);
    say("threads with bases of their own, wrong %d", wrong);
}

/* A process ends while its LDT is loaded, many times. */
static void user_of_ldt(void)
{
    set_descriptor(30, (unsigned long)data, 0xff, 1, 0, 0, 0, 0);
    asm volatile("mov %0, %%es" ::"r"((int)LDT(30)));
    sched_yield();
    unsigned short got;
    asm volatile("mov %%es, %0" : "=r"(got));
    _exit(got == LDT(30) ? 3 : 4);
}

int main(int count, char **arguments)
{
    check_install();
    if (count > 1) {
        read_through("after exec, ldt 0", LDT(0), 3);
        return 0;
    }
    data_segments();
    say_status("child", in_child(ldt_in_child));
    read_through("in the parent, ldt 0 at 3", LDT(0), 3);
    code_segments();
    areas();
#ifdef __x86_64__
    base_registers();
#endif
    threads();
    int ends = 0;
    for (int i = 0; i < 20; i++) {
        int status = in_child(user_of_ldt);
        ends += WIFEXITED(status) && WEXITSTATUS(status) == 3;
    }
    say("ended with an LDT selector loaded: %d of 20", ends);
    say("ldt 0 taken away: %d", set_descriptor(0, 0, 0, 0, 0, 0, 1, 1));
    read_through("ldt 0 after that", LDT(0), 3);
    fflush(stdout);
    if (fork() == 0) {
        execl("/proc/self/exe", arguments[0], "again", NULL);
        _exit(9);
    }
    int status;
    wait(&status);
    say_status("exec", status);
    say("end");
    return 0;
}
