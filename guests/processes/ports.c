/*
 * Port instructions of a process: refused, allowed one by one with ioperm, allowed all with iopl; over fork, exec and threads; string forms; and that
 * one process's permission is not another's. The ports are those of the real-time clock and of the delay port 0x80, which any PC has.
 */
#include "check.h"
#include <sched.h>
#include <sys/io.h>

static void try_in(const char *name, unsigned short port)
{
    unsigned char value;
    TRY(name, asm volatile("inb %1, %0" : "=a"(value) : "d"(port)));
}

static void try_out(const char *name, unsigned short port)
{
    TRY(name, asm volatile("outb %b0, %1" ::"a"(0), "d"(port)));
}

/* The CMOS clock's day of the month is a BCD number from 1 to 31. */
static int day_is_plausible(void)
{
    unsigned char day;
    asm volatile("outb %b0, $0x70" ::"a"(7));
    asm volatile("inb $0x71, %0" : "=a"(day));
    return day >= 1 && day <= 0x31 && (day & 15) < 10;
}

static void in_fork(void)
{
    try_in("in the child, port 0x80", 0x80);
    try_in("in the child, port 0x81", 0x81);
    say("in the child, ioperm off: %d", ioperm(0x80, 1, 0));
    try_in("in the child, port 0x80 then", 0x80);
}

static void stranger(void)
{
    for (int i = 0; i < 50; i++)
        sched_yield();
    try_in("in another process, port 0x80", 0x80);
}

int main(int count, char **arguments)
{
    check_install();
    if (count > 1) {
        try_in("after exec, port 0x80", 0x80);
        return 0;
    }
    try_in("port 0x80 without permission", 0x80);
    try_out("port 0x80 write without permission", 0x80);
    try_in("port 0x60 without permission", 0x60);

    int ends[2], status;
    if (pipe(ends) != 0)
        return 1;
    fflush(stdout);
    pid_t other = fork();
    if (other == 0) {
        char byte;
        if (read(ends[0], &byte, 1) != 1)
            _exit(1);
        stranger();
        _exit(0);
    }

    say("ioperm 0x80: %d", ioperm(0x80, 1, 1));
    try_in("port 0x80", 0x80);
    try_out("port 0x80 write", 0x80);
    try_in("port 0x81", 0x81);
    TRY("port 0x80, two bytes", asm volatile("inw %w1, %w0" : "=a"((int){ 0 }) : "d"(0x80)));
    say("ioperm 0x81: %d", ioperm(0x81, 1, 1));
    TRY("port 0x80, two bytes then", asm volatile("inw %w1, %w0" : "=a"((int){ 0 }) : "d"(0x80)));
    TRY("port 0x80, four bytes", asm volatile("inl %w1, %0" : "=a"((int){ 0 }) : "d"(0x80)));
    say("ioperm 0xffff: %d", ioperm(0xffff, 1, 1));
    TRY("port 0xffff", asm volatile("inb %w1, %b0" : "=a"((int){ 0 }) : "d"(0xffff)));
    TRY("port 0xffff, two bytes", asm volatile("inw %w1, %w0" : "=a"((int){ 0 }) : "d"(0xffff)));
    errno = 0;
    say("ioperm beyond the end: %d errno %d", ioperm(0xffff, 2, 1), errno);
    say("ioperm 0x70 to 0x71: %d", ioperm(0x70, 2, 1));
    TRY("clock", say("day is plausible %d", day_is_plausible()));

    if (write(ends[1], "x", 1) != 1)
        return 1;
    waitpid(other, &status, 0);
    say_status("another process", status);
    say_status("child", in_child(in_fork));
    try_in("in the parent still, port 0x80", 0x80);

    static unsigned char bytes[4] = { 1, 2, 3, 4 };
    TRY("outsb", asm volatile("outsb" ::"d"(0x80), "S"(bytes) : "memory"));
    TRY("rep outsb", asm volatile("rep outsb" ::"d"(0x80), "S"(bytes), "c"(4) : "memory"));
    TRY("insb", asm volatile("insb" ::"d"(0x80), "D"(bytes) : "memory"));
    TRY("insb to a bad address", asm volatile("insb" ::"d"(0x80), "D"(16) : "memory"));
    TRY("outsb from a bad address", asm volatile("outsb" ::"d"(0x80), "S"(16) : "memory"));

    say("iopl 3: %d", iopl(3));
    try_in("port 0x60 with iopl", 0x60);
    try_in("port 0x81 with iopl", 0x81);
#ifdef __x86_64__
    /* In 32-bit processes Linux 6.1 as a PV guest reads its GDT by SGDT's address here, and dies of it. */
    TRY("cli with iopl", asm volatile("cli"));
    TRY("sti with iopl", asm volatile("sti"));
#endif
    unsigned long flags;
#ifdef __x86_64__
    asm volatile("pushfq\n\tpop %0" : "=r"(flags));
#else
    asm volatile("pushfl\n\tpop %0" : "=r"(flags));
#endif
    say("flags with iopl 3: %lx", flags & 0x3200);
    if (fork() == 0) {
        try_in("in a child with iopl, port 0x60", 0x60);
        fflush(stdout);
        _exit(0);
    }
    wait(&status);
    say("iopl 0: %d", iopl(0));
    try_in("port 0x60 without iopl", 0x60);
    try_in("port 0x80 still", 0x80);
    errno = 0;
    say("iopl 4: %d errno %d", iopl(4), errno);
    fflush(stdout);
    if (fork() == 0) {
        execl("/proc/self/exe", arguments[0], "again", NULL);
        _exit(9);
    }
    wait(&status);
    say_status("exec", status);
    say("end");
    return 0;
}
