/*
 * Every way in which a process can raise an exception by itself: which signal comes, with which code, address, vector and error code, and that the
 * process can go on behind it.
 */
#include "check.h"
#include <sys/prctl.h>

/* Set by a label in the code that faults; 'at' in the report says whether the instruction pointer was just there. */
static void privileged(void)
{
    INSTRUCTION("hlt", "hlt");
    INSTRUCTION("cli", "cli");
    INSTRUCTION("sti", "sti");
    INSTRUCTION("in al,dx", "in %%dx, %%al" ::"d"(0x80) : "eax");
    INSTRUCTION("out dx,al", "out %%al, %%dx" ::"d"(0x80), "a"(0));
    INSTRUCTION("out dx,eax", "out %%eax, %%dx" ::"d"(0xcf8), "a"(0));
    INSTRUCTION("insb", "insb" ::"d"(0x80), "D"(&check_out) : "memory");
    INSTRUCTION("outsb", "outsb" ::"d"(0x80), "S"(&check_out));
    INSTRUCTION("clts", "clts");
    INSTRUCTION("wbinvd", "wbinvd");
    INSTRUCTION("invd", "invd");
    INSTRUCTION("rdmsr efer", "rdmsr" ::"c"(0xc0000080) : "eax", "edx");
    INSTRUCTION("wrmsr efer", "wrmsr" ::"c"(0xc0000080), "a"(0), "d"(0));
    INSTRUCTION("rdmsr unknown", "rdmsr" ::"c"(0x12345678) : "eax", "edx");
    INSTRUCTION("rdpmc", "rdpmc" ::"c"(0) : "eax", "edx");
    INSTRUCTION("mov cr0", "mov %%cr0, %0" : "=r"((unsigned long){ 0 }));
    INSTRUCTION("mov to cr0", "mov %0, %%cr0" ::"r"(0x80050033UL));
    INSTRUCTION("mov cr2", "mov %%cr2, %0" : "=r"((unsigned long){ 0 }));
    INSTRUCTION("mov cr3", "mov %%cr3, %0" : "=r"((unsigned long){ 0 }));
    INSTRUCTION("mov to cr3", "mov %0, %%cr3" ::"r"(0UL));
    INSTRUCTION("mov cr4", "mov %%cr4, %0" : "=r"((unsigned long){ 0 }));
    INSTRUCTION("mov dr0", "mov %%dr0, %0" : "=r"((unsigned long){ 0 }));
    INSTRUCTION("mov dr7", "mov %%dr7, %0" : "=r"((unsigned long){ 0 }));
    INSTRUCTION("mov to dr7", "mov %0, %%dr7" ::"r"(0UL));
    INSTRUCTION("lmsw", "lmsw %w0" ::"r"(0));
    INSTRUCTION("lldt", "lldt %w0" ::"r"(0));
    INSTRUCTION("ltr", "ltr %w0" ::"r"(0));
    INSTRUCTION("invlpg", "invlpg (%0)" ::"r"(&check_out));
    INSTRUCTION("lgdt", "lgdt (%0)" ::"r"(&check_out));
    INSTRUCTION("lidt", "lidt (%0)" ::"r"(&check_out));
    INSTRUCTION("xsetbv", "xsetbv" ::"c"(0), "a"(7), "d"(0));
#ifdef __x86_64__
    INSTRUCTION("mov cr8", "mov %%cr8, %0" : "=r"((unsigned long){ 0 }));
    INSTRUCTION("swapgs", "swapgs");
    INSTRUCTION("sysret", "sysretq" ::"c"(0));
#endif
}

