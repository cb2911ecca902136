/*
 * What the programs of this folder share: a line of output for each thing that they look at, and a way to make an instruction that faults and to go
 * on behind it. A program says what it found and judges little: its output is compared with that of the same program on real Xen. So nothing that
 * differs from run to run may be printed: no times, no process numbers, no addresses that are not fixed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#ifdef __x86_64__
#define BITS 64
#define REGISTER_IP REG_RIP
#define REGISTER_FLAGS REG_EFL
#else
#define BITS 32
#define REGISTER_IP REG_EIP
#define REGISTER_FLAGS REG_EFL
#endif

#define PAGE 4096UL
#define FLAG_TRAP 0x100UL
#define FLAG_DIRECTION 0x400UL
#define FLAG_ALIGNMENT 0x40000UL

/* Instruments of a fault. */
static sigjmp_buf check_out;
static volatile int check_signal, check_code;
static volatile unsigned long check_address, check_ip, check_trap, check_error;

static void say(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vprintf(format, list);
    va_end(list);
    putchar('\n');
    fflush(stdout);
}

__attribute__((unused)) static void check_handler(int number, siginfo_t *info, void *context)
{
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    check_signal = number;
    check_code = info->si_code;
    check_address = (unsigned long)info->si_addr;
    check_ip = (unsigned long)registers[REGISTER_IP];
    check_trap = (unsigned long)registers[REG_TRAPNO];
    check_error = (unsigned long)registers[REG_ERR];
    siglongjmp(check_out, 1);
}

__attribute__((unused)) static void check_install(void)
{
    static const int signals[] = { SIGSEGV, SIGILL, SIGFPE, SIGBUS, SIGTRAP, SIGSYS };
    static char stack[65536];
    stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };
    struct sigaction action = { .sa_sigaction = check_handler, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
    sigaltstack(&alternate, NULL);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        sigaction(signals[i], &action, NULL);
}

/* Prints what the last fault was. The address is printed if it is that of the instruction or one that the program chose. */
__attribute__((unused)) static void check_report(const char *name, unsigned long at)
{
    if (check_signal == 0) {
        say("%s: no fault", name);
        return;
    }
    say("%s: signal %d code %d trap %lu error %lx address %s%lx ip %s", name, check_signal, check_code, check_trap, check_error,
        check_address == check_ip ? "ip+" : "", check_address == check_ip ? 0UL : check_address,
        check_ip == at ? "at" : check_ip - at < 16 ? "behind" : "elsewhere");
}

/* Makes a statement and reports the fault that it raised, if any. */
#define TRY(name, ...)                                       \
    do {                                                     \
        check_signal = 0;                                    \
        if (sigsetjmp(check_out, 1) == 0) {                  \
            __VA_ARGS__;                                     \
        }                                                    \
        check_report(name, check_signal ? check_ip : 0);     \
    } while (0)

/* Makes code that lies in the table of instructions below. */
#define INSTRUCTION(name, ...) TRY(name, asm volatile(__VA_ARGS__))

/* Runs part of a program in a child and says how that ended. */
__attribute__((unused)) static int in_child(void (*part)(void))
{
    int status;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        part();
        fflush(stdout);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        return -1;
    return status;
}

__attribute__((unused)) static void say_status(const char *name, int status)
{
    if (WIFSIGNALED(status))
        say("%s: killed by signal %d", name, WTERMSIG(status));
    else
        say("%s: exit %d", name, WEXITSTATUS(status));
}

/* A small random sequence that is the same everywhere. */
__attribute__((unused)) static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}
