/*
 * x87, SSE and AVX registers: each process and thread keeps its own through switches, signals, fork and exec of others; what a signal handler finds and
 * leaves; the control words; what the CPU offers of XSAVE.
 */
#include "check.h"
#include <pthread.h>
#include <sched.h>
#include <sys/time.h>
#include <cpuid.h>

static int has_avx;
static volatile int handled;

/* Fills all vector registers with a pattern of a seed, and compares. The loads and the check are one piece, so that the compiler does not get between. */
struct __attribute__((aligned(64))) patterns {
    unsigned char bytes[16][32];
};

#ifdef __x86_64__
#define REGISTERS 16
#else
#define REGISTERS 8
#endif

static void make(struct patterns *p, uint32_t seed)
{
    for (int i = 0; i < 16; i++)
        for (int j = 0; j < 32; j++)
            p->bytes[i][j] = (unsigned char)next_random(&seed);
}

#define ALL8(op) op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7)
#define ALL16(op) ALL8(op) op(8) op(9) op(10) op(11) op(12) op(13) op(14) op(15)
#define LOAD_X(n) "movups " #n "*32(%[p]), %%xmm" #n "\n\t"
#define STORE_X(n) "movups %%xmm" #n ", " #n "*32(%[q])\n\t"
#define LOAD_Y(n) "vmovups " #n "*32(%[p]), %%ymm" #n "\n\t"
#define STORE_Y(n) "vmovups %%ymm" #n ", " #n "*32(%[q])\n\t"
#ifdef __x86_64__
#define ALL ALL16
#define CALL "mov $24, %%eax\n\tsyscall\n\t"
#define CALL_CLOBBERS "rax", "rcx", "r11"
#define LOOP "mov %[n], %%ebx\n1:\tdec %%ebx\n\tjnz 1b\n\t"
#define LOOP_CLOBBER "rbx"
#else
#define ALL ALL8
#define CALL "mov $158, %%eax\n\tint $0x80\n\t"
#define CALL_CLOBBERS "eax"
#define LOOP "mov %[n], %%edx\n1:\tdec %%edx\n\tjnz 1b\n\t"
#define LOOP_CLOBBER "edx"
#endif

/* Holds a pattern over a yield and a busy loop; returns how many bytes differ afterwards. */
static int hold(uint32_t seed, int turns)
{
    struct patterns before, after;
    make(&before, seed);
    memset(&after, 0, sizeof(after));
    double x87 = seed * 1.25, got;
    if (has_avx)
        asm volatile("fldl %[x]\n\t" ALL(LOAD_Y) CALL LOOP ALL(STORE_Y) "fstpl %[y]\n\tvzeroupper"
            : [y] "=m"(got) : [p] "S"(&before), [q] "D"(&after), [x] "m"(x87), [n] "r"(turns) : CALL_CLOBBERS, LOOP_CLOBBER, "memory");
    else
        asm volatile("fldl %[x]\n\t" ALL(LOAD_X) CALL LOOP ALL(STORE_X) "fstpl %[y]\n\t"
            : [y] "=m"(got) : [p] "S"(&before), [q] "D"(&after), [x] "m"(x87), [n] "r"(turns) : CALL_CLOBBERS, LOOP_CLOBBER, "memory");
    int differ = got != x87;
    for (int i = 0; i < REGISTERS; i++)
        differ += memcmp(before.bytes[i], after.bytes[i], has_avx ? 32 : 16) != 0;
    return differ;
}

#ifdef __x86_64__
static int has_avx512;

#define ALL32(op) ALL16(op) op(16) op(17) op(18) op(19) op(20) op(21) op(22) op(23) op(24) op(25) op(26) op(27) op(28) op(29) op(30) op(31)
#define LOAD_Z(n) "vmovdqu64 " #n "*64(%[p]), %%zmm" #n "\n\t"
#define STORE_Z(n) "vmovdqu64 %%zmm" #n ", " #n "*64(%[q])\n\t"
#define LOAD_K(n) "kmovw " #n "*2+2048(%[p]), %%k" #n "\n\t"
#define STORE_K(n) "kmovw %%k" #n ", " #n "*2+2048(%[q])\n\t"

/* The same for all of AVX-512: 32 registers of 64 bytes, and the masks. */
static int hold_all(uint32_t seed, int turns)
{
    static __thread unsigned char before[2064], after[2064];
    for (size_t i = 0; i < sizeof(before); i++)
        before[i] = (unsigned char)next_random(&seed);
    memset(after, 0, sizeof(after));
    asm volatile(ALL32(LOAD_Z) ALL8(LOAD_K) CALL LOOP ALL32(STORE_Z) ALL8(STORE_K) "vzeroupper"
        :: [p] "S"(before), [q] "D"(after), [n] "r"(turns) : CALL_CLOBBERS, LOOP_CLOBBER, "memory");
    return memcmp(before, after, sizeof(before)) != 0;
}

static void avx512(void)
{
    if (!has_avx512)
        return;
    int wrong = 0, status;
    for (int i = 0; i < 4; i++) {
        if (fork() != 0)
            continue;
        for (int turn = 0; turn < 40; turn++)
            wrong += hold_all((uint32_t)(i * 1000 + turn), 3000);
        _exit(wrong != 0);
    }
    for (int turn = 0; turn < 40; turn++)
        wrong += hold_all((uint32_t)(9000 + turn), 3000);
    for (int i = 0; i < 4; i++) {
        wait(&status);
        wrong += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    }
    say("AVX-512 in five processes, wrong %d", wrong);
}
#endif