static void undefined(void)
{
    INSTRUCTION("ud2", "ud2");
    INSTRUCTION("ud2 and xen, then nothing", ".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e, 0x90");
    INSTRUCTION("lock nop", ".byte 0xf0, 0x90");
    INSTRUCTION("undefined 0f ff", ".byte 0x0f, 0xff, 0xc0");
    INSTRUCTION("vmcall", ".byte 0x0f, 0x01, 0xc1");
    INSTRUCTION("getsec", ".byte 0x0f, 0x37");
#ifdef __x86_64__
    INSTRUCTION("push es", ".byte 0x06");
    INSTRUCTION("aaa", ".byte 0x37");
#endif
    static unsigned a = 0x40000000, b, c, d;
    INSTRUCTION("forced cpuid", ".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e\n\tcpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
    say("forced cpuid 40000000: %x %.4s%.4s%.4s", a, (char *)&b, (char *)&c, (char *)&d);
}

/*
 * QEMU's error code of INT n through a closed gate holds twice the vector. Real Xen then takes the vector for another, so those for which that makes a difference are left out.
 */
static void software_interrupts(void)
{
    INSTRUCTION("int3", "int3");
    INSTRUCTION("cd 03", ".byte 0xcd, 0x03");
    INSTRUCTION("int 4", "int $4");
    INSTRUCTION("int 0", "int $0");
    INSTRUCTION("int 1", "int $1");
    INSTRUCTION("int 14", "int $14");
    INSTRUCTION("int 0x20", "int $0x20");
    INSTRUCTION("int 0xf8", "int $0xf8");
    INSTRUCTION("int 0xff", "int $0xff");
#ifndef __x86_64__
    INSTRUCTION("into, no overflow", "xor %%eax, %%eax\n\tinto" ::: "eax");
    INSTRUCTION("into", "mov $0x7fffffff, %%eax\n\tinc %%eax\n\tinto" ::: "eax");
    int bounds[2] = { 1, 5 };
    INSTRUCTION("bound inside", "bound %0, (%1)" ::"r"(5), "r"(bounds));
    INSTRUCTION("bound outside", "bound %0, (%1)" ::"r"(6), "r"(bounds));
#endif
}

static void arithmetic(void)
{
    volatile int zero = 0, one = 1;
    TRY("divide by zero", one = one / zero);
    INSTRUCTION("divide overflow", "idivl %2" ::"a"(0x80000000), "d"(-1), "r"(-1));
    INSTRUCTION("aam or div byte", "divb %b0" ::"r"(0), "a"(1));
    unsigned short control = 0x0360; /* all exceptions but the inexact result unmasked */
    INSTRUCTION("x87 division by zero", "fninit\n\tfldcw %0\n\tfld1\n\tfldz\n\tfdivrp\n\tfwait" ::"m"(control));
    asm volatile("fninit");
    INSTRUCTION("x87 stack underflow", "fninit\n\tfldcw %0\n\tfstp %%st(0)\n\tfwait" ::"m"(control));
    asm volatile("fninit");
}

static void memory(void)
{
    static char page[3 * PAGE] __attribute__((aligned(4096)));
    char *volatile at = NULL;
    TRY("read 0", (void)*(volatile char *)at);
    TRY("write 0", *(volatile char *)at = 1);
    TRY("execute 0", ((void (*)(void))at)());
    at = (char *)0x1000;
    TRY("read 0x1000", (void)*(volatile char *)at);
    mprotect(page + PAGE, PAGE, PROT_READ);
    TRY("write read-only", *(volatile char *)(page + PAGE + 5) = 1);
    mprotect(page + PAGE, PAGE, PROT_NONE);
    TRY("read of none", (void)*(volatile char *)(page + PAGE + 7));
    TRY("execute of none", ((void (*)(void))(page + PAGE))());
    TRY("execute data", ((void (*)(void))page)());
    TRY("read over a page's end", (void)*(volatile int *)(page + PAGE - 2));
    mprotect(page + PAGE, PAGE, PROT_READ | PROT_WRITE);
    TRY("write code", *(volatile char *)(void *)memory = 0x90);
    TRY("write constant", *(volatile char *)"constant" = 'x');

    FILE *file = tmpfile();
    char *mapped = file ? mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0) : MAP_FAILED;
    if (mapped != MAP_FAILED) {
        check_signal = 0;
        if (sigsetjmp(check_out, 1) == 0)
            *(volatile char *)(mapped + PAGE) = 1;
        say("behind the end of a file: signal %d code %d trap %lu error %lx at it %d", check_signal, check_code, check_trap, check_error,
            check_address == (unsigned long)mapped + PAGE);
    }

    at = (char *)~0UL;
    TRY("read the last byte", (void)*(volatile char *)at);
    at = (char *)(~0UL - 2);
    TRY("read over the last byte", (void)*(volatile int *)at);
#ifdef __x86_64__
    static const unsigned long places[] = {
        0x00007ffffffff000, 0x00007fffffffffff, 0x0000800000000000, 0x1234567812345678, 0xffff7fffffffffff, 0xffff800000000000, 0xffff800000001000, 0xffff820000000000,
        0xffff82d040200000, 0xffff830000000000, 0xffff87ffffffffff, 0xffff880000000000, 0xffff888000000000, 0xffffffff81000000, 0xffffffffff600000,
    };
    for (volatile size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        char name[40];
        at = (char *)places[i];
        snprintf(name, sizeof(name), "read %lx", places[i]);
        TRY(name, (void)*(volatile char *)at);
        snprintf(name, sizeof(name), "write %lx", places[i]);
        TRY(name, *(volatile char *)at = 1);
        if (places[i] == 0xffffffffff600000)
            continue;
        snprintf(name, sizeof(name), "call %lx", places[i]);
        TRY(name, ((void (*)(void))at)());
    }
    INSTRUCTION("non-canonical stack", "mov %%rsp, %%rbx\n\tmov %0, %%rsp\n\tpush %%rax\n\tmov %%rbx, %%rsp" ::"r"(0x8000000000001000UL) : "rbx");
    INSTRUCTION("ret to non-canonical", "pushq %0\n\tret" ::"r"(0x1234567812345678UL));
    INSTRUCTION("movaps not aligned", "movaps 1(%0), %%xmm1" ::"r"(page) : "xmm1");
    INSTRUCTION("fxrstor not aligned", "fxrstor 8(%0)" ::"r"(page));
#endif
}

