/*
 * A debugger's means: single steps, breakpoints in code, and the debug registers, in two processes at once with other addresses; and what the processes and
 * their children see of it.
 */
#include "check.h"
#include <sys/ptrace.h>
#include <sys/user.h>

#ifdef __x86_64__
#define IP(r) ((r).rip)
#define RESULT(r) ((r).rax)
#define CALL_NUMBER(r) ((r).orig_rax)
#else
#define IP(r) ((r).eip)
#define RESULT(r) ((r).eax)
#define CALL_NUMBER(r) ((r).orig_eax)
#endif
#define DEBUG(n) offsetof(struct user, u_debugreg[n])

static volatile int watched[8];
static volatile int counter;

static __attribute__((noinline)) void touch(int i)
{
    asm volatile("" ::: "memory");
    counter += i;
}

static void traced_part(void)
{
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    raise(SIGSTOP);
    for (int i = 0; i < 6; i++) {
        touch(i);
        watched[i] = i + 1;
        watched[7] += watched[i];
        getppid();
    }
}

static pid_t start(void)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        traced_part();
        _exit(7);
    }
    int status;
    waitpid(child, &status, 0);
    return child;
}

static void stepping(void)
{
    pid_t child = start();
    int status, steps = 0, others = 0;
    while (steps < 100000) {
        ptrace(PTRACE_SINGLESTEP, child, NULL, NULL);
        waitpid(child, &status, 0);
        if (WIFEXITED(status))
            break;
        if (WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP)
            steps++;
        else
            others++;
    }
    say("single steps: more than fifty %d, others %d, exit %d", steps > 50, others, WEXITSTATUS(status));
    say("single steps: %d", steps);
}

static void calls(void)
{
    pid_t child = start();
    int status, stops = 0, ppid = 0;
    for (;;) {
        ptrace(PTRACE_SYSCALL, child, NULL, NULL);
        waitpid(child, &status, 0);
        if (WIFEXITED(status))
            break;
        struct user_regs_struct registers;
        ptrace(PTRACE_GETREGS, child, NULL, &registers);
        stops++;
        ppid += (int)CALL_NUMBER(registers) == SYS_getppid && (pid_t)RESULT(registers) == getpid();
    }
    say("system calls: stops %d, of getppid with its result %d", stops, ppid);
}

static void breakpoints(void)
{
    pid_t child = start();
    long word = ptrace(PTRACE_PEEKTEXT, child, (void *)touch, NULL);
    int status, hits = 0;
    ptrace(PTRACE_POKETEXT, child, (void *)touch, (void *)((word & ~0xffL) | 0xcc));
    for (;;) {
        ptrace(PTRACE_CONT, child, NULL, NULL);
        waitpid(child, &status, 0);
        if (!WIFSTOPPED(status))
            break;
        struct user_regs_struct registers;
        ptrace(PTRACE_GETREGS, child, NULL, &registers);
        if ((unsigned long)IP(registers) != (unsigned long)touch + 1)
            break;
        hits++;
        IP(registers) = (unsigned long)touch;
        ptrace(PTRACE_SETREGS, child, NULL, &registers);
        ptrace(PTRACE_POKETEXT, child, (void *)touch, (void *)word);
        ptrace(PTRACE_SINGLESTEP, child, NULL, NULL);
        waitpid(child, &status, 0);
        ptrace(PTRACE_POKETEXT, child, (void *)touch, (void *)((word & ~0xffL) | 0xcc));
    }
    say("breakpoints in code: hits %d, exit %d", hits, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static long set_debug(pid_t child, int number, unsigned long value)
{
    errno = 0;
    long result = ptrace(PTRACE_POKEUSER, child, (void *)DEBUG(number), (void *)value);
    return result == 0 ? 0 : errno;
}

/* Continues until a stop; says what DR6 shows. */
static int next_hit(pid_t child, unsigned long *dr6)
{
    int status;
    ptrace(PTRACE_CONT, child, NULL, NULL);
    waitpid(child, &status, 0);
    *dr6 = WIFSTOPPED(status) ? (unsigned long)ptrace(PTRACE_PEEKUSER, child, (void *)DEBUG(6), NULL) : 0;
    ptrace(PTRACE_POKEUSER, child, (void *)DEBUG(6), NULL);
    return status;
}

static void watchpoints(void)
{
    pid_t a = start(), b = start();
    say("a: dr0 %ld dr7 %ld", set_debug(a, 0, (unsigned long)&watched[2]), set_debug(a, 7, 0x000d0001)); /* writes of 4 bytes */
    say("b: dr0 %ld dr1 %ld dr7 %ld", set_debug(b, 0, (unsigned long)&watched[4]), set_debug(b, 1, (unsigned long)touch), set_debug(b, 7, 0x000f0005)); /* any access; execution */
    int status = 0, turns = 0;
    unsigned long dr6, hits_a = 0, hits_b0 = 0, hits_b1 = 0;
    int a_runs = 1, b_runs = 1;
    while ((a_runs || b_runs) && turns++ < 100) {
        if (a_runs) {
            status = next_hit(a, &dr6);
            a_runs = WIFSTOPPED(status);
            hits_a += dr6 & 1;
            if (!a_runs)
                say_status("a", status);
        }
        if (b_runs) {
            status = next_hit(b, &dr6);
            b_runs = WIFSTOPPED(status);
            hits_b0 += dr6 & 1;
            hits_b1 += dr6 >> 1 & 1;
            if (!b_runs)
                say_status("b", status);
        }
    }
    say("watchpoints: a %lu, b %lu data and %lu code", hits_a, hits_b0, hits_b1);
}

static void odd_registers(void)
{
    pid_t child = start();
    say("dr0 kernel address %ld", set_debug(child, 0, ~0UL - 4095));
    say("dr7 enable of it %ld", set_debug(child, 7, 1));
    say("dr7 port breakpoint %ld", set_debug(child, 7, 0x00020001));
    say("dr7 general detect %ld", set_debug(child, 7, 0x2000));
    say("dr7 8 bytes %ld", set_debug(child, 0, (unsigned long)&watched[0]) + set_debug(child, 7, 0x00090001));
    say("dr4 %ld dr5 %ld", set_debug(child, 4, 0), set_debug(child, 5, 0));
    kill(child, SIGKILL);
    int status;
    waitpid(child, &status, 0);
    say_status("killed", status);
}

/* A watched buffer that the kernel itself writes to. */
static void kernel_writes(void)
{
    static char buffer[16] __attribute__((aligned(16)));
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int ends[2];
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        if (pipe(ends) != 0 || write(ends[1], "0123456789abcde", 16) != 16 || read(ends[0], buffer, 16) != 16)
            _exit(1);
        _exit(buffer[3] == '3' ? 5 : 6);
    }
    int status;
    waitpid(child, &status, 0);
    set_debug(child, 0, (unsigned long)buffer);
    set_debug(child, 7, 0x000d0001);
    unsigned long dr6;
    int hits = 0;
    do {
        status = next_hit(child, &dr6);
        hits += WIFSTOPPED(status);
    } while (WIFSTOPPED(status) && hits < 10);
    say("written by the kernel: hits %d", hits);
    say_status("written by the kernel", status);
}

int main(void)
{
    stepping();
    calls();
    breakpoints();
    watchpoints();
    odd_registers();
    kernel_writes();
    say("end");
    return 0;
}