static void disturb(int number)
{
    (void)number;
    handled++;
    if (hold(0xdead0000u + (unsigned)handled, 10) != 0)
        handled = -1000000;
}

static int worker(uint32_t seed, int rounds)
{
    int wrong = 0;
    for (int i = 0; i < rounds; i++)
        wrong += hold(seed * 977 + (uint32_t)i, 3000);
    return wrong;
}

static void processes(void)
{
    for (int i = 0; i < 6; i++) {
        if (fork() == 0)
            _exit(worker((uint32_t)i + 1, 60) != 0);
    }
    int wrong = worker(99, 60), status;
    for (int i = 0; i < 6; i++) {
        wait(&status);
        wrong += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    }
    say("six processes and their parent, wrong %d", wrong);
}

static void *in_thread(void *seed)
{
    return (void *)(long)worker((uint32_t)(long)seed, 60);
}

static void threads(void)
{
    pthread_t all[4];
    long wrong = 0;
    for (long i = 0; i < 4; i++)
        pthread_create(&all[i], NULL, in_thread, (void *)(i + 100));
    for (int i = 0; i < 4; i++) {
        void *result;
        pthread_join(all[i], &result);
        wrong += (long)result;
    }
    say("four threads, wrong %ld", wrong);
}

static void signals(void)
{
    struct sigaction action = { .sa_handler = disturb, .sa_flags = SA_RESTART };
    struct itimerval often = { { 0, 1500 }, { 0, 1500 } }, off = { { 0, 0 }, { 0, 0 } };
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    int wrong = 0;
    for (int i = 0; i < 1000 && handled < 50; i++)
        wrong += worker(7, 20);
    setitimer(ITIMER_REAL, &off, NULL);
    say("under signals, wrong %d, signals came %d and were right %d", wrong, handled != 0, handled > 0);
}

/* The child starts with its parent's registers. */
static void inheritance(void)
{
    struct patterns before, after;
    make(&before, 4711);
    pid_t child;
    int number = SYS_fork;
    fflush(stdout);
#ifdef __x86_64__
    asm volatile(ALL(LOAD_X) "syscall\n\t" ALL(STORE_X) : "=a"(child) : "0"(number), [p] "S"(&before), [q] "D"(&after) : "rcx", "r11", "memory");
#else
    asm volatile(ALL(LOAD_X) "int $0x80\n\t" ALL(STORE_X) : "=a"(child) : "0"(number), [p] "S"(&before), [q] "D"(&after) : "memory");
#endif
    int wrong = 0;
    for (int i = 0; i < REGISTERS; i++)
        wrong += memcmp(before.bytes[i], after.bytes[i], 16) != 0;
    if (child == 0)
        _exit(wrong);
    int status;
    waitpid(child, &status, 0);
    say("fork keeps them: parent wrong %d, child wrong %d", wrong, WEXITSTATUS(status));
}

static void control_words(void)
{
    unsigned short control = 0;
    unsigned status = 0;
    asm volatile("fnstcw %0" : "=m"(control));
    asm volatile("stmxcsr %0" : "=m"(status));
    say("control words %x %x", control, status);
    unsigned short rounded = (unsigned short)(control | 0x0c00);
    unsigned flushing = status | 0x8000;
    asm volatile("fldcw %0" ::"m"(rounded));
    asm volatile("ldmxcsr %0" ::"m"(flushing));
    for (int i = 0; i < 100; i++)
        sched_yield();
    asm volatile("fnstcw %0" : "=m"(rounded));
    asm volatile("stmxcsr %0" : "=m"(flushing));
    say("changed and kept %x %x", rounded, flushing);
    asm volatile("fldcw %0" ::"m"(control));
    asm volatile("ldmxcsr %0" ::"m"(status));
    TRY("mxcsr reserved bits", asm volatile("ldmxcsr %0" ::"m"((unsigned){ 0xffff0000 })));
}

static void offered(void)
{
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d))
        return;
    say("osxsave %d avx %d", c >> 27 & 1, c >> 28 & 1);
    if (c >> 27 & 1) {
        unsigned low, high;
        asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
        say("xcr0 %x %x", low, high);
        TRY("xgetbv 2", asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(2)));
        has_avx = (c >> 28 & 1) && (low & 6) == 6;
#ifdef __x86_64__
        has_avx512 = (low & 0xe6) == 0xe6;
#endif
        static unsigned char area[8192] __attribute__((aligned(64)));
        memset(area, 0, sizeof(area));
        asm volatile("xsave (%0)" ::"r"(area), "a"(-1), "d"(-1) : "memory");
        say("xsave header %llx %llx", *(unsigned long long *)(area + 512), *(unsigned long long *)(area + 520));
        area[512] |= 0x80;
        area[514] = 0xff;
        TRY("xrstor of components that are off", asm volatile("xrstor (%0)" ::"r"(area), "a"(-1), "d"(-1) : "memory"));
        TRY("xsave not aligned", asm volatile("xsave 1(%0)" ::"r"(area), "a"(-1), "d"(-1) : "memory"));
    }
}

int main(void)
{
    check_install();
    offered();
    control_words();
    processes();
    threads();
#ifdef __x86_64__
    avx512();
#endif
    signals();
    inheritance();
    say("end");
    return 0;
}
