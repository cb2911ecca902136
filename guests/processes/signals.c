/*
 * Signals: nested, on an alternate stack, with changed contexts on return (registers, selectors, flags that must not get through), and bad frames.
 */
#include "check.h"
#include <sys/time.h>

static volatile int level, deepest, count;

static void nested(int number)
{
    level++;
    if (level > deepest)
        deepest = level;
    if (level < 12)
        raise(number);
    level--;
    count++;
}

static volatile int on_stack;
static char alternate[65536];

static void where(int number)
{
    (void)number;
    char here;
    on_stack = &here >= alternate && &here < alternate + sizeof(alternate);
}

static void change(int number, siginfo_t *info, void *context)
{
    (void)number;
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    switch (info->si_value.sival_int) {
    case 0: /* all flags that a process may have, and those that it may not */
        registers[REG_EFL] |= 0x3000 | 0x200 | FLAG_DIRECTION | 0x4000 | 0x10000 | 0x20000 | 0x100000 | 0x80000;
        break;
    case 1:
        registers[REG_EFL] = 0;
        break;
    }
}

static unsigned long flags_after(int kind)
{
    unsigned long flags;
    sigqueue(getpid(), SIGUSR2, (union sigval){ .sival_int = kind });
#ifdef __x86_64__
    asm volatile("pushfq\n\tpop %0\n\tcld\n\tpushfq\n\tandq $~0x44000, (%%rsp)\n\tpopfq" : "=r"(flags) :: "memory");
#else
    asm volatile("pushfl\n\tpop %0\n\tcld\n\tpushfl\n\tandl $~0x44000, (%%esp)\n\tpopfl" : "=r"(flags) :: "memory");
#endif
    return flags;
}

/* A child returns from its handler with a context that cannot be. */
static int kind_of_break;

static void break_context(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    switch (kind_of_break) {
    case 0:
        registers[REGISTER_IP] = 0;
        break;
#ifdef __x86_64__
    case 1:
        registers[REGISTER_IP] = 0x1234567812345678;
        break;
    case 2:
        registers[REGISTER_IP] = (greg_t)0xffff800000000000;
        break;
    case 3:
        registers[REG_RSP] = 0x1234567812345678;
        break;
    case 4:
        registers[REG_CSGSFS] = (registers[REG_CSGSFS] & ~0xffffLL) | 0x10;
        break;
    case 5:
        registers[REG_CSGSFS] = (registers[REG_CSGSFS] & ~0xffffLL) | 0x2b;
        break;
    case 6:
        registers[REG_CSGSFS] = (registers[REG_CSGSFS] & ~0xffffLL) | 0xe008;
        break;
    case 7:
        registers[REG_CSGSFS] = (registers[REG_CSGSFS] & ~0xffffLL) | 0xffff;
        break;
    case 8: /* into 32-bit code, where the bytes mean something else */
        registers[REG_CSGSFS] = (registers[REG_CSGSFS] & ~0xffffLL) | 0x23;
        registers[REGISTER_IP] = 0;
        break;
#else
    case 1:
        registers[REG_CS] = 0x10;
        break;
    case 2:
        registers[REG_CS] = 0x2b;
        break;
    case 3:
        registers[REG_SS] = 0;
        break;
    case 4:
        registers[REG_DS] = 0xffff;
        break;
    case 5:
        registers[REG_GS] = 0x7f;
        break;
    case 6:
        registers[REG_CS] = 0xffff;
        break;
    case 7:
        registers[REG_FS] = 0xe010;
        break;
    case 8: /* into 64-bit code */
        registers[REG_CS] = 0x33;
        break;
#endif
    }
}

static void broken_child(void)
{
    struct sigaction action = { .sa_sigaction = break_context, .sa_flags = SA_SIGINFO };
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
}

