/*
 * The ways into the kernel: SYSCALL, INT 0x80, the vDSO, and for 32-bit processes SYSENTER or SYSCALL, whichever the CPU has. What comes back in the
 * registers, what a call restarts after a signal, and what single-stepping through the entry shows.
 */
#include "check.h"
#include <sys/auxv.h>
#include <sys/time.h>
#include <time.h>

static volatile int alarms, steps;

static void on_alarm(int number)
{
    (void)number;
    alarms++;
}

static void on_step(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    (void)context;
    steps++;
}

static long int80(long number, long a, long b, long c)
{
    long result;
    asm volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory"
#ifdef __x86_64__
        , "r8", "r9", "r10", "r11"
#endif
    );
    return result;
}

/* getpid by INT 0x80 has the 32-bit number 20 in both kinds of process. */
static void software_interrupt(void)
{
    say("int 0x80 getpid right %d", int80(20, 0, 0, 0) == getpid());
    say("int 0x80 unknown %ld", int80(9999, 0, 0, 0) & 0xffffffff);
    say("int 0x80 bad pointer %ld", int80(4, 1, 0x10, 5) & 0xffffffff);
    say("int 0x80 write %ld", int80(4, 1, (long)"by int 0x80\n", 12));
#ifdef __x86_64__
    unsigned long r8 = 0x1111111122222222, r9 = 0x3333333344444444, r10, r11, r12 = 0x5555555566666666, r15 = 0x7777777788888888, rax;
    asm volatile("mov %5, %%r8\n\tmov %6, %%r9\n\tmov $0x9999, %%r10\n\tmov $0x8888, %%r11\n\tmov %7, %%r12\n\tmov %8, %%r15\n\tint $0x80\n\t"
                 "mov %%r8, %0\n\tmov %%r9, %1\n\tmov %%r10, %2\n\tmov %%r11, %3\n\tmov %%r12, %7\n\tmov %%r15, %8"
        : "=m"(r8), "=m"(r9), "=m"(r10), "=m"(r11), "=a"(rax) : "m"(r8), "m"(r9), "m"(r12), "m"(r15), "4"(20L) : "r8", "r9", "r10", "r11", "r12", "r15", "memory");
    say("int 0x80 registers %lx %lx %lx %lx %lx %lx", r8, r9, r10, r11, r12, r15);
#endif
}

#ifdef __x86_64__
static void syscall_registers(void)
{
    unsigned long rcx, r11, flags, here;
    asm volatile("stc\n\tmov $39, %%eax\n\tsyscall\n1:\tpushfq\n\tpop %2\n\tlea 1b(%%rip), %3\n\tmov %%rcx, %0\n\tmov %%r11, %1"
        : "=&r"(rcx), "=&r"(r11), "=&r"(flags), "=&r"(here) :: "rax", "rcx", "r11", "memory");
    say("syscall: rcx is the next address %d, flags kept %lx, in r11 %lx", rcx == here, flags & 0xcd5, r11 & 0xcd5);
    long result;
    asm volatile("syscall" : "=a"(result) : "a"(99999L) : "rcx", "r11", "memory");
    say("syscall unknown %ld", result);
    asm volatile("syscall" : "=a"(result) : "a"(-1L) : "rcx", "r11", "memory");
    say("syscall -1 %ld", result);
    asm volatile("std\n\tsyscall\n\tpushfq\n\tpop %1\n\tcld" : "=a"(result), "=&r"(flags) : "0"(39L) : "rcx", "r11", "memory");
    say("syscall with the direction flag: right %d kept %d", result == getpid(), (flags & FLAG_DIRECTION) != 0);
}

