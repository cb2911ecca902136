/*
 * Memory of processes: what mapping, protecting, moving, copying on write and giving back do to contents, under many random operations against a model; the
 * ends of the address space; large mappings; faults handled in user mode.
 */
#include "check.h"
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define PAGES 64

/* A model of a region: for each page its protection and the value that fills it. */
static unsigned char *region;
static int protection[PAGES];
static unsigned char content[PAGES];

static int readable(int page)
{
    check_signal = 0;
    if (sigsetjmp(check_out, 1) == 0)
        return *(volatile unsigned char *)(region + (size_t)page * PAGE + 17) == content[page] ? 1 : 2;
    return 0;
}

static int writable(int page, unsigned char value)
{
    check_signal = 0;
    if (sigsetjmp(check_out, 1) == 0) {
        *(volatile unsigned char *)(region + (size_t)page * PAGE + 17) = value;
        return 1;
    }
    return 0;
}

static int random_operations(uint32_t seed, int turns)
{
    int wrong = 0;
    for (int i = 0; i < turns; i++) {
        int page = (int)(next_random(&seed) % PAGES), length = (int)(next_random(&seed) % 8) + 1;
        if (page + length > PAGES)
            length = PAGES - page;
        unsigned char *at = region + (size_t)page * PAGE;
        size_t bytes = (size_t)length * PAGE;
        static const int kinds[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE };
        switch (next_random(&seed) % 7) {
        case 0: {
            int wanted = kinds[next_random(&seed) % 3];
            mprotect(at, bytes, wanted);
            for (int p = page; p < page + length; p++)
                protection[p] = wanted;
            break;
        }
        case 1:
            mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
            for (int p = page; p < page + length; p++) {
                protection[p] = PROT_READ | PROT_WRITE;
                content[p] = 0;
            }
            break;
        case 2:
            madvise(at, bytes, MADV_DONTNEED);
            memset(content + page, 0, (size_t)length);
            break;
        case 3: {
            int status = 0;
            pid_t child = fork();
            if (child == 0) {
                int bad = 0;
                for (int p = 0; p < PAGES; p++) {
                    bad += (protection[p] != PROT_NONE) != readable(p);
                    if ((protection[p] & PROT_WRITE) != 0)
                        bad += !writable(p, 0xcc);
                }
                _exit(bad != 0);
            }
            waitpid(child, &status, 0);
            wrong += status != 0;
            break;
        }
        case 4: {
            /* To another place and back: the page tables move, the contents stay. */
            void *away = mremap(at, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, region + 2 * PAGES * PAGE);
            if (away != MAP_FAILED)
                wrong += mremap(away, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, at) != at;
            break;
        }
        default:
            for (int p = page; p < page + length; p++) {
                unsigned char value = (unsigned char)next_random(&seed);
                int may = (protection[p] & PROT_WRITE) != 0;
                wrong += writable(p, value) != may;
                if (may)
                    content[p] = value;
            }
        }
        int probe = (int)(next_random(&seed) % PAGES);
        wrong += (protection[probe] != PROT_NONE) != readable(probe);
    }
    return wrong;
}

static void storms(void)
{
    region = mmap(NULL, 4 * PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < PAGES; i++)
        protection[i] = PROT_READ | PROT_WRITE;
    for (uint32_t seed = 1; seed <= 4; seed++)
        say("random operations %u: wrong %d", seed, random_operations(seed * 7919, 60));
    munmap(region, 4 * PAGES * PAGE);
}

/* Many processes share a page until one of them writes. */
static void copy_on_write(void)
{
    const size_t size = 512 * PAGE;
    unsigned char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned char *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (size_t i = 0; i < size; i += PAGE)
        memory[i] = (unsigned char)(i / PAGE);
    int wrong = 0;
    for (int round = 0; round < 4; round++) {
        pid_t children[4];
        for (int c = 0; c < 4; c++) {
            children[c] = fork();
            if (children[c] != 0)
                continue;
            int bad = 0;
            for (size_t i = 0; i < size; i += PAGE) {
                bad += memory[i] != (unsigned char)(i / PAGE);
                if (i / PAGE % 4 == (size_t)c)
                    memory[i] = 0xaa;
            }
            for (size_t i = 0; i < size; i += PAGE)
                bad += memory[i] != (i / PAGE % 4 == (size_t)c ? 0xaa : (unsigned char)(i / PAGE));
            __atomic_fetch_add(&shared[0], 1, __ATOMIC_SEQ_CST);
            _exit(bad != 0);
        }
        for (int c = 0; c < 4; c++) {
            int status;
            waitpid(children[c], &status, 0);
            wrong += status != 0;
        }
    }
    for (size_t i = 0; i < size; i += PAGE)
        wrong += memory[i] != (unsigned char)(i / PAGE);
    say("copy on write: wrong %d, shared counter %d", wrong, shared[0]);
    munmap(memory, size);
    munmap(shared, PAGE);
}

