/*
 * Costs that a process of dom0 sees, in ticks of the TSC, which under --icount is instructions of everything: the process, its kernel and the hypervisor. A line for each:
 * "BENCH name least median greatest".
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define REPEATS 41
#define WARM_UP 5

static unsigned long now(void)
{
    unsigned low, high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (unsigned long)high << 32 | low;
}

static int by_size(const void *a, const void *b)
{
    unsigned long x = *(const unsigned long *)a, y = *(const unsigned long *)b;
    return x < y ? -1 : x > y;
}

static void measure(const char *name, void (*operation)(void))
{
    unsigned long costs[REPEATS];
    for (int i = -WARM_UP; i < REPEATS; i++) {
        unsigned long start = now();
        operation();
        if (i >= 0)
            costs[i] = now() - start;
    }
    qsort(costs, REPEATS, sizeof(costs[0]), by_size);
    printf("BENCH %s %lu %lu %lu\n", name, costs[0], costs[REPEATS / 2], costs[REPEATS - 1]);
    fflush(stdout);
}

static char *self;
static int to_child[2], from_child[2];

static void system_call(void)
{
    syscall(SYS_getppid);
}

static void fork_exit(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    waitpid(child, NULL, 0);
}

static void fork_exec(void)
{
    pid_t child = fork();
    if (child == 0) {
        execl(self, self, "end", NULL);
        _exit(1);
    }
    waitpid(child, NULL, 0);
}

static void ping_pong(void)
{
    char byte = 1;
    if (write(to_child[1], &byte, 1) != 1 || read(from_child[0], &byte, 1) != 1)
        exit(1);
}

static void touch_pages(void)
{
    const size_t size = 64 * 4096;
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (size_t i = 0; i < size; i += 4096)
        memory[i] = 1;
    munmap(memory, size);
}

static void protect_page(void)
{
    static char page[8192] __attribute__((aligned(4096)));
    mprotect(page, 4096, PROT_READ);
    mprotect(page, 4096, PROT_READ | PROT_WRITE);
    page[0] = 1;
}

int main(int count, char **arguments)
{
    if (count == 3 && strcmp(arguments[1], "boot") == 0) {
        /* Instructions, or nanoseconds, since the machine was switched on. */
        unsigned long us = now() / 1000;
        printf("BENCH %s %lu %lu %lu\n", arguments[2], us, us, us);
        return 0;
    }
    if (count > 1)
        return 0;
    self = arguments[0];
    measure("dom0_system_call", system_call);
    measure("dom0_touch_64_pages", touch_pages);
    measure("dom0_protect_page", protect_page);
    measure("dom0_fork_exit", fork_exit);
    measure("dom0_fork_exec", fork_exec);
    if (pipe(to_child) != 0 || pipe(from_child) != 0)
        return 1;
    pid_t child = fork();
    if (child == 0) {
        char byte;
        close(to_child[1]);
        while (read(to_child[0], &byte, 1) == 1 && write(from_child[1], &byte, 1) == 1)
            ;
        _exit(0);
    }
    measure("dom0_pipe_ping_pong", ping_pong);
    close(to_child[1]);
    waitpid(child, NULL, 0);
    puts("DONE passed 6 failed 0");
    return 0;
}