/* SYSCALL as the very last instruction below the hole in the address space: its return address is not canonical. */
static void syscall_at_the_end(void)
{
    void *last = mmap((void *)0x7fffffffe000, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (last == MAP_FAILED) {
        say("syscall at the end: page not to be had, errno %d", errno);
        return;
    }
    unsigned char *code = (unsigned char *)last + PAGE - 2;
    code[0] = 0x0f;
    code[1] = 0x05;
    TRY("syscall at the end of a mapping", asm volatile("mov $39, %%eax\n\tcall *%0" ::"r"(code) : "rax", "rcx", "r11", "memory"));
}

static void other_entries(void)
{
    INSTRUCTION("sysenter in 64-bit code", "mov %%rsp, %%rbp\n\tsysenter" ::"a"(20) : "rcx", "rdx", "r11", "memory");
}
#else
static unsigned long entry;

/* The vDSO's own entry, and the two instructions that it may use, each returning behind the vDSO's entry as the kernel wants it. */
static void vdso_entry(void)
{
    entry = getauxval(32 /* AT_SYSINFO */);
    if (entry == 0) {
        say("no vDSO entry");
        return;
    }
    long result;
    asm volatile("call *%1" : "=a"(result) : "m"(entry), "0"(20) : "memory");
    say("vdso entry getpid right %d", result == getpid());
    asm volatile("call *%1" : "=a"(result) : "m"(entry), "0"(9999) : "memory");
    say("vdso entry unknown %ld", result);
    asm volatile("call *%1" : "=a"(result) : "m"(entry), "0"(4), "b"(1), "c"("by the vDSO\n"), "d"(12) : "memory");
    say("vdso entry write %ld", result);
    asm volatile("push %%ebp\n\tmov $6, %%ebp\n\tcall *%1\n\tpop %%ebp" : "=a"(result) : "m"(entry), "0"(192), "b"(0), "c"(4096), "d"(3), "S"(0x02), "D"(-1) : "memory");
    say("vdso entry with six arguments, no file: %ld", result);
    asm volatile("push %%ebp\n\tmov $0, %%ebp\n\tcall *%1\n\tpop %%ebp" : "=a"(result) : "m"(entry), "0"(192), "b"(0), "c"(4096), "d"(3), "S"(0x22), "D"(-1) : "memory");
    say("vdso entry mmap2 works %d", result != 0 && (unsigned long)result < 0xfffff000);
    unsigned char *code = (unsigned char *)entry;
    int sysenter = 0, syscall = 0;
    for (int i = 0; i < 32; i++) {
        sysenter |= code[i] == 0x0f && code[i + 1] == 0x34;
        syscall |= code[i] == 0x0f && code[i + 1] == 0x05;
    }
    say("vdso uses sysenter %d syscall %d", sysenter, syscall);
    unsigned long ebx = 0x11111111, esi = 0x22222222, edi = 0x33333333, ebp = 0;
    asm volatile("push %%ebp\n\tmov $0x44444444, %%ebp\n\tcall *%4\n\tmov %%ebp, %3\n\tpop %%ebp" : "+b"(ebx), "+S"(esi), "+D"(edi), "=d"(ebp) : "m"(entry), "a"(20) : "memory");
    say("vdso entry keeps %lx %lx %lx %lx", ebx, esi, edi, ebp);
    for (int i = 0; i < 2000; i++)
        asm volatile("call *%1" : "=a"(result) : "m"(entry), "0"(20) : "memory");
    say("vdso entry 2000 times, right %d", result == getpid());
}

static void other_entries(void)
{
    /* Bare: the kernel returns into the vDSO, which pops what its own entry has pushed. Wrong users get a fault there, not more. */
    INSTRUCTION("sysenter by hand", "push $1f\n\tpush %%ecx\n\tpush %%edx\n\tpush %%ebp\n\tmov %%esp, %%ebp\n\tsysenter\n1:" ::"a"(20) : "ecx", "edx", "memory");
    INSTRUCTION("sysenter with a bad stack", "push %%ebp\n\tmov $0x10, %%ebp\n\tsysenter" ::"a"(20) : "ecx", "edx", "memory");
    INSTRUCTION("sysenter with the nested-task flag", "pushfl\n\torl $0x4000, (%%esp)\n\tpopfl\n\tpush $1f\n\tpush %%ecx\n\tpush %%edx\n\tpush %%ebp\n\tmov %%esp, %%ebp\n\tsysenter\n1:\tpushfl\n\tandl $~0x4000, (%%esp)\n\tpopfl" ::"a"(20) : "ecx", "edx", "memory");
    INSTRUCTION("syscall by hand", "push $1f\n\tpush %%ecx\n\tpush %%edx\n\tpush %%ebp\n\tmov %%ecx, %%ebp\n\tsyscall\n1:" ::"a"(20) : "ecx", "edx", "memory");
}
#endif

/* A signal every few milliseconds while calls are made by every way. */
static void restarts(void)
{
    struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
    struct itimerval often = { { 0, 2000 }, { 0, 2000 } }, off = { { 0, 0 }, { 0, 0 } };
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    int pipe_ends[2], wrong = 0;
    if (pipe(pipe_ends) != 0)
        return;
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 20; i++) {
            struct timespec wait = { 0, 5000000 };
            nanosleep(&wait, NULL);
            if (write(pipe_ends[1], &i, sizeof(i)) != sizeof(i))
                _exit(1);
        }
        _exit(0);
    }
    for (int i = 0, got; i < 20; i++)
        wrong += read(pipe_ends[0], &got, sizeof(got)) != sizeof(got) || got != i;
    int status;
    waitpid(child, &status, 0);
    pid_t self = getpid();
    for (int i = 0; i < 4000; i++)
        wrong += int80(20, 0, 0, 0) != self || syscall(SYS_getpid) != self;
    setitimer(ITIMER_REAL, &off, NULL);
    say("restarted calls: wrong %d, signals came %d", wrong, alarms > 0);
}