/* The stack that a signal needs is not there. */
static void no_stack(void)
{
    struct sigaction action = { .sa_handler = where };
    sigaction(SIGUSR1, &action, NULL);
#ifdef __x86_64__
    asm volatile("mov $39, %%eax\n\tsyscall\n\tmov %%eax, %%edi\n\tmov $10, %%esi\n\tmov $62, %%eax\n\tmov $0x1000, %%esp\n\tsyscall" ::: "memory");
#else
    asm volatile("mov $20, %%eax\n\tint $0x80\n\tmov %%eax, %%ebx\n\tmov $10, %%ecx\n\tmov $37, %%eax\n\tmov $0x1000, %%esp\n\tint $0x80" ::: "memory");
#endif
}

static volatile int ticks;

static void tick(int number)
{
    (void)number;
    ticks++;
}

/* General registers are whole after signals that come at any instruction. */
static void registers_kept(void)
{
    struct sigaction action = { .sa_handler = tick, .sa_flags = SA_RESTART };
    struct itimerval often = { { 0, 1200 }, { 0, 1200 } }, off = { { 0, 0 }, { 0, 0 } };
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    int wrong = 0;
    for (int turn = 0; turn < 300; turn++) {
#ifdef __x86_64__
        unsigned long sum;
        asm volatile("mov $1, %%rax\n\tmov $2, %%rbx\n\tmov $3, %%rcx\n\tmov $4, %%rdx\n\tmov $5, %%rsi\n\tmov $6, %%rdi\n\tmov $7, %%r8\n\tmov $8, %%r9\n\t"
                     "mov $9, %%r10\n\tmov $10, %%r11\n\tmov $11, %%r12\n\tmov $12, %%r13\n\tmov $13, %%r14\n\tmov $20000, %%r15\n"
                     "1:\tdec %%r15\n\tjnz 1b\n\t"
                     "shl $1, %%rbx\n\tlea (%%rax, %%rbx), %%rax\n\tadd %%rcx, %%rax\n\tadd %%rdx, %%rax\n\tadd %%rsi, %%rax\n\tadd %%rdi, %%rax\n\tadd %%r8, %%rax\n\t"
                     "add %%r9, %%rax\n\tadd %%r10, %%rax\n\tadd %%r11, %%rax\n\tadd %%r12, %%rax\n\tadd %%r13, %%rax\n\tadd %%r14, %%rax"
            : "=a"(sum) :: "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "cc");
        wrong += sum != 93;
#else
        unsigned long sum;
        asm volatile("push %%ebp\n\tmov $1, %%eax\n\tmov $2, %%ebx\n\tmov $3, %%ecx\n\tmov $4, %%edx\n\tmov $5, %%esi\n\tmov $6, %%edi\n\tmov $20000, %%ebp\n"
                     "1:\tdec %%ebp\n\tjnz 1b\n\tadd %%ebx, %%eax\n\tadd %%ecx, %%eax\n\tadd %%edx, %%eax\n\tadd %%esi, %%eax\n\tadd %%edi, %%eax\n\tpop %%ebp"
            : "=a"(sum) :: "ebx", "ecx", "edx", "esi", "edi", "cc");
        wrong += sum != 21;
#endif
    }
    setitimer(ITIMER_REAL, &off, NULL);
    say("registers under signals: wrong %d, signals came %d", wrong, ticks > 0);
}

int main(void)
{
    struct sigaction action = { .sa_handler = nested, .sa_flags = SA_NODEFER };
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    say("nested: deepest %d, handled %d", deepest, count);

    stack_t stack = { .ss_sp = alternate, .ss_size = sizeof(alternate) };
    sigaltstack(&stack, NULL);
    action = (struct sigaction){ .sa_handler = where, .sa_flags = SA_ONSTACK };
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    say("on the alternate stack %d", on_stack);

    action = (struct sigaction){ .sa_sigaction = change, .sa_flags = SA_SIGINFO };
    sigaction(SIGUSR2, &action, NULL);
    say("all flags set: %lx", flags_after(0) & ~0xd5UL);
    say("no flags set: %lx", flags_after(1) & ~0xd5UL);

    for (kind_of_break = 0; kind_of_break < 9; kind_of_break++) {
        char name[40];
        snprintf(name, sizeof(name), "broken context %d", kind_of_break);
        say_status(name, in_child(broken_child));
    }
    say_status("no stack for a signal", in_child(no_stack));
    registers_kept();
    say("end");
    return 0;
}