static void ends_of_the_space(void)
{
#ifdef __x86_64__
    static const unsigned long places[] = { 0, 0x1000, 0x10000, 0x7fffffffd000, 0x7fffffffe000, 0x7ffffffff000, 0x800000000000, 0xffff800000000000, 0xffffffffff600000, 0xfffffffffffff000 };
#else
    static const unsigned long places[] = { 0, 0x1000, 0x10000, 0xbffff000, 0xc0000000, 0xffffc000, 0xffffd000, 0xffffe000, 0xfffff000 };
#endif
    for (volatile size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        errno = 0;
        void *volatile got = mmap((void *)places[i], PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
        say("map at %lx: %s errno %d", places[i], got == (void *)places[i] ? "there" : got == MAP_FAILED ? "failed" : "elsewhere", got == MAP_FAILED ? errno : 0);
        if (got == MAP_FAILED)
            continue;
        TRY("write it", *(volatile int *)((char *)got + PAGE - 4) = 1);
        munmap(got, PAGE);
    }
}

static void large(void)
{
    size_t size = 48UL << 20;
    unsigned char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned long sum = 0;
    for (size_t i = 0; i < size; i += PAGE)
        *(unsigned *)(memory + i) = (unsigned)(i / PAGE);
    for (size_t i = 0; i < size; i += PAGE)
        sum += *(unsigned *)(memory + i);
    say("large: sum %lx", sum);
    munmap(memory, size);
#ifdef __x86_64__
    size = 40UL << 30;
    memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        say("sparse: not to be had");
        return;
    }
    sum = 0;
    for (size_t i = 0; i < size; i += (256UL << 20) + PAGE)
        memory[i] = 3;
    for (size_t i = 0; i < size; i += (256UL << 20) + PAGE)
        sum += memory[i];
    say("sparse: sum %lu", sum);
    munmap(memory, size);
#endif
}

/* Faults that another thread answers with a page. */
static int uffd;

static void *answer(void *argument)
{
    (void)argument;
    static unsigned char page[PAGE] __attribute__((aligned(4096)));
    struct pollfd ready = { .fd = uffd, .events = POLLIN };
    struct uffd_msg message;
    for (int i = 0; i < 8 && poll(&ready, 1, 5000) == 1 && read(uffd, &message, sizeof(message)) == sizeof(message); i++) {
        unsigned long at = (unsigned long)message.arg.pagefault.address & ~(PAGE - 1);
        memset(page, 0x40 + i, sizeof(page));
        struct uffdio_copy copy = { .dst = at, .src = (unsigned long)page, .len = PAGE };
        if (ioctl(uffd, UFFDIO_COPY, &copy) != 0)
            return (void *)1;
    }
    return NULL;
}

static void user_faults(void)
{
    uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
    if (uffd < 0) {
        say("userfaultfd: errno %d", errno);
        return;
    }
    struct uffdio_api api = { .api = UFFD_API };
    ioctl(uffd, UFFDIO_API, &api);
    unsigned char *memory = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct uffdio_register range = { .range = { (unsigned long)memory, 8 * PAGE }, .mode = UFFDIO_REGISTER_MODE_MISSING };
    say("userfaultfd registered %d", ioctl(uffd, UFFDIO_REGISTER, &range));
    pthread_t thread;
    pthread_create(&thread, NULL, answer, NULL);
    int sum = 0;
    for (int i = 0; i < 8; i++)
        sum += memory[i * PAGE + 5];
    void *result;
    pthread_join(thread, &result);
    say("userfaultfd: sum %x, thread %ld", sum, (long)result);
    close(uffd);
}

/* Code that is written, run, changed and run again; and made executable only then. */
static void written_code(void)
{
    unsigned char *code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    volatile int wrong = 0;
    for (int i = 0; i < 200; i++) {
        code[0] = 0xb8;
        memcpy(code + 1, &i, 4);
        code[5] = 0xc3;
        __builtin___clear_cache((char *)code, (char *)code + 6);
        wrong += ((int (*)(void))code)() != i;
    }
    mprotect(code, PAGE, PROT_READ | PROT_WRITE);
    TRY("code not executable", ((int (*)(void))code)());
    mprotect(code, PAGE, PROT_READ | PROT_EXEC);
    TRY("code executable again", wrong += ((int (*)(void))code)() != 199);
    say("written code: wrong %d", wrong);
}

/* The kernel reads and writes user memory at the edges of mappings. */
static void kernel_copies(void)
{
    unsigned char *memory = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int ends[2];
    if (pipe2(ends, O_NONBLOCK) != 0)
        return;
    memset(memory, 5, 3 * PAGE);
    mprotect(memory + PAGE, PAGE, PROT_NONE);
    say("write from the edge: %zd", write(ends[1], memory + PAGE - 100, 200));
    errno = 0;
    say("write from none: %zd errno %d", write(ends[1], memory + PAGE, 10), errno);
    mprotect(memory + PAGE, PAGE, PROT_READ);
    errno = 0;
    say("read into read-only: %zd errno %d", read(ends[0], memory + PAGE, 10), errno);
    say("read into the page before: %zd", read(ends[0], memory + 10, 50));
#ifdef __x86_64__
    static const unsigned long places[] = { 0xffff800000000000, 0xffff830000000000, 0xffff888000000000, 0x1234567812345678, ~0UL };
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        errno = 0;
        say("write from %lx: %zd errno %d", places[i], write(ends[1], (void *)places[i], 8), errno);
    }
#endif
}

int main(void)
{
    check_install();
    storms();
    copy_on_write();
    ends_of_the_space();
    large();
    user_faults();
    written_code();
    kernel_copies();
    say("end");
    return 0;
}
