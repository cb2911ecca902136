/*
 * A plugin for QEMU's TCG that finds the longest stretches of the hypervisor's instructions without a look at whether something else waits for the CPU, and the longest
 * with interrupts off. It counts from the guest's first instruction on, in whole blocks of translated code, so a figure may be a block too long.
 *
 * A look is a load of the CPU's word of pending work, which lies at WORK in each CPU's block of 64 KiB (src/Xenith.Machine/PerCpu.cs); so is the way out to a guest,
 * and HLT. Interrupts are off from each way in until STI, from CLI until STI, and while a trap of the hypervisor's own is served that came with interrupts off.
 *
 * Output at the end, for each place where a stretch ended the longest one: "looks|interrupts LENGTH FROM TO", the last two being addresses.
 * The declarations are those of QEMU's plugin interface, version 1 (docs/devel/tcg-plugins.rst); Debian packages no header with them.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST UINT64_C(0xffff800000000000)
#define LAST UINT64_C(0xffff87ffffffffff)
#define GUEST UINT64_C(0xffffffff80000000)
#define BLOCK_SIZE 0x10000
#define IMAGE UINT64_C(0xffff82d040000000) /* the boot CPU's block is in the image, and the machines that are measured have no other CPU */
#define IMAGE_END UINT64_C(0xffff82d080000000)
#define WORK 0x10
#define STUBS_SIZE 4096
#define CPUS 64
#define DEPTH 16
#define PLACES 65536

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct info;
enum { NO_REGISTERS = 0 };
enum { LOADS_AND_STORES = 3 }; /* QEMU 7.2 tells them apart only when it calls */

extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, void (*call)(plugin_id, struct qemu_plugin_tb *));
extern void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, void (*call)(unsigned int, void *), int flags, void *data);
extern void qemu_plugin_register_atexit_cb(plugin_id id, void (*call)(plugin_id, void *), void *data);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
extern uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
extern const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
extern size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
extern bool qemu_plugin_mem_is_store(uint32_t access);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, void (*call)(unsigned int, void *), int flags, void *data);
extern void qemu_plugin_register_vcpu_mem_cb(
    struct qemu_plugin_insn *insn, void (*call)(unsigned int, uint32_t, uint64_t, void *), int flags, int kind, void *data);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

struct block {
    struct block *next;
    uint64_t address, count;
};

struct stretch {
    uint64_t length, from;
};

static struct cpu {
    bool inside, off, saved[DEPTH];
    unsigned depth;
    uint64_t last;
    struct stretch look, interrupts;
} cpus[CPUS];

static struct longest {
    uint64_t to, length, from;
} longest[2][PLACES];

static struct block *blocks[1 << 16];
static uint64_t stubs;
static bool started;
static FILE *output;

static void record(int kind, const struct stretch *stretch, uint64_t to)
{
    for (uint64_t at = to ^ to >> 16;; at++) {
        struct longest *place = &longest[kind][at % PLACES];
        if (place->to != to && place->to != 0)
            continue;
        place->to = to;
        if (stretch->length > place->length) {
            place->length = stretch->length;
            place->from = stretch->from;
        }
        return;
    }
}

static void finish(int kind, struct stretch *stretch, uint64_t to)
{
    if (started && stretch->length)
        record(kind, stretch, to);
    *stretch = (struct stretch){ 0, to };
}

static void guest_executed(unsigned int number, void *data)
{
    struct cpu *cpu = &cpus[number % CPUS];
    if (cpu->inside) {
        finish(0, &cpu->look, cpu->last);
        if (cpu->off)
            finish(1, &cpu->interrupts, cpu->last);
    }
    cpu->inside = false;
    cpu->depth = 0;
    if (((struct block *)data)->address >= GUEST)
        started = true;
}

static void hypervisor_executed(unsigned int number, void *data)
{
    struct cpu *cpu = &cpus[number % CPUS];
    const struct block *block = data;
    bool trap = block->address >= stubs && block->address < stubs + STUBS_SIZE;
    if (!cpu->inside) {
        cpu->inside = cpu->off = true;
        cpu->look = cpu->interrupts = (struct stretch){ 0, block->address };
    } else if (trap && cpu->depth < DEPTH) {
        cpu->saved[cpu->depth++] = cpu->off;
        if (!cpu->off)
            cpu->interrupts = (struct stretch){ 0, block->address };
        cpu->off = true;
    }
    cpu->look.length += block->count;
    if (cpu->off)
        cpu->interrupts.length += block->count;
    cpu->last = block->address;
}