static void alignment(void)
{
    static char bytes[16] __attribute__((aligned(16)));
    check_signal = 0;
    if (sigsetjmp(check_out, 1) == 0) {
#ifdef __x86_64__
        asm volatile("pushfq\n\torq $0x40000, (%%rsp)\n\tpopfq\n\tmovl 1(%0), %%eax\n\tpushfq\n\tandq $~0x40000, (%%rsp)\n\tpopfq" ::"r"(bytes) : "eax", "memory");
#else
        asm volatile("pushfl\n\torl $0x40000, (%%esp)\n\tpopfl\n\tmovl 1(%0), %%eax\n\tpushfl\n\tandl $~0x40000, (%%esp)\n\tpopfl" ::"r"(bytes) : "eax", "memory");
#endif
    }
#ifdef __x86_64__
    asm volatile("pushfq\n\tandq $~0x40000, (%%rsp)\n\tpopfq" ::: "memory");
#else
    asm volatile("pushfl\n\tandl $~0x40000, (%%esp)\n\tpopfl" ::: "memory");
#endif
    say("alignment check: signal %d code %d trap %lu error %lx", check_signal, check_code, check_trap, check_error);
}

static void selectors(void)
{
    static const unsigned short values[] = { 0, 1, 2, 3, 4, 8, 0x10, 0x13, 0x18, 0x1b, 0x23, 0x2b, 0x33, 0x3b, 0x40, 0x7f, 0xe008, 0xe010, 0xe023, 0xe02b, 0xe033, 0xe040, 0xffff };
    for (volatile size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        char name[40];
        unsigned short got = 0xdead;
        snprintf(name, sizeof(name), "es %x", values[i]);
        TRY(name, asm volatile("mov %%es, %w0\n\tmov %1, %%es\n\tmov %%es, %2\n\tmov %w0, %%es" : "=&a"((int){ 0 }) : "r"(values[i]), "m"(got) : "memory"));
        if (check_signal == 0)
            say("es %x reads %x", values[i], got);
        snprintf(name, sizeof(name), "ss %x", values[i]);
        TRY(name, asm volatile("mov %%ss, %w0\n\tmov %1, %%ss\n\tmov %w0, %%ss" : "=&a"((int){ 0 }) : "r"(values[i]) : "memory"));
    }
}

static void tsc(void)
{
    INSTRUCTION("rdtsc", "rdtsc" ::: "eax", "edx");
    if (prctl(PR_SET_TSC, PR_TSC_SIGSEGV) == 0) {
        INSTRUCTION("rdtsc forbidden", "rdtsc" ::: "eax", "edx");
        INSTRUCTION("rdtscp forbidden", "rdtscp" ::: "eax", "ecx", "edx");
        prctl(PR_SET_TSC, PR_TSC_ENABLE);
    }
    INSTRUCTION("rdtsc allowed again", "rdtsc" ::: "eax", "edx");
}

static volatile int depth;

#pragma GCC diagnostic ignored "-Winfinite-recursion"
static __attribute__((noinline)) int recurse(int level)
{
    volatile char room[2048];
    room[0] = (char)level;
    depth = level;
    return recurse(level + 1) + room[0];
}

static void stack_overflow(void)
{
    check_signal = 0;
    if (sigsetjmp(check_out, 1) == 0)
        recurse(0);
    say("stack overflow: signal %d code %d trap %lu error %lx deep enough %d", check_signal, check_code, check_trap, check_error, depth > 3000);
}

/* Without a handler the process dies of its exception. */
static void die_divide(void)
{
    volatile int zero = 0;
    signal(SIGFPE, SIG_DFL);
    zero = 1 / zero;
}

static void die_segment(void)
{
    signal(SIGSEGV, SIG_DFL);
    *(volatile int *)16 = 1;
}

static void die_trap(void)
{
    signal(SIGTRAP, SIG_DFL);
    asm volatile("int3");
}

static void die_illegal(void)
{
    signal(SIGILL, SIG_DFL);
    asm volatile("ud2");
}

int main(void)
{
    check_install();
    privileged();
    undefined();
    software_interrupts();
    arithmetic();
    memory();
    alignment();
    selectors();
    tsc();
    stack_overflow();
    say_status("die of a division", in_child(die_divide));
    say_status("die of an access", in_child(die_segment));
    say_status("die of a breakpoint", in_child(die_trap));
    say_status("die of an opcode", in_child(die_illegal));
    say("end");
    return 0;
}
