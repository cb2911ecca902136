/*
 * Long sums in x87, SSE, AVX and AVX-512 registers, first alone and then in many processes at once. Each step of a sum depends on every bit of the one
 * before (a logistic map near chaos), so one register lost or mixed up at one switch changes the end. "checksums PROCESSES STEPS" says how many and how long.
 */
#include "check.h"
#include <cpuid.h>

#define MOST 64

static long steps = 200000;
static int processes = 6;

/* x = r x (1 - x) stays between 0 and 1 and never settles. */
#define STEP(x) x = (x) * rate * (one - (x));
#define STEPS STEP(a) STEP(b) STEP(c) STEP(d)

#define SUM(name, type, lanes, attribute, start)                                                          \
    attribute static uint64_t name(unsigned seed)                                                        \
    {                                                                                                     \
        type a = start(seed, 1), b = start(seed, 2), c = start(seed, 3), d = start(seed, 4);              \
        const type one = start(0, 0), rate = one * 3.9999;                                                \
        for (long i = 0; i < steps; i++) {                                                                \
            STEPS                                                                                         \
        }                                                                                                 \
        type all[4] = { a, b, c, d };                                                                     \
        return fold(all, sizeof(all), sizeof(type) / (lanes));                                            \
    }

static uint64_t fold(const void *from, size_t size, size_t element)
{
    uint64_t sum = 14695981039346656037u;
    /* Of an x87 value 10 bytes count, whatever room it has. */
    size_t used = element == 12 || element == 16 ? 10 : element;
    for (size_t i = 0; i < size; i++)
        if (i % element < used)
            sum = (sum ^ ((const unsigned char *)from)[i]) * 1099511628211u;
    return sum;
}

static double first(unsigned seed, int place)
{
    return seed == 0 ? 1.0 : (1 + (seed * 2654435761u + (unsigned)place * 40503u) % 65521) / 65537.0;
}

typedef double pair __attribute__((vector_size(16)));
typedef double four __attribute__((vector_size(32)));
typedef double eight __attribute__((vector_size(64)));

#define START_1(seed, place) ((long double)first(seed, place))
#define START_2(seed, place) ((pair){ first(seed, place), first(seed, 10 + place) })
#define START_4(seed, place) ((four){ first(seed, place), first(seed, 10 + place), first(seed, 20 + place), first(seed, 30 + place) })
#define START_8(seed, place)                                                                                                         \
    ((eight){ first(seed, place), first(seed, 10 + place), first(seed, 20 + place), first(seed, 30 + place), first(seed, 40 + place), \
        first(seed, 50 + place), first(seed, 60 + place), first(seed, 70 + place) })

SUM(sum_x87, long double, 1, , START_1)
SUM(sum_sse, pair, 2, __attribute__((target("sse2"))), START_2)
SUM(sum_avx, four, 4, __attribute__((target("avx"))), START_4)
#ifdef __x86_64__
SUM(sum_avx512, eight, 8, __attribute__((target("avx512f"))), START_8)
#endif

static const struct {
    const char *name;
    uint64_t (*sum)(unsigned seed);
    unsigned long long components;
} kinds[] = {
    { "x87", sum_x87, 0 },
    { "sse", sum_sse, 0 },
    { "avx", sum_avx, 6 },
#ifdef __x86_64__
    { "avx-512", sum_avx512, 0xe6 },
#endif
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static unsigned long long switched_on(void)
{
    unsigned a, b, c, d, low, high;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> 27 & 1))
        return 0;
    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (unsigned long long)high << 32 | low;
}

int main(int count, char **words)
{
    static uint64_t alone[MOST][KINDS];
    unsigned long long on = switched_on();
    if (count > 1)
        processes = atoi(words[1]);
    if (count > 2)
        steps = atol(words[2]);
    if (processes < 1 || processes > MOST || steps < 1) {
        say("checksums [PROCESSES, 1 to %d] [STEPS]", MOST);
        return 2;
    }
    for (size_t kind = 0; kind < KINDS; kind++) {
        if ((kinds[kind].components & ~on) != 0)
            continue;
        for (int i = 0; i < processes; i++)
            alone[i][kind] = kinds[kind].sum((unsigned)i + 1);
        say("%s alone: %016llx", kinds[kind].name, (unsigned long long)alone[0][kind]);
    }

    fflush(stdout);
    for (int i = 0; i < processes; i++) {
        if (fork() != 0)
            continue;
        int wrong = 0;
        /* Neighbours begin with different kinds of register. */
        for (size_t turn = 0; turn < KINDS; turn++) {
            size_t kind = (turn + (size_t)i) % KINDS;
            if ((kinds[kind].components & ~on) == 0)
                wrong += kinds[kind].sum((unsigned)i + 1) != alone[i][kind];
        }
        _exit(wrong);
    }
    int wrong = 0, status;
    for (int i = 0; i < processes; i++) {
        if (wait(&status) < 0 || !WIFEXITED(status))
            wrong += 100;
        else
            wrong += WEXITSTATUS(status);
    }
    say("%d processes at once, wrong %d", processes, wrong);
    say("end");
    return wrong != 0;
}