static void single_step(void)
{
    struct sigaction action = { .sa_sigaction = on_step, .sa_flags = SA_SIGINFO | SA_ONSTACK };
    sigaction(SIGTRAP, &action, NULL);
#ifdef __x86_64__
    asm volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\tnop\n\tnop\n\tnop\n\tpushfq\n\tandq $~0x100, (%%rsp)\n\tpopfq" ::: "memory");
    say("steps over nops %d", steps);
    steps = 0;
    asm volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\tmov $39, %%eax\n\tsyscall\n\tnop\n\tpushfq\n\tandq $~0x100, (%%rsp)\n\tpopfq" ::: "rax", "rcx", "r11", "memory");
    say("steps over syscall %d", steps);
    steps = 0;
    asm volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\tmov $20, %%eax\n\tint $0x80\n\tnop\n\tpushfq\n\tandq $~0x100, (%%rsp)\n\tpopfq" ::: "rax", "r8", "r9", "r10", "r11", "memory");
    say("steps over int 0x80 %d", steps);
    steps = 0;
    asm volatile("mov %%ss, %%eax\n\tpushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\tmov %%eax, %%ss\n\tnop\n\tnop\n\tpushfq\n\tandq $~0x100, (%%rsp)\n\tpopfq" ::: "rax", "memory");
    say("steps over mov ss: some %d", steps > 0);
    steps = 0;
    asm volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\txor %%eax, %%eax\n\tcpuid\n\trdtsc\n\tpushfq\n\tandq $~0x100, (%%rsp)\n\tpopfq" ::: "rax", "rbx", "rcx", "rdx", "memory");
    say("steps over cpuid and rdtsc %d", steps);
#else
    asm volatile("pushfl\n\torl $0x100, (%%esp)\n\tpopfl\n\tnop\n\tnop\n\tnop\n\tpushfl\n\tandl $~0x100, (%%esp)\n\tpopfl" ::: "memory");
    say("steps over nops %d", steps);
    steps = 0;
    asm volatile("pushfl\n\torl $0x100, (%%esp)\n\tpopfl\n\tmov $20, %%eax\n\tint $0x80\n\tnop\n\tpushfl\n\tandl $~0x100, (%%esp)\n\tpopfl" ::: "eax", "memory");
    say("steps over int 0x80 %d", steps);
    steps = 0;
    unsigned long id = 0;
    if (entry != 0) {
        asm volatile("pushfl\n\torl $0x100, (%%esp)\n\tpopfl\n\tmov $20, %%eax\n\tcall *%1\n\tnop\n\tpushfl\n\tandl $~0x100, (%%esp)\n\tpopfl" : "=&a"(id) : "m"(entry) : "memory");
        say("steps over the vdso entry: some %d, call right %d", steps > 5, id == (unsigned long)getpid());
    }
#endif
}

static void clocks(void)
{
    struct timespec a, b;
    int backwards = 0;
    clock_gettime(CLOCK_MONOTONIC, &a);
    for (int i = 0; i < 20000; i++) {
        clock_gettime(CLOCK_MONOTONIC, &b);
        backwards += b.tv_sec < a.tv_sec || (b.tv_sec == a.tv_sec && b.tv_nsec < a.tv_nsec);
        a = b;
    }
    say("clock went backwards %d times", backwards);
    struct timespec direct;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &direct);
    long apart = (direct.tv_sec - b.tv_sec) * 1000 + (direct.tv_nsec - b.tv_nsec) / 1000000;
    say("vdso and system call agree %d", apart >= 0 && apart < 1000);
}

#ifdef __x86_64__
static void vsyscall_page(void)
{
    volatile time_t now = 0;
    TRY("vsyscall gettimeofday", ((int (*)(struct timeval *, void *))0xffffffffff600000UL)(&(struct timeval){ 0 }, NULL));
    TRY("vsyscall time", now = ((time_t(*)(time_t *))0xffffffffff600400UL)(NULL));
    say("vsyscall time plausible %d", now == 0 || labs((long)(time(NULL) - now)) < 2);
    TRY("vsyscall getcpu", ((int (*)(unsigned *, unsigned *, void *))0xffffffffff600800UL)(&(unsigned){ 0 }, NULL, NULL));
    TRY("vsyscall elsewhere", ((int (*)(void))0xffffffffff600404UL)());
    TRY("vsyscall bad pointer", ((int (*)(void *, void *))0xffffffffff600000UL)((void *)8, NULL));
}
#endif

int main(void)
{
    check_install();
    software_interrupt();
#ifdef __x86_64__
    syscall_registers();
    syscall_at_the_end();
    vsyscall_page();
#else
    vdso_entry();
#endif
    restarts();
    clocks();
    single_step();
    check_install();
    other_entries();
    say("end");
    return 0;
}