static void looked(unsigned int number, uint32_t access, uint64_t address, void *data)
{
    if (address >= IMAGE && address < IMAGE_END && address % BLOCK_SIZE == WORK && !qemu_plugin_mem_is_store(access))
        finish(0, &cpus[number % CPUS].look, (uint64_t)(uintptr_t)data);
}

static void enabled(unsigned int number, void *data)
{
    struct cpu *cpu = &cpus[number % CPUS];
    if (cpu->off)
        finish(1, &cpu->interrupts, (uint64_t)(uintptr_t)data);
    cpu->off = false;
}

static void disabled(unsigned int number, void *data)
{
    struct cpu *cpu = &cpus[number % CPUS];
    if (!cpu->off)
        cpu->interrupts = (struct stretch){ 0, (uint64_t)(uintptr_t)data };
    cpu->off = true;
}

static void returned(unsigned int number, void *data)
{
    struct cpu *cpu = &cpus[number % CPUS];
    if (cpu->depth && !cpu->saved[--cpu->depth])
        enabled(number, data);
}

static void halted(unsigned int number, void *data)
{
    struct cpu *cpu = &cpus[number % CPUS];
    finish(0, &cpu->look, (uint64_t)(uintptr_t)data);
    enabled(number, data);
}

static struct block *find(uint64_t address, uint64_t count)
{
    struct block **bucket = &blocks[(address ^ address >> 16) & 0xffff];
    for (struct block *block = *bucket; block; block = block->next)
        if (block->address == address && block->count == count)
            return block;
    struct block *block = calloc(1, sizeof(*block));
    if (!block)
        abort();
    block->next = *bucket;
    block->address = address;
    block->count = count;
    return *bucket = block;
}

static void translated(plugin_id id, struct qemu_plugin_tb *tb)
{
    uint64_t start = qemu_plugin_tb_vaddr(tb);
    size_t count = qemu_plugin_tb_n_insns(tb);
    (void)id;
    if (start < FIRST || start > LAST) {
        qemu_plugin_register_vcpu_tb_exec_cb(tb, guest_executed, NO_REGISTERS, find(start, count));
        return;
    }
    qemu_plugin_register_vcpu_tb_exec_cb(tb, hypervisor_executed, NO_REGISTERS, find(start, count));
    for (size_t i = 0; i < count; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        const uint8_t *bytes = qemu_plugin_insn_data(insn);
        size_t size = qemu_plugin_insn_size(insn);
        void *address = (void *)(uintptr_t)qemu_plugin_insn_vaddr(insn);
        if (size == 1 && bytes[0] == 0xfb)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, enabled, NO_REGISTERS, address);
        else if (size == 1 && bytes[0] == 0xfa)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, disabled, NO_REGISTERS, address);
        else if (size == 1 && bytes[0] == 0xf4)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, halted, NO_REGISTERS, address);
        else if (size == 2 && bytes[0] == 0x48 && bytes[1] == 0xcf)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, returned, NO_REGISTERS, address);
        else if (bytes[0] != 0xf0) /* who sets or clears bits does not look */
            qemu_plugin_register_vcpu_mem_cb(insn, looked, NO_REGISTERS, LOADS_AND_STORES, address);
    }
}

static void ended(plugin_id id, void *data)
{
    (void)id;
    (void)data;
    for (int kind = 0; kind < 2; kind++)
        for (unsigned i = 0; i < PLACES; i++)
            if (longest[kind][i].length)
                fprintf(output, "%s %" PRIu64 " %" PRIx64 " %" PRIx64 "\n", kind ? "interrupts" : "looks", longest[kind][i].length, longest[kind][i].from, longest[kind][i].to);
    fclose(output);
}

__attribute__((visibility("default"))) int qemu_plugin_install(plugin_id id, const struct info *info, int count, char **arguments)
{
    (void)info;
    for (int i = 0; i < count; i++) {
        if (strncmp(arguments[i], "output=", 7) == 0)
            output = fopen(arguments[i] + 7, "w");
        if (strncmp(arguments[i], "stubs=", 6) == 0)
            stubs = strtoull(arguments[i] + 6, NULL, 16);
    }
    if (!output || !stubs)
        return -1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, ended, NULL);
    return 0;
}
